import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { loadWorkbench, NotBuilt, reason, workbenchOf, type WorkbenchExports } from "../modules";
import {
  compare,
  CONTENDERS,
  MOST_SEED,
  ROUNDS,
  START,
  STEPS,
  strays,
  WORKLOADS,
  type Contender,
  type Progress,
  type Result,
  type Settings,
  type WorkloadName,
} from "../model/compare";
import { readComparison, writeComparison } from "../model/share";
import { base } from "../styles/base";
import { tokens } from "../styles/tokens";
import { en } from "../text/compare";
import { integer } from "../text/format";
import "./compare-results";
import "./heap-inspector";
import type { HeapInspector } from "./heap-inspector";
import type { Place } from "./place";

/** The page draws in between, so that it stays with whoever uses it. */
const TURN = 12;

type Phase =
  | { readonly is: "idle" }
  | { readonly is: "running"; readonly progress: Progress | null }
  | { readonly is: "failed"; readonly text: string };

/** One seeded workload on several allocators, side by side. Fires `place` when its settings change. */
export class CompareView extends LitElement {
  static override properties = {
    active: { attribute: false },
    link: { attribute: false },
    settings: { state: true },
    phase: { state: true },
    ran: { state: true },
    results: { state: true },
    inspected: { state: true },
    trouble: { state: true },
  };
  declare active: boolean;
  /** The query of a link to follow. */
  declare link: string | null;
  declare private settings: Settings;
  declare private phase: Phase;
  /** The workload of the results. */
  declare private ran: Settings;
  declare private results: readonly Result[];
  /** The contender whose heap is shown. */
  declare private inspected: Contender | null;
  declare private trouble: string;

  /** The instances of the untimed runs, as the workload left them. */
  private readonly kept = new Map<Contender, WorkbenchExports>();
  private turn = 0;
  private visited = false;

  constructor() {
    super();
    this.active = false;
    this.link = null;
    this.settings = START;
    this.phase = { is: "idle" };
    this.ran = START;
    this.results = [];
    this.inspected = null;
    this.trouble = "";
  }

