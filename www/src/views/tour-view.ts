import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { loadWorkbench, NotBuilt, reason } from "../modules";
import { HeapSubject, loadHandles, type Handle } from "../subjects";
import { joinHash, linkToModule, readTour, writeTour, type TourPlace } from "../model/share";
import { play, type Moment, type Tour } from "../model/tour";
import { TOURS } from "../model/tours";
import { base } from "../styles/base";
import { tokens } from "../styles/tokens";
import { en as leak } from "../text/leak-lesson";
import { en, type StepText, type TourText } from "../text/tours";
import type { Place } from "./place";
import { sandboxOf } from "./tour-stage";

/** The lesson that takes place in the room Inspect. */
const LEAK = joinHash("inspect", linkToModule("shop"));
const LENGTHS = new Map(TOURS.map((tour) => [tour.id, tour.steps.length]));

type Loaded =
  | { readonly is: "nothing" }
  | { readonly is: "loading" }
  | { readonly is: "ready"; readonly moments: readonly (readonly Moment[])[] }
  | { readonly is: "missing" }
  | { readonly is: "failed"; readonly why: string };

/**
 * The list of tours, and the one that is taken: text and question here, the blocks in its stage.
 * Fires `place` with where the tour stands.
 */
export class TourView extends LitElement {
  static override properties = {
    active: { attribute: false },
    link: { attribute: false },
    tour: { state: true },
    step: { state: true },
    picked: { state: true },
    hint: { state: true },
    finished: { state: true },
    loaded: { state: true },
    trouble: { state: true },
  };
  declare active: boolean;
  /** A link that was followed; none leaves all as it is. */
  declare link: Place | null;
  declare private tour: Tour | null;
  declare private step: number;
  /** The choice of the step at hand that is not yet held against what happens. */
  declare private picked: string;
  /** True if the step was to be shown without a choice. */
  declare private hint: boolean;
  declare private finished: boolean;
  declare private loaded: Loaded;
  declare private trouble: string;

  /** Choices of the steps that were shown, by step. */
  private answers = new Map<number, string>();
  private turn = 0;
  /** The selector of the element that gets the focus once it is there: the focus of a keyboard's user follows the steps. */
  private awaited = "";

  constructor() {
    super();
    this.active = false;
    this.link = null;
    this.tour = null;
    this.step = 0;
    this.picked = "";
    this.hint = false;
    this.finished = false;
    this.loaded = { is: "nothing" };
    this.trouble = "";
  }

