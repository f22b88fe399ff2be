import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { loadParser } from "../compare/parsers";
import { NAMES } from "../inspect/names";
import { CONTENDERS, type Contender } from "../model/compare";
import { conclude, runFile, WHEN, type FileResult, type Parser, type When } from "../model/file-compare";
import { SAMPLES, type Sample, type Source, type SourceKind } from "../model/samples";
import { readFileComparison, writeFileComparison, type InspectPlace } from "../model/share";
import { isTrap, NotBuilt, reason } from "../modules";
import { base } from "../styles/base";
import { en } from "../text/compare";
import "./compare-maps";
import type { CompareMaps } from "./compare-maps";
import type { Place } from "./place";
import "./source-picker";

/** Compared at first: the crate's two that people choose between, the buddy, and the allocator that Rust brings along. */
const WHO: readonly Contender[] = ["heap", "slab", "buddy", "dlmalloc"];

type Phase =
  | { readonly is: "idle" }
  | { readonly is: "running"; readonly share: number }
  | { readonly is: "failed"; readonly text: string };

/** One file on several allocators: the same program parses it on each. Fires `place`, and `files` with what was opened. */
export class CompareFile extends LitElement {
  static override properties = {
    active: { attribute: false },
    link: { attribute: false },
    source: { state: true },
    sampled: { state: true },
    who: { state: true },
    when: { state: true },
    phase: { state: true },
    results: { state: true },
    trouble: { state: true },
  };
  declare active: boolean;
  /** The query of a link to follow. */
  declare link: string | null;
  declare private source: Source;
  /** The sample that the source is, or "". */
  declare private sampled: string;
  declare private who: readonly Contender[];
  declare private when: When;
  declare private phase: Phase;
  declare private results: readonly FileResult[];
  declare private trouble: string;
  private turn = 0;
  /** The file and the allocators that the results are of: others are run again. */
  private ran: { readonly source: Source; readonly who: readonly Contender[] } | null = null;

  constructor() {
    super();
    this.active = false;
    this.link = null;
    this.source = SAMPLES[0]!.make();
    this.sampled = SAMPLES[0]!.id;
    this.who = WHO;
    this.when = WHEN[0];
    this.phase = { is: "idle" };
    this.results = [];
    this.trouble = "";
  }

