import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { listening, show } from "../dropped";
import { Refused, type Bytes, type Prepared, type Running } from "../inspect/dropped-module";
import { partOf, type LongPart } from "../inspect/long-part";
import { NAMES, type OwnModule } from "../inspect/names";
import { openFiles, type Opened } from "../inspect/opened";
import type { Recording } from "../inspect/recording";
import { MODULE, Stages, type Host, type Outcome, type Stage } from "../inspect/stages";
import { ALLOCATORS, isTrap, NotBuilt, reason, sampleModule, type Allocator } from "../modules";
import type { LongTrace } from "../model/long-trace";
import { placeOf, SAMPLES, type Sample, type Source, type SourceKind } from "../model/samples";
import { readInspect, writeInspect } from "../model/share";
import { course, type Course, type Trace } from "../model/trace";
import { samples, type Sample as Sampled } from "../model/trace-sites";
import { base } from "../styles/base";
import { inspectRoom } from "../styles/inspect-room";
import type { About } from "../record/dump";
import { en } from "../text/inspect";
import { en as frame } from "../text/page";
import { integer } from "../text/format";
import type { Typed } from "./call-line";
import "./call-line";
import "./heap-inspector";
import type { HeapInspector, Shows } from "./heap-inspector";
import "./inspect-drawer";
import "./leak-lesson";
import type { DrawerTab, Kept, Line, Part, Traced } from "./inspect-drawer";
import "./module-card";
import type { Begin } from "./module-card";
import "./own-page";
import type { Place } from "./place";
import { programBar } from "./program-bar";
import "./record-control";
import { brokenNote, moduleNote, refusalNote, stageNote } from "./room-notes";
import { EDITABLE } from "./source-editor";
import "./source-editor";
import type { SourceEditor } from "./source-editor";
import "./source-picker";
import "./trace-course";
import type { Range } from "./trace-course";

/** In CSS pixels: a narrower window has two heaps one above the other. */
const BESIDE = 768;
/** Lines of the log that are kept. */
const LOG = 200;
/** Sampled from the start, so that call sites are there when they are asked for. */
const RATE = 1024;
/** A text to compare allocators on, and the sample that it is, or "". */
export interface Texted {
  readonly source: Source;
  readonly sampled: string;
}
/** The source. */
type Looked =
  | { readonly is: "text" }
  /** A module that was not started yet. */
  | { readonly is: "prepared"; readonly prepared: Prepared }
  | { readonly is: "module"; readonly running: Running; readonly own: "" | OwnModule }
  | { readonly is: "dump"; readonly name: string; readonly about: About; readonly kept: Kept }
  | { readonly is: "trace"; readonly name: string; readonly trace: Trace; readonly samples: readonly Sampled[]; readonly course: Course; readonly long: (LongPart & { readonly whole: LongTrace }) | null };

/**
 * The room Inspect: one source, its heap, and all that is known of it. Fires `place` with what a link says of it,
 * `compare` with a trace, and `compare-text` with a text.
 */
export class InspectRoom extends LitElement implements Host {
  static override properties = {
    link: { attribute: false },
    active: { attribute: false },
    looked: { state: true },
    allocator: { state: true },
    beside: { state: true },
    source: { state: true },
    sampled: { state: true },
    outcome: { state: true },
    busy: { state: true },
    refused: { state: true },
    detail: { state: true },
    editing: { state: true },
    unfolded: { state: true },
    below: { state: true },
    how: { state: true },
    rate: { state: true },
    range: { state: true },
    version: { state: true },
  };
  declare link: Place | null;
  declare active: boolean;
  declare private looked: Looked;
  declare private allocator: Allocator;
  /** An allocator whose heap is shown beside it, after the same text. */
  declare private beside: Allocator | "";
  declare private source: Source;
  /** The sample that the source is, or "". */
  declare private sampled: string;
  declare private outcome: Outcome;
  /** The work in progress, or "". */
  declare private busy: string;
  declare private refused: string;
  declare private detail: readonly string[];
  declare private editing: boolean;
  declare private unfolded: boolean;
  declare private below: DrawerTab | "";
  declare private how: boolean;
  /** Bytes a sample of call sites. */
  declare rate: number;
  /** True while a part of a long recording is read. */
  private reading = false;
  /** The part of an opened trace. */
  declare private range: Range;
  /** Counts changes of stages and recordings, which Lit does not see. */
  declare private version: number;

