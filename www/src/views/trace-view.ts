import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { Requested } from "../model/requested";
import { course, survivors, type Course, type Survivor, type Trace } from "../model/trace";
import { open, refusal, save } from "../model/trace-file";
import { heapKind, knowsBlocks, Recorder, type RingDamage } from "../model/trace-ring";
import { bySite, captureStack, choose, samples, SiteTable, type Sample } from "../model/trace-sites";
import { reason, type HeapExports } from "../modules";
import { base } from "../styles/base";
import { tokens } from "../styles/tokens";
import { en } from "../text/en";
import { bytes } from "../text/format";
import { download } from "./download";
import type { HeapInspector } from "./heap-inspector";
import type { Range } from "./trace-course";
import "./trace-course";
import "./trace-exports";
import "./trace-flames";
import "./trace-leaks";
import "./trace-replay";

/** How often the ring is emptied while the module records. */
const EVERY = 250;
/** Sampling rates that are offered, in bytes; 0 samples nothing. */
const RATES = [0, 1024, 16_384, 262_144] as const;

const NOTHING: ReadonlyMap<number, number> = new Map();

declare global {
  /** The hook that a traced module calls for a sample: keeps the stack, and returns its number. */
  var bonsaiSite: ((size: number) => number) | undefined;
}

/** Records what a module asks of its allocator, and shows, saves, opens and replays such traces. */
export class TraceView extends LitElement {
  static override properties = {
    heap: { state: true },
    recorder: { state: true },
    trouble: { state: true },
    trace: { state: true },
    rate: { state: true },
    range: { state: true },
    liveOnly: { state: true },
    said: { state: true },
    inspector: { state: true },
    known: { state: true },
  };
  declare private heap: HeapExports | null;
  /** Recording, while there is one. */
  declare private recorder: Recorder | null;
  declare private trouble: string;
  declare private trace: Trace | null;
  declare private rate: number;
  declare private range: Range;
  declare private liveOnly: boolean;
  declare private said: string;
  /** The element that shows the module's heap. */
  declare private inspector: HeapInspector | null;

  /** Of how many blocks is known what was asked for them, and how many there are; at the last look. */
  declare private known: { readonly blocks: number; readonly all: number; readonly lost: number } | null;

  /** Samples of all modules go through one hook, so that one view at most records. */
  private static recording: TraceView | null = null;

  /** What the module is called, and the module that the trace is of. */
  private attached = "program";
  private name = "program";
  private timer = 0;
  private requested: Requested | null = null;
  private sites = new SiteTable();
  // What is drawn of a trace, worked out once.
  private course: Course | null = null;
  private samples: readonly Sample[] = [];
  private survivors: readonly Survivor[] = [];

  constructor() {
    super();
    this.heap = null;
    this.recorder = null;
    this.trouble = "";
    this.trace = null;
    this.rate = 0;
    this.range = { from: 0, to: 0 };
    this.liveOnly = true;
    this.said = "";
    this.inspector = null;
    this.known = null;
  }

  static override styles = [
    tokens,
    base,
    css`
      :host {
        margin-top: 2.25rem;
        padding-top: 1.25rem;
        border-top: 1px solid var(--line);
      }
      .sheet {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 1.5rem;
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        align-items: end;
        gap: 0.6rem;
        margin-top: 0.6rem;
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
      .on::before {
        content: "";
        width: 0.65em;
        height: 0.65em;
        border-radius: 50%;
        background: var(--alarm);
        forced-color-adjust: none;
      }
      .said {
        margin-top: 0.6rem;
      }
      .note {
        margin-top: 0.6rem;
      }
      .field select {
        min-height: 2.25rem;
      }
      .choice {
        margin-top: 0.5rem;
      }
    `,
  ];

  /**
   * Points the view at a module, and at the element that shows its heap. A recording of the one before
   * ends, and is kept.
   */
  attach(exports: HeapExports, name: string, inspector: HeapInspector): void {
    this.detach();
    this.heap = exports;
    this.attached = name;
    this.inspector = inspector;
    inspector.requested = (moment) => this.requested?.at(moment) ?? NOTHING;
  }