  static override styles = [
    tokens,
    base,
    css`
      .split {
        display: grid;
        gap: 2rem clamp(2rem, 3.5vw, 4rem);
        grid-template-columns: minmax(0, 1fr);
      }
      @media (min-width: 64rem) {
        .split {
          grid-template-columns: minmax(19rem, 24rem) minmax(0, 1fr);
        }
      }
      form,
      .stage {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 1.1rem;
        align-content: start;
        min-width: 0;
      }
      .lead {
        color: var(--ink-2);
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        align-items: end;
        gap: 0.6rem 0.75rem;
      }
      .about {
        margin-top: 0.35rem;
      }
      fieldset {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr));
        gap: 0 0.75rem;
        min-width: 0;
        margin: 0;
        padding: 0;
        border: 0;
      }
      legend {
        padding: 0;
        margin-bottom: 0.2rem;
        font-size: 0.8125rem;
        color: var(--ink-2);
      }
      fieldset label {
        display: flex;
        align-items: center;
        gap: 0.5rem;
        min-height: 1.9rem;
      }
      input[type="checkbox"] {
        width: 1.05rem;
        height: 1.05rem;
        margin: 0;
        accent-color: var(--accent);
      }
      progress {
        display: block;
        width: 100%;
        height: 6px;
        margin-top: 0.4rem;
        border: 0;
        border-radius: 3px;
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
      .heap {
        padding-top: 1.5rem;
        border-top: 1px solid var(--line);
      }
      .head {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: 0.4rem 1rem;
        margin-bottom: 1rem;
      }
    `,
  ];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("active") && !this.active) this.stop();
    this.visited ||= this.active;
    if (changed.has("link") && this.link !== null) this.follow(this.link);
  }

  /** Tells the drawings that the page changed its colours. */
  recolor(): void {
    this.renderRoot.querySelector<HeapInspector>("heap-inspector")?.recolor();
  }

  private follow(query: string): void {
    if (query === "" || query === writeComparison(this.settings)) return;
    const link = readComparison(query);
    this.stop();
    this.settings = link.ok ? link.value : START;
    this.trouble = link.ok ? "" : en.share.fault(link.fault);
  }

  private change(settings: Partial<Settings>): void {
    this.stop();
    this.trouble = "";
    this.settings = { ...this.settings, ...settings };
    if (this.settings.contenders.length === 0) return;
    const query = writeComparison(this.settings);
    this.dispatchEvent(new CustomEvent<Place>("place", { detail: { query, entry: "same" } }));
  }

  // The run

  private stop(): void {
    this.turn++;
    if (this.phase.is === "running") this.phase = { is: "idle" };
  }

  private async run(): Promise<void> {
    const { settings } = this;
    const turn = ++this.turn;
    const stale = (): boolean => turn !== this.turn;
    this.phase = { is: "running", progress: null };
    this.results = [];
    this.inspected = null;
    this.kept.clear();
    try {
      const modules = new Map<Contender, WebAssembly.Module>();
      for (const contender of settings.contenders) modules.set(contender, await loadWorkbench(contender));
      const steps = compare(
        settings,
        (contender) => workbenchOf(modules.get(contender)!),
        () => performance.now(),
        (contender, bench) => { this.kept.set(contender, bench); },
      );
      while (!stale()) {
        const begin = performance.now();
        let next = steps.next();
        while (next.done !== true && performance.now() - begin < TURN) next = steps.next();
        if (next.done === true) {
          this.results = next.value;
          this.ran = settings;
          this.phase = { is: "idle" };
          return;
        }
        this.phase = { is: "running", progress: next.value };
        await new Promise((resolve) => setTimeout(resolve));
      }
    } catch (error) {
      if (stale()) return;
      this.phase = { is: "failed", text: error instanceof NotBuilt ? en.compare.missing : en.compare.failed(reason(error)) };
    }
  }

  private async inspect(contender: Contender | null): Promise<void> {
    this.inspected = contender;
    const bench = contender === null ? undefined : this.kept.get(contender);
    if (bench === undefined) return;
    await this.updateComplete;
    const inspector = this.renderRoot.querySelector<HeapInspector>("heap-inspector");
    inspector?.attach(bench);
    inspector?.refresh(en.compare.moment);
  }

  // Rendering

  override render(): TemplateResult | typeof nothing {
    // Nothing is there for who never comes here.
    if (!this.visited) return nothing;
    return html`<div class="split">
      ${this.form()}
      <section class="stage" aria-label=${en.compare.title}>
        ${this.trouble === "" ? nothing : html`<p class="note error" role="alert">${this.trouble}</p>`}
        ${this.phase.is === "failed" ? html`<p class="note error" role="alert">${this.phase.text}</p>` : nothing}
        <div role="status">${this.status()}</div>
        ${this.phase.is === "running"
          ? html`<progress
              max=${this.phase.progress?.all ?? 1}
              value=${this.phase.progress?.runs ?? 0}
              aria-label=${en.compare.running}
            ></progress>`
          : nothing}
        ${this.results.length === 0
          ? nothing
          : html`<compare-results
              .results=${this.results}
              .settings=${this.ran}
              .inspected=${this.inspected}
              @inspect=${(event: CustomEvent<Contender>) => { void this.inspect(event.detail); }}
            ></compare-results>`}
        ${this.inspected === null ? nothing : this.heap(this.inspected)}
      </section>
    </div>`;
  }

  private status(): TemplateResult | typeof nothing {
    if (this.phase.is === "running") return html`<p class="quiet">${en.compare.running}</p>`;
    if (this.results.length === 0) return html`<p class="quiet">${en.compare.none(ROUNDS)}</p>`;
    const odd = strays(this.results, this.ran);
    if (odd.length > 0) {
      return html`<p class="note error">${en.compare.strays(odd.map((each) => en.compare.contenders[each].name))}</p>`;
    }
    return html`<p class="small quiet">${en.compare.done(this.results.length, ROUNDS)}</p>`;
  }

  private form(): TemplateResult {
    const { workload, seed, steps, contenders } = this.settings;
    const running = this.phase.is === "running";
    return html`<form @submit=${this.onSubmit}>
      <p class="lead">${en.compare.lead}</p>
      <div>
        <label class="field">
          <span>${en.compare.workload}</span>
          <select @change=${(event: Event) => { this.change({ workload: (event.target as HTMLSelectElement).value as WorkloadName }); }}>
            ${WORKLOADS.map((name) => html`<option value=${name} .selected=${name === workload}>${en.compare.workloads[name].name}</option>`)}
          </select>
        </label>
        <p class="about quiet small">${en.compare.workloads[workload].about}</p>
      </div>
      <div class="row">
        <label class="field">
          <span>${en.compare.steps}</span>
          <select @change=${(event: Event) => { this.change({ steps: Number((event.target as HTMLSelectElement).value) }); }}>
            ${STEPS.map((count) => html`<option value=${count} .selected=${count === steps}>${integer(count)}</option>`)}
          </select>
        </label>
        <label class="field">
          <span>${en.compare.seed}</span>
          <input
            type="number"
            style="width:7rem"
            min="0"
            max=${MOST_SEED}
            step="1"
            required
            .value=${String(seed)}
            @change=${this.onSeed}
          />
        </label>
      </div>
      <fieldset>
        <legend>${en.compare.allocators}</legend>
        ${CONTENDERS.map(
          (name) => html`<label title=${en.compare.contenders[name].about}>
            <input
              type="checkbox"
              name=${name}
              .checked=${contenders.includes(name)}
              @change=${(event: Event) => { this.pick(name, (event.target as HTMLInputElement).checked); }}
            />
            ${en.compare.contenders[name].name}
          </label>`,
        )}
      </fieldset>
      <div class="row">
        <button class="primary" ?disabled=${running || contenders.length === 0}>${en.compare.run}</button>
        <button type="button" ?disabled=${!running} @click=${() => { this.stop(); }}>${en.compare.stop}</button>
      </div>
      <p class="small quiet">${en.compare.noise}</p>
    </form>`;
  }

  private heap(contender: Contender): TemplateResult {
    return html`<div class="heap">
      <div class="head">
        <h2>${en.compare.heapOf(en.compare.contenders[contender].name)}</h2>
        <button @click=${() => { void this.inspect(null); }}>${en.compare.close}</button>
      </div>
      <heap-inspector></heap-inspector>
    </div>`;
  }

  private pick(name: Contender, wanted: boolean): void {
    this.change({ contenders: CONTENDERS.filter((each) => (each === name ? wanted : this.settings.contenders.includes(each))) });
  }

  private readonly onSeed = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    if (input.validity.valid) this.change({ seed: input.valueAsNumber });
  };

  private readonly onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    void this.run();
  };
}

customElements.define("compare-view", CompareView);