  static override styles = [
    base,
    css`
      .bar select,
      .bar button {
        min-height: 2rem;
        font-size: 0.875rem;
      }
      .when {
        display: inline-flex;
        align-items: center;
        gap: 0.35rem;
        font-size: 0.875rem;
        color: var(--ink-2);
      }
      .bar {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.4rem 0.9rem;
      }
      fieldset {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.2rem 0.9rem;
        margin: 0;
        padding: 0;
        border: 0;
        font-size: 0.875rem;
      }
      legend {
        float: left;
        padding: 0;
        margin-right: 0.2rem;
        line-height: 1.75rem;
        color: var(--ink-2);
      }
      fieldset label {
        display: inline-flex;
        align-items: center;
        gap: 0.35rem;
        min-height: 1.75rem;
      }
      .end {
        margin-left: auto;
      }
      .said {
        margin: 0.9rem 0 0.6rem;
        max-width: 80rem;
      }
      .said p + p {
        margin-top: 0.15rem;
        font-size: 0.875rem;
        color: var(--ink-2);
      }
      .choice {
        font-size: 1.0625rem;
        font-weight: 650;
      }
      .wait {
        min-height: 20rem;
      }
      progress {
        display: block;
        width: min(24rem, 100%);
        margin-top: 0.5rem;
      }
      .foot {
        margin-top: 0.6rem;
        max-width: 62rem;
      }
      @media (max-width: 48rem) {
        .bar > * {
          order: 2;
        }
        .bar source-picker,
        .bar .end {
          order: 1;
        }
        .bar fieldset {
          display: grid;
          grid-template-columns: repeat(auto-fill, minmax(6.5rem, 1fr));
          gap: 0 0.4rem;
          width: 100%;
        }
        .bar legend {
          position: absolute;
          clip-path: inset(50%);
        }
      }
    `,
  ];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.turn++;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("link") && this.link !== null && this.link !== this.query) this.follow(this.link);
    if (!this.active && this.phase.is === "running") this.stop();
  }

  protected override updated(): void {
    const { ran } = this;
    const stale = ran?.source !== this.source || ran.who !== this.who;
    if (this.active && stale && this.who.length > 0 && this.phase.is !== "running") void this.run();
  }

  /** Tells the drawings that the page changed its colours. */
  recolor(): void {
    this.renderRoot.querySelector<CompareMaps>("compare-maps")?.recolor();
  }

  // Places

  /** The query of a link to what is shown. */
  get query(): string {
    const { source, sampled, who, when } = this;
    const from: InspectPlace["source"] =
      sampled !== "" ? { is: "sample", id: sampled } : { is: "text", name: source.name, kind: source.kind, text: source.text };
    return writeFileComparison({ source: from, who, when }, NAMES);
  }

  private follow(query: string): void {
    if (query === "") return;
    const link = readFileComparison(query, NAMES);
    this.trouble = link.ok ? "" : en.share.fault(link.fault);
    const { source, who, when } = link.ok ? link.value : { source: { is: "sample", id: SAMPLES[0]!.id } as const, who: WHO, when: WHEN[0] };
    this.who = who;
    this.when = when;
    if (source.is === "text") this.look({ name: source.name, kind: source.kind as SourceKind, text: source.text }, "");
    else {
      const sample = SAMPLES.find(({ id }) => source.is === "sample" && id === source.id) ?? SAMPLES[0]!;
      this.look(sample.make(), sample.id);
      if (source.is === "file") this.trouble = en.file.lost(source.name);
      if (source.is === "module") this.trouble = en.file.noModule;
    }
  }

  private tell(): void {
    if (this.who.length > 0) this.dispatchEvent(new CustomEvent<Place>("place", { detail: { query: this.query, entry: "same" } }));
  }

  /** Takes a text to compare allocators on; `sampled` is the sample that it is, or "". */
  take(source: Source, sampled = ""): void {
    this.trouble = "";
    this.look(source, sampled);
    this.tell();
  }

  private look(source: Source, sampled: string): void {
    this.source = source;
    this.sampled = sampled;
  }

  private pick(name: Contender, wanted: boolean): void {
    this.who = CONTENDERS.filter((each) => (each === name ? wanted : this.who.includes(each)));
    this.trouble = "";
    this.stop();
    this.tell();
  }

  // The run

  private stop(): void {
    this.turn++;
    if (this.phase.is === "running") this.phase = { is: "idle" };
  }

  private async run(): Promise<void> {
    const { source, who } = this;
    const turn = ++this.turn;
    const stale = (): boolean => turn !== this.turn;
    this.ran = { source, who };
    this.results = [];
    this.phase = { is: "running", share: 0 };
    try {
      const parsers = new Map<Contender, Parser>();
      for (const each of who) parsers.set(each, await loadParser(each, source));
      const steps = runFile(parsers, () => performance.now(), (error) => (isTrap(error) ? reason(error) : null));
      for (let next = steps.next(); ; next = steps.next()) {
        if (stale()) return;
        if (next.done === true) {
          this.results = next.value;
          this.phase = { is: "idle" };
          return;
        }
        this.phase = { is: "running", share: next.value };
        // A turn of the event loop: the page draws, and answers to whoever uses it.
        await new Promise((resolve) => setTimeout(resolve));
      }
    } catch (error) {
      if (stale()) return;
      this.phase = { is: "failed", text: error instanceof NotBuilt ? en.compare.missing : en.file.failed(source.name, reason(error)) };
    }
  }

  // Rendering

  override render(): TemplateResult {
    const { source, sampled, who, phase } = this;
    return html`
      <div class="bar" role="region" aria-label=${en.file.bar}>
        <source-picker
          texts
          .name=${source.name}
          .sampled=${sampled}
          @sample=${(event: CustomEvent<Sample>) => { this.take(event.detail.make(), event.detail.id); }}
          @files=${(event: CustomEvent<File[]>) => { this.dispatchEvent(new CustomEvent<File[]>("files", { detail: event.detail })); }}
        ></source-picker>
        <fieldset>
          <legend>${en.file.on}</legend>
          ${CONTENDERS.map(
            (name) => html`<label title=${en.compare.contenders[name].about}>
              <input type="checkbox" name=${name} .checked=${who.includes(name)} @change=${(event: Event) => { this.pick(name, (event.target as HTMLInputElement).checked); }} />
              ${en.compare.contenders[name].name}
            </label>`,
          )}
        </fieldset>
        <label class="when">
          ${en.file.when}
          <select @change=${(event: Event) => { this.when = (event.target as HTMLSelectElement).value as When; this.tell(); }}>
            ${WHEN.map((each) => html`<option value=${each} .selected=${each === this.when}>${en.file.whens[each]}</option>`)}
          </select>
        </label>
        <button class="end" ?disabled=${phase.is === "running" || who.length === 0} @click=${() => { void this.run(); }}>${en.file.again}</button>
      </div>
      ${this.trouble === "" ? nothing : html`<p class="note error" role="alert">${this.trouble}</p>`}
      ${phase.is === "failed" ? html`<p class="note error" role="alert">${phase.text}</p>` : nothing}
      <div class="said" role="status">${this.said()}</div>
      ${phase.is === "running" ? html`<div class="wait"><progress max="1" value=${phase.share} aria-label=${en.compare.running}></progress></div>` : nothing}
      ${this.results.length === 0 ? nothing : html`<compare-maps .results=${this.results} .when=${this.when} .conclusion=${conclude(this.results, this.when)}></compare-maps>
        <p class="foot small quiet">${en.file.how}</p>`}
    `;
  }

  private said(): TemplateResult {
    const { phase, results, source, when } = this;
    if (phase.is === "running") return html`<p class="quiet">${en.file.running(source.name)}</p>`;
    if (this.who.length === 0) return html`<p class="quiet">${en.file.nobody}</p>`;
    if (results.length === 0) return html``;
    const [first, ...rest] = en.file.conclusion(conclude(results, when), results, source.name, when);
    return html`<p class="choice">${first}</p>${rest.map((sentence) => html`<p>${sentence}</p>`)}`;
  }
}

customElements.define("compare-file", CompareFile);