  /** The module is gone. */
  detach(): void {
    const { recorder } = this;
    this.stop();
    if (recorder !== null && this.trace !== null) this.said = en.trace.ended(this.trace.count, this.trace.lost);
    this.heap = null;
    this.inspector = null;
    this.requested = null;
    this.known = null;
    this.trouble = "";
  }

  /**
   * Has the heap read again, and before it what was recorded: what was asked for the blocks is known
   * of each moment of a recording.
   */
  look(label: string): void {
    if (this.recorder !== null) this.drain(this.recorder);
    const { inspector, recorder } = this;
    inspector?.refresh(label);
    inspector?.now();
    const moment = inspector?.moments.at(-1);
    if (recorder === null || this.requested === null || moment === undefined) return;
    this.requested.note(moment.id);
    const { kind, lost } = recorder.trace;
    if (knowsBlocks(kind)) this.known = { blocks: this.requested.at(moment.id).size, all: moment.liveBlocks, lost };
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop();
  }

  // Recording

  private start(): void {
    const { heap } = this;
    if (heap?.BONSAI_TRACE === undefined) return;
    TraceView.recording?.stop();
    const found = Recorder.attach(heap.memory, Number(heap.BONSAI_TRACE.value));
    if (!(found instanceof Recorder)) {
      this.trouble = en.trace.ring(found);
      return;
    }
    const sites = new SiteTable();
    this.sites = sites;
    // Before a rate is set: the module calls it without asking whether it is there.
    globalThis.bonsaiSite = hook(sites);
    found.start(heapKind(heap.memory.buffer, Number(heap.BONSAI_HEAP?.value ?? 0)), this.rate);
    this.trouble = "";
    this.trace = null;
    this.recorder = found;
    this.name = this.attached;
    this.requested = new Requested(found.trace);
    this.known = null;
    TraceView.recording = this;
    this.said = en.trace.recording;
    this.timer = window.setInterval(() => { this.drain(found); }, EVERY);
  }

  private drain(recorder: Recorder): void {
    const drained = recorder.drain();
    if (!drained.ok) this.fail(drained.damage);
    else if (recorder.refused) {
      this.stop();
      this.trouble = en.trace.noMemory;
    } else if (drained.records > 0) this.said = en.trace.recorded(recorder.trace.count, recorder.trace.lost);
  }

  private fail(damage: RingDamage): void {
    this.end();
    this.trouble = en.trace.ring(damage);
  }

  private stop(): void {
    const { recorder } = this;
    if (recorder === null) return;
    recorder.stop();
    const drained = recorder.drain();
    this.end();
    if (!drained.ok) {
      this.fail(drained.damage);
      return;
    }
    recorder.trace.sites = this.sites.stacks;
    this.show(recorder.trace, en.trace.recorded(recorder.trace.count, recorder.trace.lost));
  }

  private end(): void {
    window.clearInterval(this.timer);
    this.recorder = null;
    TraceView.recording = null;
  }

  private show(trace: Trace, said: string): void {
    this.trace = trace.count === 0 ? null : trace;
    this.course = course(trace);
    this.samples = samples(trace);
    this.survivors = survivors(trace);
    this.range = { from: 0, to: trace.count };
    this.said = said;
  }

  // Files

  async read(file: File): Promise<void> {
    this.trouble = "";
    const early = refusal(file.size);
    if (early !== null) {
      this.trouble = en.trace.file(file.name, early);
      return;
    }
    try {
      const opened = open(new Uint8Array(await file.arrayBuffer()));
      if (opened.ok) {
        this.stop();
        this.show(opened.trace, en.trace.opened(file.name, opened.trace.count, opened.trace.lost));
      } else this.trouble = en.trace.file(file.name, opened.damage);
    } catch (error) {
      this.trouble = en.trace.unreadable(file.name, reason(error));
    }
  }