  static override styles = [
    tokens,
    base,
    css`
      .lead {
        max-width: 40em;
        color: var(--ink-2);
      }
      .list {
        display: grid;
        gap: 0 2.5rem;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr));
        max-width: 64rem;
        margin-top: 1.25rem;
        border-top: 1px solid var(--line);
      }
      .list li {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        align-items: center;
        gap: 0.25rem 1rem;
        padding: 0.9rem 0;
        border-bottom: 1px solid var(--line);
      }
      .list p {
        color: var(--ink-2);
      }
      .split {
        display: grid;
        gap: 1.5rem clamp(2rem, 3.5vw, 4rem);
        grid-template-columns: minmax(0, 1fr);
      }
      @media (min-width: 64rem) {
        .split {
          grid-template-columns: minmax(22rem, 27rem) minmax(0, 1fr);
        }
      }
      .teller {
        display: grid;
        gap: 1rem;
        align-content: start;
        min-width: 0;
      }
      .bar {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0 0.75rem;
        margin-bottom: 0.3rem;
      }
      .bar .plain {
        margin-left: -0.5rem;
      }
      .bar .count {
        margin-left: auto;
      }
      .steps {
        white-space: nowrap;
      }
      progress {
        display: block;
        width: 100%;
        height: 4px;
        border: 0;
        border-radius: 2px;
        background: var(--line);
        overflow: hidden;
        appearance: none;
      }
      progress::-webkit-progress-bar {
        background: var(--line);
      }
      progress::-webkit-progress-value {
        background: var(--accent);
      }
      progress::-moz-progress-bar {
        background: var(--accent);
      }
      h2 {
        font-size: clamp(1.25rem, 1rem + 1.1vw, 1.7rem);
        line-height: 1.2;
        letter-spacing: -0.015em;
        text-wrap: balance;
      }
      h2:focus {
        outline: none;
      }
      h2:focus-visible {
        outline: 2px solid var(--accent);
        outline-offset: 4px;
      }
      fieldset {
        min-width: 0;
        margin: 0;
        padding: 0;
        border: 0;
      }
      legend {
        padding: 0;
        margin-bottom: 0.5rem;
        font-weight: 600;
      }
      .answer {
        display: flex;
        align-items: center;
        gap: 0.6rem;
        min-height: 2.5rem;
        padding: 0.3rem 0.75rem;
        border: 1px solid var(--line-2);
        margin-top: -1px;
        background: var(--sheet);
        cursor: pointer;
      }
      .answer:first-of-type {
        border-radius: var(--radius) var(--radius) 0 0;
      }
      .answer:last-of-type {
        border-radius: 0 0 var(--radius) var(--radius);
      }
      .answer:hover:not(.told) {
        background: var(--wash);
      }
      .answer.told {
        cursor: default;
      }
      .answer.true {
        position: relative;
        border: 2px solid var(--accent);
        font-weight: 600;
      }
      .answer input {
        flex: none;
        width: 1.05rem;
        height: 1.05rem;
        margin: 0;
        accent-color: var(--accent);
      }
      .answer .sign {
        margin-left: auto;
        font-weight: 400;
        font-size: 0.8125rem;
        color: var(--ink-2);
      }
      .because {
        padding: 0.75rem 0.9rem;
        border-left: 3px solid var(--accent);
        background: var(--wash);
      }
      .because strong {
        font-weight: 650;
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.6rem;
      }
      .hint {
        color: var(--alarm);
      }
    `,
  ];

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("link") && this.link !== null) this.follow(this.link.query);
  }

  protected override updated(): void {
    if (this.awaited === "") return;
    const element = this.renderRoot.querySelector<HTMLElement>(this.awaited);
    if (element === null) return;
    this.awaited = "";
    element.focus();
  }

  // The place in the tour

  private follow(query: string): void {
    if (query === "") {
      this.trouble = "";
      this.show(null);
      return;
    }
    if (query === this.query()) return;
    const link = readTour(query, LENGTHS);
    this.trouble = link.ok ? "" : en.share.fault(link.fault);
    this.show(link.ok ? link.value : null);
  }

  private query(): string {
    return this.tour === null ? "" : writeTour({ tour: this.tour.id, step: this.step });
  }

  /** Goes to a step, or to the list. */
  private show(place: TourPlace | null): void {
    const tour = TOURS.find(({ id }) => id === place?.tour) ?? null;
    const other = tour !== this.tour;
    this.tour = tour;
    this.step = place?.step ?? 0;
    this.picked = "";
    this.hint = false;
    this.finished = false;
    if (!other) return;
    this.answers.clear();
    if (tour === null) this.loaded = { is: "nothing" };
    else void this.load(tour);
  }

  /** The same, and the back button leads to where it stood. */
  private go(place: TourPlace | null): void {
    this.trouble = "";
    this.show(place);
    this.dispatchEvent(new CustomEvent<Place>("place", { detail: { query: this.query(), entry: "new" } }));
    this.awaited = "h2";
  }

  private async load(tour: Tour): Promise<void> {
    const turn = ++this.turn;
    this.loaded = { is: "loading" };
    let loaded: Loaded;
    try {
      loaded = { is: "ready", moments: await run(tour) };
    } catch (error) {
      loaded = error instanceof NotBuilt ? { is: "missing" } : { is: "failed", why: reason(error) };
    }
    if (turn === this.turn) this.loaded = loaded;
  }

  private reveal(): void {
    this.hint = this.picked === "";
    if (this.hint) return;
    this.answers.set(this.step, this.picked);
    this.awaited = "button.next";
    this.requestUpdate();
  }

  private next(tour: Tour): void {
    if (this.step + 1 < tour.steps.length) this.go({ tour: tour.id, step: this.step + 1 });
    else {
      this.finished = true;
      this.awaited = "h2";
    }
  }

  // Rendering

  override render(): TemplateResult {
    const { tour, loaded } = this;
    if (tour === null) return this.list();
    const text = en.tours.all[tour.id]!;
    switch (loaded.is) {
      case "nothing":
      case "loading":
        return html`<p class="quiet" role="status">${en.tours.loading}</p>`;
      case "missing":
        return html`<p class="note error" role="alert">${en.tours.missing}</p>`;
      case "failed":
        return html`<p class="note error" role="alert">${en.tours.failed(loaded.why)}</p>`;
      case "ready":
        return this.finished ? this.end(tour, text, loaded.moments) : this.at(tour, text, loaded.moments);
    }
  }

  private list(): TemplateResult {
    return html`
      ${this.trouble === "" ? nothing : html`<p class="note error" role="alert">${this.trouble}</p>`}
      <h2 tabindex="-1" class="unseen">${en.tours.title}</h2>
      <p class="lead">${en.tours.lead}</p>
      <ul class="list">
        ${TOURS.map((tour) => {
          const { name, about } = en.tours.all[tour.id]!;
          return html`<li>
            <div>
              <h3>${name}</h3>
              <p class="small">${about} <span class="steps">${en.tours.steps(tour.steps.length)}.</span></p>
            </div>
            <button aria-label=${en.tours.start(name)} @click=${() => { this.go({ tour: tour.id, step: 0 }); }}>${en.tours.begin}</button>
          </li>`;
        })}
        <li>
          <div>
            <h3>${leak.name}</h3>
            <p class="small">${leak.about}</p>
          </div>
          <a class="button" aria-label=${leak.start} href=${LEAK}>${en.tours.begin}</a>
        </li>
      </ul>
    `;
  }

  private bar(tour: Tour, text: TourText): TemplateResult {
    const count = tour.steps.length;
    return html`<div>
      <div class="bar small">
        <button class="plain" @click=${() => { this.go(null); }}>${en.tours.leave}</button>
        <span class="quiet">${text.name}</span>
        <span class="quiet count">${en.tours.step(this.step + 1, count)}</span>
      </div>
      <progress max=${count} value=${this.step + (this.answers.has(this.step) ? 1 : 0)} aria-label=${en.tours.step(this.step + 1, count)}></progress>
    </div>`;
  }

  private at(tour: Tour, text: TourText, moments: readonly (readonly Moment[])[]): TemplateResult {
    const { step } = this;
    const { id, choices, answer } = tour.steps[step]!;
    const words = text.steps[id]!;
    const now = moments[step]!;
    const given = this.answers.get(step);
    const right = answer(now);
    return html`<div class="split">
      <section class="teller" aria-label=${text.name}>
        ${this.bar(tour, text)}
        <h2 tabindex="-1">${words.title}</h2>
        <p>${words.say}</p>
        <form id="answer" @submit=${this.onSubmit}>
          <fieldset>
            <legend>${words.question}</legend>
            ${choices.map((choice) => this.choice(words, choice, given, right))}
          </fieldset>
        </form>
        <div role="status">
          ${this.hint ? html`<p class="small hint">${en.tours.pickFirst}</p>` : nothing}
          ${
            given === undefined
              ? nothing
              : html`<p class="because">
                  <strong>${given === right ? en.tours.right : en.tours.wrong(words.choices[right]!)}</strong>
                  ${words.because(now)}
                </p>`
          }
        </div>
        <div class="row">
          ${
            given === undefined
              ? html`<button class="primary" form="answer">${en.tours.reveal}</button>`
              : html`<button class="primary next" @click=${() => { this.next(tour); }}>
                  ${step + 1 < tour.steps.length ? en.tours.next : en.tours.finish}
                </button>`
          }
          <button ?disabled=${step === 0} @click=${() => { this.go({ tour: tour.id, step: step - 1 }); }}>${en.tours.back}</button>
        </div>
      </section>
      <tour-stage .tour=${tour} .step=${step} .moments=${now} .told=${given !== undefined}></tour-stage>
    </div>`;
  }

  private choice(words: StepText, choice: string, given: string | undefined, right: string): TemplateResult {
    const told = given !== undefined;
    const sign = !told ? "" : choice === right ? en.tours.signs.right : choice === given ? en.tours.signs.yours : "";
    return html`<label class="answer ${told ? "told" : ""} ${told && choice === right ? "true" : ""}">
      <input
        type="radio"
        name="answer"
        value=${choice}
        ?disabled=${told}
        .checked=${choice === (given ?? this.picked)}
        @change=${() => { this.picked = choice; this.hint = false; }}
      />
      ${words.choices[choice]}
      ${sign === "" ? nothing : html`<span class="sign">${sign}</span>`}
    </label>`;
  }

  private end(tour: Tour, text: TourText, moments: readonly (readonly Moment[])[]): TemplateResult {
    const right = tour.steps.filter((step, i) => this.answers.get(i) === step.answer(moments[i]!)).length;
    const again = (): void => {
      this.answers.clear();
      this.go({ tour: tour.id, step: 0 });
    };
    return html`<section class="teller" aria-label=${text.name}>
      ${this.bar(tour, text)}
      <h2 tabindex="-1">${en.tours.done(right, tour.steps.length)}</h2>
      <p>${text.about}</p>
      <div class="row">
        <button class="primary" @click=${() => { this.go(null); }}>${en.tours.another}</button>
        <button @click=${again}>${en.tours.again}</button>
        <a class="button" href=${freely(tour)}>${en.tours.free}</a>
      </div>
    </section>`;
  }

  private readonly onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    this.reveal();
  };
}

/** The place in the sandbox that a tour ends in: its last blocks, where the sandbox can make them. */
const freely = (tour: Tour): string =>
  tour.lanes.map(({ ground }, lane) => sandboxOf(tour, ground, lane, tour.steps.length - 1)).find((href) => href !== null) ?? "#sandbox";

/** Takes the tour on live allocators of its own. */
async function run(tour: Tour): Promise<readonly (readonly Moment[])[]> {
  const grounds = tour.lanes.map(({ ground }) => ground);
  const make = grounds.some(({ kind }) => kind !== "heap") ? await loadHandles() : null;
  const handles: Handle[] = [];
  const subjects = await Promise.all(
    grounds.map(async (ground) => {
      if (ground.kind === "heap") return new HeapSubject(await loadWorkbench(ground.heap));
      const handle = make!(ground);
      handles.push(handle);
      return handle;
    }),
  );
  const moments = play(tour, subjects);
  for (const handle of handles) handle.free();
  return moments;
}

customElements.define("tour-view", TourView);