  private readonly stages = new Stages(this);
  /** Bytes of the source as UTF-8. */
  private size = 0;
  private log: readonly Line[] = [];
  private waiting: Bytes | null = null;
  /** A reading that a later one overtook is dropped. */
  private turn = 0;
  private begun = false;

  constructor() {
    super();
    this.link = null;
    this.active = false;
    this.looked = { is: "text" };
    this.allocator = ALLOCATORS[0];
    this.beside = "";
    this.source = SAMPLES[0]!.make();
    this.sampled = SAMPLES[0]!.id;
    this.outcome = { is: "nothing" };
    this.busy = "";
    this.refused = "";
    this.detail = [];
    this.editing = false;
    this.unfolded = false;
    this.below = "";
    this.how = false;
    this.rate = RATE;
    this.range = { from: 0, to: 0 };
    this.version = 0;
  }

  static override styles = [base, inspectRoom];

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("source")) this.size = new Blob([this.source.text]).size;
    if (changed.has("link") && this.link !== null && this.hasUpdated) void this.follow(this.link.query);
  }

  protected override firstUpdated(): void {
    void this.follow(this.link?.query ?? "");
  }

  protected override updated(): void {
    this.settle();
  }

  /** Brings the address up to date. */
  settle(): void {
    if (!this.begun || this.following > 0) return;
    const query = this.query();
    if (query === this.link?.query || query === this.said) return;
    this.said = query;
    this.dispatchEvent(new CustomEvent<Place>("place", { detail: { query, entry: "same" } }));
  }

  private settling = 0;
  /** Links that are followed now: what is shown is not all there yet. */
  private following = 0;
  /** The query that the address has. */
  private said: string | null = null;

  // Links

  private query(): string {
    const { looked, source, sampled } = this;
    const inspector = this.inspector(this.stage()?.key ?? "");
    const looks = inspector?.looks ?? { panel: "", colouring: "", moment: "", zoom: "", block: "" };
    const did = looked.is === "text" ? (this.stage()?.did ?? "") : "";
    const from =
      looked.is === "module" && looked.own !== ""
        ? ({ is: "module", id: looked.own } as const)
        : looked.is !== "text"
          ? ({ is: "file", name: this.named } as const)
          : sampled !== ""
            ? ({ is: "sample", id: sampled } as const)
            : ({ is: "text", name: source.name, kind: source.kind, text: source.text } as const);
    return writeInspect(
      { source: from, allocator: this.allocator, beside: this.beside, below: this.below, did, ...looks, moment: did === "" ? "" : looks.moment },
      NAMES,
    );
  }

  private async follow(query: string): Promise<void> {
    if (this.begun && (query === "" || query === this.query())) return;
    this.following++;
    try {
      await this.goTo(query);
    } finally {
      this.following--;
      this.requestUpdate();
    }
  }

  private async goTo(query: string): Promise<void> {
    const link = readInspect(query, NAMES);
    this.said = query;
    this.begun = true;
    const fault = link.ok ? "" : frame.share.fault(link.fault);
    const place = link.ok ? link.value : null;
    if (place !== null) {
      this.below = (place.below as DrawerTab | "");
      this.beside = place.beside as Allocator | "";
    }
    const allocator = (place?.allocator ?? ALLOCATORS[0]) as Allocator;
    const from = place?.source ?? { is: "sample" as const, id: SAMPLES[0]!.id };
    if (from.is === "module") {
      this.allocator = allocator;
      await this.ownModule(from.id as OwnModule);
    } else {
      const sample = SAMPLES.find(({ id }) => from.is === "sample" && id === from.id) ?? SAMPLES[0]!;
      const source = from.is === "text" ? { name: from.name, kind: from.kind as SourceKind, text: from.text } : sample.make();
      this.look(source, from.is === "text" ? "" : sample.id);
      this.refused = from.is === "file" ? en.room.lost(from.name) : fault;
      const repeats = place !== null && (place.did !== "p" || place.moment !== "");
      // Moments are those of a module that did nothing else.
      if (repeats) for (const key of [allocator, this.beside]) this.stages.forget(key);
      await this.choose(allocator);
      if (repeats) this.repeat(place.did);
    }
    // A link without these leaves them as a screen of this size has them.
    if (place === null || query === "") return;
    await this.updateComplete;
    const inspector = this.inspector(this.stage()?.key ?? "");
    if (inspector !== null) inspector.looks = place;
  }

  /** Does with the text what a link says was done after its first parse. */
  private repeat(did: string): void {
    for (const deed of did.slice(1)) {
      if (deed === "p") this.parseAll();
      else this.clear();
    }
  }

  /** The name of what is looked at. */
  private get named(): string {
    const { looked } = this;
    switch (looked.is) {
      case "text":
        return this.source.name;
      case "prepared":
        return looked.prepared.name;
      case "module":
        return looked.running.prepared.name;
      default:
        return looked.name;
    }
  }

  // Stages

  /** The key of the stage that is looked at; null where there is none. */
  private get key(): string | null {
    const { is } = this.looked;
    return is === "text" ? this.allocator : is === "module" || is === "dump" ? MODULE : null;
  }

  private stage(): Stage | undefined {
    return this.stages.get(this.key ?? "");
  }

  /** The stages that are shown, left to right. */
  private shown(): Stage[] {
    const keys = this.looked.is === "text" ? [...new Set([this.allocator, this.beside])] : [this.key ?? ""];
    return keys.flatMap((key) => this.stages.get(key) ?? []);
  }

  private inspector(key: string): HeapInspector | null {
    return this.renderRoot.querySelector<HeapInspector>(`heap-inspector[data-key="${key}"]`);
  }

  async inspectorOf(key: string): Promise<HeapInspector | null> {
    await this.updateComplete;
    return this.inspector(key);
  }

  changed(): void {
    this.version++;
  }

  tell(text: string, ok: boolean): void {
    this.log = [{ text, ok }, ...this.log].slice(0, LOG);
    this.version++;
  }

  // The program of this page

  private async choose(allocator: Allocator): Promise<void> {
    this.allocator = allocator;
    if (this.looked.is !== "text") this.looked = { is: "text" };
    await this.there(allocator);
    if (this.beside !== "" && this.beside !== allocator) await this.there(this.beside);
  }

  /** Has an allocator's module parse the source, if it did not yet. */
  private async there(allocator: Allocator): Promise<void> {
    const stage = await this.stages.own(allocator);
    if (stage !== null && stage.parsed !== this.source) this.parse(stage);
  }

  private parse(stage: Stage): void {
    this.outcome = this.stages.parse(stage, this.source, this.size) ?? this.outcome;
  }

  private parseAll(): void {
    for (const stage of this.shown()) this.parse(stage);
  }

  private clear(): void {
    for (const stage of this.shown()) this.outcome = this.stages.clear(stage) ?? this.outcome;
  }

  private async fresh(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      this.stages.forget(key);
      await this.there(key as Allocator);
    }
  }

  /** Looks at a text. */
  private look(source: Source, sampled: string): void {
    this.turn++;
    this.looked = { is: "text" };
    this.sampled = sampled;
    this.source = source;
    this.refused = "";
    this.detail = [];
    this.busy = "";
  }

  private async take(source: Source, sampled = ""): Promise<void> {
    this.look(source, sampled);
    this.outcome = { is: "nothing" };
    await this.choose(this.allocator);
  }

  // What it is given

  /** Takes files of any kind; what comes later overtakes. A file that is wrong leaves what was shown. */
  async open(files: readonly File[]): Promise<void> {
    // Beside a module that waits to be started, a file of names is for it.
    const { looked } = this;
    if (looked.is === "prepared" && files.length === 1 && /\.(symbols|map|txt)$/i.test(files[0]!.name)) return this.lend(files[0]!);
    this.how = false;
    await this.work(en.module.reading(files.map(({ name }) => name).join(", ")), async (stale) => {
      const opened = await openFiles(files, this.waiting);
      if (!stale()) await this.show(opened);
    });
  }

  /** Does what takes a while, and says what went wrong in it; what begins later overtakes it. */
  private async work(busy: string, task: (stale: () => boolean) => Promise<void>): Promise<void> {
    const turn = ++this.turn;
    const stale = (): boolean => turn !== this.turn;
    this.refused = "";
    this.detail = [];
    this.busy = busy;
    try {
      await task(stale);
    } catch (error) {
      if (stale()) return;
      this.refused = error instanceof Refused ? error.message : error instanceof NotBuilt ? en.module.missing : en.module.failed(reason(error));
      if (error instanceof Refused) {
        this.detail = error.detail;
        this.waiting = error.waiting ?? this.waiting;
        this.how ||= error.elsewhere;
      }
      this.tell(this.refused, false);
    }
    if (!stale()) this.busy = "";
  }

  private async show(opened: Opened, own: "" | OwnModule = ""): Promise<void> {
    this.outcome = { is: "nothing" };
    switch (opened.is) {
      case "text":
        return this.take(opened.source);
      case "trace": {
        const { name, trace } = opened;
        this.looked = { is: "trace", name, trace, samples: samples(trace), course: course(trace), long: null };
        this.range = { from: 0, to: trace.count };
        this.tell(en.trace.opened(name, trace.count, trace.lost), true);
        if (this.below === "") this.below = trace.sites.length > 0 ? "sites" : "leaks";
        return;
      }
      case "long": {
        const { name, long } = opened;
        const part = await partOf(long, 0, long.count);
        this.looked = { is: "trace", name, trace: part.trace, samples: part.samples, course: long.course, long: { ...part, whole: long } };
        this.range = { from: 0, to: long.count };
        this.tell(en.trace.opened(name, long.count, long.lost), true);
        if (this.below === "") this.below = long.sites.length > 0 ? "sites" : "leaks";
        return;
      }
      case "dump":
        this.looked = { is: "dump", name: opened.name, about: opened.dump.about, kept: keptOf(opened.name, opened.dump.about) };
        if (opened.dump.about.sites.length > 0) this.below = "sites";
        this.busy = "";
        await this.stages.still(opened.name, opened.dump);
        return;
      case "module": {
        const { prepared } = opened;
        this.waiting = null;
        // A heap of this crate needs no search, and no second look.
        if (prepared.described) await this.run(await prepared.start(prepared.refusal === null ? this.rate : null), own);
        else this.looked = { is: "prepared", prepared };
      }
    }
  }

  /** Starts the module that waits. */
  private async begin(prepared: Prepared, rate: number | null): Promise<void> {
    if (rate !== null) this.rate = rate;
    await this.work(en.module.starting(prepared.name), async (stale) => {
      const running = await prepared.start(rate);
      if (!stale()) await this.run(running, "");
    });
  }

  /** Takes names for the functions of the module that waits, or runs: then it waits to be started with them. */
  private async lend(file: File): Promise<void> {
    const { looked } = this;
    if (looked.is !== "prepared" && looked.is !== "module") return;
    await this.work(en.module.reading(file.name), async (stale) => {
      const prepared = await (looked.is === "prepared" ? looked.prepared : looked.running.prepared).lend(file);
      if (stale()) return;
      this.looked = { is: "prepared", prepared };
      this.tell(en.module.lend.lent(file.name, prepared.name), true);
    });
  }

  private async run(running: Running, own: "" | OwnModule): Promise<void> {
    this.looked = { is: "module", running, own };
    this.busy = "";
    this.outcome = { is: "nothing" };
    await this.stages.dropped(running);
  }

  private async ownModule(kind: OwnModule): Promise<void> {
    await this.work(en.module.reading(kind), async (stale) => {
      const opened = await openFiles(await sampleModule(kind), null);
      if (!stale()) await this.show(opened, kind);
    });
  }

  /** Starts the module again, recorded if it is now. */
  private async again(): Promise<void> {
    const { looked } = this;
    if (looked.is !== "module") return;
    const { running, own } = looked;
    const recorded = this.stages.get(MODULE)?.recording?.recording === true;
    await this.work(en.module.starting(running.prepared.name), async (stale) => {
      const next = await running.prepared.start(recorded ? this.rate : null);
      if (!stale()) await this.run(next, own);
    });
  }

  private async call({ target, values, times }: Typed): Promise<void> {
    const { looked } = this;
    const stage = this.stages.get(MODULE);
    if (looked.is !== "module" || stage === undefined) return;
    const { running } = looked;
    const heard: string[] = [];
    const run = (): unknown =>
      listening(() => {
        let last: unknown;
        for (let i = 0; i < times; i++) last = target.call(...values);
        return last;
      }, heard);
    try {
      // A promise is waited for.
      const result = await (stage.recording === null ? run() : stage.recording.during(run));
      const kept = running.callables.keep(result);
      this.say(kept === null ? en.module.returned(target.name, show(result)) : en.module.kept(target.name, kept), true);
    } catch (error) {
      const text = isTrap(error)
        ? en.module.trapped(target.name, [reason(error), ...heard].join(". "), running.report())
        : en.module.threw(target.name, reason(error));
      this.say(text, false);
    }
    stage.recording?.look(en.module.moment.call(target.name, times));
  }

  private say(text: string, ok: boolean): void {
    this.outcome = ok ? { is: "said", text, detail: "" } : { is: "broken", name: "", message: text };
    this.tell(text, ok);
  }

  /** Tells the drawings that the page changed its colours. */
  recolor(): void {
    for (const inspector of this.renderRoot.querySelectorAll<HeapInspector>("heap-inspector")) inspector.recolor();
  }

  // What is shown

  override render(): TemplateResult {
    const { looked } = this;
    const shown = this.shown();
    return html`
      <div class="bar" role="region" aria-label=${en.room.bar}>
        <source-picker
          .name=${this.named}
          .sampled=${looked.is === "text" ? this.sampled : ""}
          @sample=${(event: CustomEvent<Sample>) => { void this.take(event.detail.make(), event.detail.id); }}
          @files=${(event: CustomEvent<File[]>) => { void this.open(event.detail); }}
          @own-module=${(event: CustomEvent<OwnModule>) => { void this.ownModule(event.detail); }}
          @how=${() => { this.how = true; }}
        ></source-picker>
        ${this.bar()}
      </div>
      <div class="notes">${this.notes(shown)}</div>
      ${looked.is === "trace" ? this.course(looked) : looked.is === "prepared" ? this.card(looked.prepared) : this.floor(shown)}
      ${this.drawer()}
    `;
  }

  private bar(): TemplateResult {
    const { looked } = this;
    switch (looked.is) {
      case "text":
        return this.programBar();
      case "prepared":
        return this.spoken();
      case "module":
        return this.moduleBar(looked.running);
      case "dump":
        return html`<p class="outcome" role="status">${en.dump.of(looked.about)}</p>`;
      case "trace":
        return this.traceBar(looked);
    }
  }

  private card(prepared: Prepared): TemplateResult {
    return html`<module-card
      .prepared=${prepared}
      .rate=${this.rate}
      .busy=${this.busy !== ""}
      @begin=${(event: CustomEvent<Begin>) => { void this.begin(prepared, event.detail.rate); }}
      @lend=${(event: CustomEvent<File>) => { void this.lend(event.detail); }}
      @how=${() => { this.how = true; }}
    ></module-card>`;
  }

  private programBar(): TemplateResult {
    const stage = this.stage();
    const { allocator, beside, editing, unfolded, outcome } = this;
    return html`
      ${programBar({
        allocator,
        beside,
        editing,
        unfolded,
        ready: stage?.condition.is === "ready",
        parsed: stage?.parsed === this.source && outcome.is === "said",
        more: this.more(),
        record: this.record(stage),
        choose: (chosen) => { void this.choose(chosen); },
        put: (chosen) => {
          this.beside = chosen;
          if (chosen !== "") void this.there(chosen);
        },
        parse: () => { this.parseAll(); },
        clear: () => { this.clear(); },
        edit: () => { this.editing = !editing; },
        fresh: () => { void this.fresh(this.shown().map(({ key }) => key)); },
        compare: () => { this.dispatchEvent(new CustomEvent<Texted>("compare-text", { detail: { source: this.source, sampled: this.sampled } })); },
      })}
      ${this.spoken()}
    `;
  }

  private moduleBar(running: Running): TemplateResult {
    return html`
      <call-line
        .callables=${running.callables}
        .made=${this.version}
        @call=${(event: CustomEvent<Typed>) => { void this.call(event.detail); }}
        @refused=${(event: CustomEvent<string>) => { this.say(event.detail, false); }}
      ></call-line>
      ${this.more()}
      <div class="more" ?data-open=${this.unfolded}>
        <button @click=${() => { this.stages.get(MODULE)?.recording?.look(en.module.moment.read); }}>${en.module.read}</button>
        <button @click=${() => { void this.again(); }}>${en.module.again}</button>
        ${this.record(this.stages.get(MODULE))}
      </div>
      ${this.spoken()}
    `;
  }

  private traceBar({ name, trace, long }: Looked & { readonly is: "trace" }): TemplateResult {
    const { count, lost } = long?.whole ?? trace;
    return html`
      <p class="outcome" role="status">${en.trace.opened(name, count, lost)}</p>
      <button @click=${() => { this.dispatchEvent(new CustomEvent<Traced>("compare", { detail: this.traced()! })); }}>${en.trace.compare}</button>
    `;
  }

  /** On a narrow screen, shows the controls that are not needed at first. */
  private more(): TemplateResult {
    return html`<button class="fold" aria-expanded=${this.unfolded ? "true" : "false"} @click=${() => { this.unfolded = !this.unfolded; }}>${en.room.more}</button>`;
  }

  private record(stage: Stage | undefined): TemplateResult | typeof nothing {
    if (stage?.recording == null) return nothing;
    return html`<record-control
      class="record"
      .recording=${stage.recording}
      .rate=${this.rate}
      .version=${this.version}
      @rate=${(event: CustomEvent<number>) => { this.rate = event.detail; }}
    ></record-control>`;
  }

  private spoken(): TemplateResult {
    const { outcome } = this;
    switch (outcome.is) {
      case "nothing":
        return html`<p class="outcome" role="status"></p>`;
      case "said":
        return html`<p class="outcome" role="status" title=${outcome.detail}>${outcome.detail === "" ? outcome.text : `${outcome.text} ${outcome.detail}`}</p>`;
      case "broken":
        return html`<p class="outcome bad" role="status">${outcome.name === "" ? outcome.message : en.program.broken(outcome.name)}</p>`;
    }
  }

  private notes(shown: readonly Stage[]): TemplateResult {
    const { looked } = this;
    return html`
      ${this.busy === "" ? nothing : html`<p class="small quiet" role="status">${this.busy}</p>`}
      ${refusalNote(this.refused, this.detail)}
      ${looked.is === "text" ? this.broken() : nothing}
      ${looked.is === "module" ? moduleNote(looked.running, (file) => { void this.lend(file); }) : nothing}
      ${looked.is === "module" && looked.own === "shop" ? this.lesson() : nothing}
      ${shown.map((stage) => stageNote(stage, () => { void this.fresh([stage.key]); }))}
      ${this.how ? html`<own-page @close=${() => { this.how = false; }}></own-page>` : nothing}
    `;
  }

  private lesson(): TemplateResult {
    const called = this.inspector(MODULE)?.moments.map(({ label }) => label) ?? [];
    return html`<leak-lesson .called=${called} .ranged=${this.stages.get(MODULE)?.shows?.range != null}></leak-lesson>`;
  }

  private broken(): TemplateResult | typeof nothing {
    const { outcome } = this;
    if (outcome.is !== "broken") return nothing;
    const place = placeOf(outcome.message);
    const there = place !== null && this.source.text.length <= EDITABLE ? place : null;
    return brokenNote(outcome.message, there, () => { void this.goToLine(there!); });
  }

  private async goToLine(place: { readonly line: number; readonly column: number }): Promise<void> {
    this.editing = true;
    await this.updateComplete;
    const editor = this.renderRoot.querySelector<SourceEditor>("source-editor");
    await editor?.updateComplete;
    editor?.goTo(place);
  }

  private floor(shown: readonly Stage[]): TemplateResult {
    const text = this.looked.is === "text";
    const extent = shown.length < 2 ? 0 : Math.max(...shown.map(({ key }) => this.inspector(key)?.mapped ?? 0));
    const visible = new Set(shown.filter(({ condition }) => condition.is === "ready" || condition.is === "dead"));
    return html`<div class="floor ${text && this.editing ? "edit" : ""}">
      ${text && this.editing
        ? html`<source-editor
            .source=${this.source}
            .size=${this.size}
            @edit=${(event: CustomEvent<Source>) => { this.source = event.detail; this.sampled = ""; }}
            @parse=${() => { this.parseAll(); }}
          ></source-editor>`
        : nothing}
      ${repeat(
        this.stages.list.sort((a, b) => shown.indexOf(a) - shown.indexOf(b)),
        ({ key }) => key,
        (stage) => html`<section class="stage" aria-label=${en.heap.label} ?hidden=${!visible.has(stage) || (stage.key === MODULE && stage.exports === null)}>
          ${shown.length > 1 ? html`<h2>${en.program.allocators[stage.key as Allocator].name}</h2>` : nothing}
          <heap-inspector
            workspace
            data-key=${stage.key}
            .extent=${extent}
            .compact=${shown.length > 1 && innerWidth >= BESIDE}
            @shows=${(event: CustomEvent<Shows>) => { this.onShows(stage, event.detail); }}
            @looks=${this.onLooks}
          ></heap-inspector>
        </section>`,
      )}
    </div>`;
  }

  private course({ trace, course: line, long }: Looked & { readonly is: "trace" }): TemplateResult {
    return html`<div class="course">
      <trace-course
        .course=${line}
        .records=${(long?.whole ?? trace).count}
        .range=${this.range}
        @range=${(event: CustomEvent<Range>) => {
          this.range = event.detail;
          void this.readPart();
        }}
      ></trace-course>
    </div>`;
  }

  /** Reads the chosen part of a recording that is in a file; one at a time. */
  private async readPart(): Promise<void> {
    for (let { looked } = this; !this.reading && looked.is === "trace" && looked.long !== null; looked = this.looked) {
      const { range } = this;
      const { whole } = looked.long;
      this.reading = true;
      try {
        const part = await partOf(whole, range.from, range.to);
        if (this.looked === looked) this.looked = { ...looked, trace: part.trace, samples: part.samples, long: { ...part, whole } };
      } catch (error) {
        this.tell(en.trace.unreadable(looked.name, reason(error)), false);
      } finally {
        this.reading = false;
      }
      if (this.range === range) return;
    }
  }

  private drawer(): TemplateResult {
    const stage = this.shown()[0];
    const traced = this.traced();
    return html`<inspect-drawer
      .tab=${this.below}
      .traced=${traced}
      .kept=${this.looked.is === "dump" ? this.looked.kept : null}
      .chosen=${this.chosen(stage, traced)}
      .log=${this.log}
      .heap=${stage?.exports ?? null}
      .source=${stage === undefined ? null : this.inspector(stage.key)}
      .name=${stage?.recording?.name ?? "heap"}
      .drawn=${this.renderRoot.querySelector("trace-course")}
      @tab=${(event: CustomEvent<DrawerTab | "">) => { this.below = event.detail; }}
    >
      ${stage?.recording == null
        ? nothing
        : html`<span class="small quiet recorded" role="status">${stage.recording.recording ? en.trace.recorded(stage.recording.count, stage.recording.lost) : stage.recording.said}
            ${stage.recording.known === null ? nothing : html`<span title=${en.trace.agreement(stage.recording.known)}>${en.trace.agreement(stage.recording.known)}</span>`}</span>
            ${this.wholeOf(stage.recording)}`}
    </inspect-drawer>`;
  }

  /** Opens a recording that was too long for memory. */
  private wholeOf({ name, whole }: Recording): TemplateResult | typeof nothing {
    if (whole === null) return nothing;
    return html`<button @click=${() => { void this.show({ is: "long", name: `${name}.bontrace`, long: whole }); }}>${en.trace.openWhole}</button>`;
  }

  private traced(): Traced | null {
    const { looked } = this;
    if (looked.is === "trace") return { trace: looked.trace, samples: looked.samples, name: looked.name.replace(/\.bontrace$/i, "") };
    const recording = this.shown()[0]?.recording;
    if (recording?.trace == null) return null;
    // Samples are gathered only where they are shown.
    return { trace: recording.trace, samples: this.below === "sites" ? recording.samples : [], name: recording.name };
  }

  /** The part of the trace that the strip or the sliders select. */
  private chosen(stage: Stage | undefined, traced: Traced | null): Part {
    if (this.looked.is === "trace") {
      const { from, to } = this.range;
      const { trace, long } = this.looked;
      if (long !== null) {
        const text = en.trace.course.part(integer(to - from), integer(long.whole.count)) + (long.first > from ? en.trace.course.before(integer(long.first)) : "");
        return { from: long.begins, to: trace.count, end: trace.count, text };
      }
      const all = trace.count;
      return { from, to, end: all, text: en.trace.course.chosen(integer(to - from), integer(all)) };
    }
    const recording = stage?.recording;
    const shows = stage?.shows;
    if (recording == null || traced === null || shows == null) return { from: 0, to: 0, end: 0, text: "" };
    const inspector = this.inspector(stage!.key);
    const named = (id: number): string => {
      const moment = inspector?.moments.find((each) => each.id === id);
      return `#${integer(id)}${moment === undefined ? "" : ` (${moment.label})`}`;
    };
    if (shows.range === null) {
      const to = shows.now ? traced.trace.count : recording.recordsAt(shows.moment);
      return { from: 0, to, end: to, text: en.trace.drawer.whole };
    }
    const [from, to] = shows.range.map((id) => recording.recordsAt(id)) as [number, number];
    return { from, to, end: to, text: en.trace.drawer.part(named(shows.range[0]), named(shows.range[1])) };
  }

  /** A zoom or a drag shows something else in every frame: the address follows when it is over. */
  private readonly onLooks = (): void => {
    clearTimeout(this.settling);
    this.settling = window.setTimeout(() => { this.version++; }, 150);
  };

  private onShows(stage: Stage, shows: Shows): void {
    // A range asks who asked for what came; the map and the line say first what did.
    if (shows.range !== null && stage.shows?.range == null && this.below === "" && (stage.recording?.trace?.rate ?? 0) > 0) setTimeout(() => { this.below = "sites"; });
    stage.shows = shows;
    this.version++;
  }
}

/** The call sites of a dump, as a flame graph takes them. */
const keptOf = (name: string, { sites, rate }: About): Kept => ({
  totals: sites.map(({ stack, blocks, bytes }, i) => ({ site: i + 1, stack, samples: 1, blocks, bytes })),
  name: name.replace(/\.bonsai$/i, ""),
  rate,
});

customElements.define("inspect-room", InspectRoom);
