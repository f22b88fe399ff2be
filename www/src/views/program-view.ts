import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { ALLOCATORS, isTrap, loadProgram, NotBuilt, reason, type Allocator, type Program } from "../modules";
import { kindOf, offsetOf, placeOf, SAMPLES, type Sample, type Source, type SourceKind } from "../model/samples";
import { reportOf } from "../model/report";
import { base } from "../styles/base";
import { tokens } from "../styles/tokens";
import { en } from "../text/en";
import { bytes, milliseconds } from "../text/format";
import "./heap-inspector";
import type { HeapInspector } from "./heap-inspector";
import "./trace-view";
import type { TraceView } from "./trace-view";

/** Longer texts are parsed, but not put into the editor. */
const EDITABLE = 256 * 1024;
const EXCERPT = 4096;
const MOST = 64 * 2 ** 20;
const KINDS: readonly SourceKind[] = ["json", "markdown", "text"];

type Module =
  | { readonly is: "loading" }
  | { readonly is: "ready"; readonly program: Program }
  | { readonly is: "missing" }
  | { readonly is: "failed"; readonly why: string }
  | { readonly is: "dead"; readonly why: string; readonly report: string | null };

type Outcome =
  | { readonly is: "nothing" }
  | { readonly is: "reading"; readonly name: string }
  | { readonly is: "parsed"; readonly name: string; readonly time: number; readonly summary: string }
  | { readonly is: "cleared" }
  | { readonly is: "broken"; readonly name: string; readonly message: string }
  | { readonly is: "refused"; readonly text: string };

/** A file on the left, the heap of the module that parses it on the right. */
export class ProgramView extends LitElement {
  static override properties = {
    allocator: { state: true },
    module: { state: true },
    source: { state: true },
    outcome: { state: true },
    sampled: { state: true },
  };
  declare private allocator: Allocator;
  declare private module: Module;
  declare private source: Source;
  /** Bytes of the source as UTF-8. */
  private size = 0;
  declare private outcome: Outcome;
  /** The sample that the source is, or "". */
  declare private sampled: string;

  /** A load or a reading that a later one overtook is dropped; neither overtakes the other. */
  private turn = { load: 0, read: 0 };

  constructor() {
    super();
    this.allocator = "slab";
    this.module = { is: "loading" };
    this.source = SAMPLES[0]!.make();
    this.outcome = { is: "nothing" };
    this.sampled = SAMPLES[0]!.id;
  }