  private readonly onFile = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    if (file !== undefined) void this.read(file);
    input.value = "";
  };

  // What is shown

  override render(): TemplateResult {
    const { heap, recorder, trace, trouble } = this;
    const traceable = heap?.BONSAI_TRACE !== undefined;
    return html`
      <section aria-labelledby="title" class="sheet">
        <div>
          <h2 id="title">${en.trace.title}</h2>
          <p class="quiet small">${en.trace.caption}</p>
          <div class="row">
            ${recorder === null
              ? html`<button ?disabled=${!traceable} @click=${() => { this.start(); }}>${en.trace.record}</button>`
              : html`<button class="on" @click=${() => { this.stop(); }}>${en.trace.stop}</button>`}
            <label class="field">
              <span>${en.trace.rate}</span>
              <select ?disabled=${recorder !== null || !traceable} @change=${(event: Event) => { this.rate = Number((event.target as HTMLSelectElement).value); }}>
                ${RATES.map((rate) => html`<option value=${rate} .selected=${rate === this.rate}>${rate === 0 ? en.trace.noSites : en.trace.every(bytes(rate))}</option>`)}
              </select>
            </label>
            <label class="button"><input type="file" accept=".bontrace" @change=${this.onFile} />${en.trace.open}</label>
            <button ?disabled=${trace === null} @click=${() => { if (trace !== null) download(`${this.name}.bontrace`, "application/octet-stream", [save(trace)]); }}>${en.trace.save}</button>
          </div>
          ${heap !== null && !traceable ? html`<p class="note small">${en.trace.notTraceable}</p>` : nothing}
          <p class="said small" role="status">${this.said}</p>
          ${this.known === null ? nothing : html`<p class="small quiet">${en.trace.sizes(this.known)}</p>`}
          ${trouble === "" ? nothing : html`<p class="note error small" role="alert">${trouble}</p>`}
        </div>
        ${trace === null || this.course === null ? nothing : this.sheet(trace, this.course)}
        <trace-exports .trace=${trace} .heap=${heap} .source=${this.inspector} .traced=${this} .name=${this.name}></trace-exports>
      </section>
    `;
  }

  private sheet(trace: Trace, line: Course): TemplateResult {
    return html`
      <trace-course
        .course=${line}
        .records=${trace.count}
        .range=${this.range}
        @range=${(event: CustomEvent<Range>) => { this.range = event.detail; }}
      ></trace-course>
      <trace-leaks .survivors=${this.survivors} .range=${this.range} .lost=${trace.lost}></trace-leaks>
      ${this.samples.length > 0
        ? this.callSites(trace)
        : trace.rate > 0
          ? html`<p class="note small">${en.trace.sites.silent}</p>`
          : nothing}
      <trace-replay .trace=${trace}></trace-replay>
    `;
  }

  private callSites(trace: Trace): TemplateResult {
    const totals = bySite(choose(this.samples, { ...this.range, liveOnly: this.liveOnly }), trace.sites);
    const option = (liveOnly: boolean, text: string): TemplateResult => html`<label>
      <input type="radio" name="which" .checked=${this.liveOnly === liveOnly} @change=${() => { this.liveOnly = liveOnly; }} />${text}
    </label>`;
    return html`<section aria-labelledby="sites">
      <h2 id="sites">${en.trace.sites.title}</h2>
      <p class="quiet small">${en.trace.sites.caption(bytes(trace.rate))}</p>
      <fieldset class="choice"><legend>${en.trace.sites.which}</legend>${option(true, en.trace.sites.live)}${option(false, en.trace.sites.all)}</fieldset>
      ${totals.length === 0
        ? html`<p class="small said">${en.trace.sites.none}</p>`
        : html`<trace-flames .totals=${totals} .leaks=${this.liveOnly}></trace-flames>`}
    </section>`;
  }
}

/** A hook that keeps the stack of its caller. */
function hook(sites: SiteTable): (size: number) => number {
  const capture = (): number => sites.take(captureStack(capture));
  return capture;
}

customElements.define("trace-view", TraceView);