  static override styles = [
    tokens,
    base,
    css`
      :host {
        position: relative;
      }
      .split {
        display: grid;
        gap: 2rem clamp(2rem, 3.5vw, 4rem);
        grid-template-columns: minmax(0, 1fr);
      }
      @media (min-width: 64rem) {
        .split {
          grid-template-columns: minmax(19rem, 24rem) minmax(0, 1fr);
        }
        aside {
          position: sticky;
          top: 1.25rem;
          align-self: start;
        }
      }
      aside {
        display: grid;
        gap: 1.1rem;
        min-width: 0;
      }
      .lead {
        color: var(--ink-2);
      }
      .about {
        margin-top: 0.35rem;
      }
      .samples {
        display: flex;
        flex-wrap: wrap;
        gap: 0.15rem 0.25rem;
        margin-left: -0.5rem;
      }
      .samples button[aria-pressed="true"] {
        text-decoration: underline;
        text-underline-offset: 0.3em;
        text-decoration-thickness: 2px;
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.6rem;
      }
      .row select {
        margin-left: auto;
      }
      .button {
        color: var(--ink);
        font-size: 0.9375rem;
      }
      .button:has(input:focus-visible) {
        outline: 2px solid var(--accent);
        outline-offset: 2px;
      }
      .button input {
        position: absolute;
        width: 1px;
        height: 1px;
        opacity: 0;
      }
      textarea {
        min-height: 11rem;
        height: min(24rem, 38vh);
      }
      .file {
        display: flex;
        justify-content: space-between;
        gap: 1rem;
        margin-bottom: 0.35rem;
        font-size: 0.8125rem;
        color: var(--ink-2);
      }
      .file strong {
        color: var(--ink);
        font-weight: 600;
        overflow-wrap: anywhere;
      }
      .summary {
        color: var(--ink-2);
      }
      .error-text {
        margin-top: 0.25rem;
        font: 0.8125rem/1.45 var(--mono);
        overflow-wrap: anywhere;
      }
      .note button {
        margin-top: 0.5rem;
      }
    `,
  ];

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("source")) this.size = new Blob([this.source.text]).size;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load(this.allocator);
  }

  /** Tells the drawings that the page changed its colours. */
  recolor(): void {
    this.inspector?.recolor();
  }

  /** Opens a trace beside the heap. */
  openTrace(file: File): void {
    void this.tracer?.read(file);
  }

  private get inspector(): HeapInspector | null {
    return this.renderRoot.querySelector<HeapInspector>("heap-inspector");
  }

  private get tracer(): TraceView | null {
    return this.renderRoot.querySelector<TraceView>("trace-view");
  }

  // What the module does

  private async load(allocator: Allocator): Promise<void> {
    const turn = ++this.turn.load;
    this.allocator = allocator;
    this.module = { is: "loading" };
    if (this.outcome.is !== "reading") this.outcome = { is: "nothing" };
    let program: Program;
    try {
      program = await loadProgram(allocator);
    } catch (error) {
      if (turn !== this.turn.load) return;
      this.module = error instanceof NotBuilt ? { is: "missing" } : { is: "failed", why: reason(error) };
      return;
    }
    await this.updateComplete;
    if (turn !== this.turn.load) return;
    this.module = { is: "ready", program };
    const { inspector } = this;
    if (inspector !== null) {
      inspector.attach(program.exports);
      this.tracer?.attach(program.exports, `demo-${allocator}`, inspector);
    }
    this.tracer?.look(en.program.moment.start);
    this.parse();
  }

  private parse(): void {
    if (this.module.is !== "ready") return;
    const { name, kind, text } = this.source;
    const begin = performance.now();
    try {
      const summary = this.module.program.parse(kind, text);
      const time = performance.now() - begin;
      this.outcome = { is: "parsed", name, time, summary };
      this.tracer?.look(en.program.moment.parse);
    } catch (error) {
      if (this.stopped(error)) return;
      this.outcome = { is: "broken", name, message: reason(error) };
      this.tracer?.look(en.program.moment.error);
    }
  }

  private clear(): void {
    if (this.module.is !== "ready") return;
    try {
      this.module.program.clear();
      this.outcome = { is: "cleared" };
      this.tracer?.look(en.program.moment.clear);
    } catch (error) {
      if (!this.stopped(error)) throw error;
    }
  }

  /** Takes note of a module that trapped. */
  private stopped(error: unknown): boolean {
    if (!isTrap(error)) return false;
    const report = this.module.is === "ready" ? reportOf({ ...this.module.program.exports }) : null;
    this.module = { is: "dead", why: reason(error), report };
    this.tracer?.look(en.program.moment.error);
    return true;
  }

  // What it is given

  private take(source: Source, sampled = ""): void {
    this.sampled = sampled;
    this.turn.read++;
    this.source = source;
    if (this.module.is !== "ready") this.outcome = { is: "nothing" };
    this.parse();
  }

  /** Parses a file, once it is read and a module is there. */
  async read(file: File): Promise<void> {
    if (file.size > MOST) {
      this.outcome = { is: "refused", text: en.program.tooLarge(file.name, file.size, MOST) };
      return;
    }
    const turn = ++this.turn.read;
    this.outcome = { is: "reading", name: file.name };
    try {
      const text = await file.text();
      if (turn === this.turn.read) this.take({ name: file.name, kind: kindOf(file.name, text), text });
    } catch (error) {
      this.outcome = { is: "refused", text: en.program.unreadable(file.name, reason(error)) };
    }
  }

  private readonly onFile = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    if (file !== undefined) void this.read(file);
    // The same file can be opened again after it was changed.
    input.value = "";
  };

  private readonly onEdit = (event: Event): void => {
    this.source = { ...this.source, text: (event.target as HTMLTextAreaElement).value };
  };

  private readonly onEditKey = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.parse();
    }
  };

  private goTo(place: { readonly line: number; readonly column: number }): void {
    const editor = this.renderRoot.querySelector("textarea");
    if (editor === null) return;
    const offset = offsetOf(editor.value, place);
    editor.focus();
    editor.setSelectionRange(offset, Math.min(editor.value.length, offset + 1));
    const line = editor.scrollHeight / Math.max(1, editor.value.split("\n").length);
    editor.scrollTop = Math.max(0, (place.line - 4) * line);
  }

  // What is shown

  override render(): TemplateResult {
    const { module, source } = this;
    const ready = module.is === "ready";
    const long = source.text.length > EDITABLE;
    const about = en.program.allocators[this.allocator].about;
    return html`
      <div class="split">
        <aside aria-label=${en.program.source}>
          <p class="lead">${en.program.lead}</p>
          <fieldset class="choice">
            <legend>${en.program.allocator}</legend>
            ${ALLOCATORS.map(
              (name) => html`<label>
                <input
                  type="radio"
                  name="allocator"
                  value=${name}
                  .checked=${name === this.allocator}
                  @change=${() => { void this.load(name); }}
                />
                ${en.program.allocators[name].name}
              </label>`,
            )}
            <p class="about quiet small">${about}</p>
          </fieldset>
          <div>
            <div class="samples" role="group" aria-label=${en.program.samples}>
              ${SAMPLES.map((sample) => this.sample(sample))}
            </div>
            <div class="row small quiet">
              <label class="button">
                <input type="file" @change=${this.onFile} />
                ${en.program.open}
              </label>
              ${en.program.drop}
            </div>
          </div>
          <div>
            <div class="file"><strong>${source.name}</strong><span>${bytes(this.size)}</span></div>
            <textarea
              aria-label=${en.program.editor}
              spellcheck="false"
              autocapitalize="off"
              wrap=${source.kind === "json" ? "off" : "soft"}
              ?readonly=${long}
              .value=${long ? source.text.slice(0, EXCERPT) : source.text}
              @input=${this.onEdit}
              @keydown=${this.onEditKey}
            ></textarea>
            ${long ? html`<p class="small quiet about">${en.program.excerpt(EXCERPT, this.size)}</p>` : nothing}
          </div>
          <div class="row">
            <button class="primary" ?disabled=${!ready} @click=${() => { this.parse(); }}>
              ${this.outcome.is === "parsed" ? en.program.again : en.program.parse}
            </button>
            <button ?disabled=${!ready} @click=${() => { this.clear(); }}>${en.program.clear}</button>
            <select
              aria-label=${en.program.kind}
              @change=${(event: Event) => { this.source = { ...source, kind: (event.target as HTMLSelectElement).value as SourceKind }; }}
            >
              ${KINDS.map((kind) => html`<option value=${kind} .selected=${kind === source.kind}>${en.program.kinds[kind]}</option>`)}
            </select>
          </div>
          <div role="status" class="outcome">${this.said()}</div>
        </aside>
        <section aria-label=${en.heap.label}>
          ${this.trouble()}
          <heap-inspector ?hidden=${module.is === "missing" || module.is === "failed" || module.is === "loading"}></heap-inspector>
          <trace-view></trace-view>
        </section>
      </div>
    `;
  }

  private sample(sample: Sample): TemplateResult {
    const name = en.program.sample[sample.id];
    return html`<button class="plain" aria-pressed=${sample.id === this.sampled} @click=${() => { this.take(sample.make(), sample.id); }}>${name}</button>`;
  }

  private said(): TemplateResult | string {
    const { outcome } = this;
    switch (outcome.is) {
      case "nothing":
        return html`<p class="quiet small">${en.program.nothing}</p>`;
      case "reading":
        return html`<p class="small">${en.program.reading(outcome.name)}</p>`;
      case "cleared":
        return html`<p class="small">${en.program.cleared}</p>`;
      case "refused":
        return html`<p class="note error small">${outcome.text}</p>`;
      case "parsed":
        return html`
          <p class="small">${en.program.parsed(outcome.name, this.size, milliseconds(outcome.time))}</p>
          <p class="small summary">${outcome.summary}</p>
        `;
      case "broken": {
        const place = placeOf(outcome.message);
        const there = place !== null && this.source.text.length <= EDITABLE ? place : null;
        return html`<div class="note error small">
          <p><strong>${en.program.broken(outcome.name)}</strong></p>
          <p class="error-text">${outcome.message}</p>
          <p class="quiet">${en.program.brokenKept}</p>
          ${there === null
            ? nothing
            : html`<button @click=${() => { this.goTo(there); }}>${en.program.goTo(there.line, there.column)}</button>`}
        </div>`;
      }
    }
  }

  private trouble(): TemplateResult | typeof nothing {
    const { module } = this;
    const name = en.program.allocators[this.allocator].name;
    switch (module.is) {
      case "ready":
        return nothing;
      case "loading":
        return html`<p class="quiet" role="status">${en.program.loading(name)}</p>`;
      case "missing":
        return html`<p class="note error" role="alert">${en.program.missing(name)}</p>`;
      case "failed":
        return html`<div class="note error" role="alert">
          <p>${en.program.failed(name, module.why)}</p>
          <button @click=${() => { void this.load(this.allocator); }}>${en.program.retry}</button>
        </div>`;
      case "dead":
        return html`<div class="note error" role="alert">
          <p><strong>${en.program.dead}</strong> ${en.program.deadWhy(module.why, module.report)}</p>
          <button @click=${() => { void this.load(this.allocator); }}>${en.program.restart}</button>
        </div>`;
    }
  }
}

customElements.define("program-view", ProgramView);
