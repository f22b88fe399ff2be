import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { Seen } from "../model/births";
import type { Decoded } from "../model/decode";
import type { Damage } from "../model/decode/damage";
import { diff, type Diff } from "../model/diff";
import { History, type Moment } from "../model/history";
import { COLOURINGS, inkedDiff, inks, type Colouring, type Inked } from "../model/inks";
import type { Inspectable } from "../model/inspectable";
import { Fold } from "../model/fold";
import { readMoment, readZoom, writeMoment, writeZoom, type Looks } from "../model/looks";
import { scroll, windowEnd, type MapWindow } from "../model/map-layout";
import { compare, NOTHING_CHOSEN, present, still, travel, type Selection } from "../model/selection";
import { State, type Snapshot } from "../model/snapshot";
import { verdict, type Verdict } from "../model/verdict";
import { core as base } from "../styles/base";
import { heapInspector } from "../styles/heap-inspector";
import { tokens } from "../styles/tokens";
import { inspector as en } from "../text/inspector";
import { mostRows, wholeMap } from "./heap-map";
import { HeapSource } from "./heap-source";
import "./heap-status";
import "./tab-strip";
import type { Change } from "./heap-status";
import { panes } from "./panes";

const PANELS = ["block", "changes", "sizes", "free", "sites", "structure", "moments"] as const;
export type Panel = (typeof PANELS)[number];
/** The views of panels that are closed at first are loaded when they are opened. */
const LOAD: Partial<Record<Panel, () => Promise<unknown>>> = {
  changes: () => import("./heap-diff"),
  sizes: () => import("./heap-classes"),
  free: () => Promise.all([import("./heap-lists"), import("./heap-metrics")]),
  sites: () => import("./heap-sites"),
  structure: () => import("./heap-lists"),
  moments: () => import("./heap-moments"),
};
/** Of the panels, in CSS pixels. */
const WIDTH = { least: 240, most: 900, first: 380 };

/** Narrower than this, in CSS pixels, the panels of a workspace are a sheet; as the style sheet has it in rem. */
const SHEET = 768;

/** The call site of a block that was sampled, for how many blocks it stands, and what was asked for it. */
export interface Site {
  readonly stack: readonly string[];
  readonly weight: number;
  readonly size: number;
}
const UNSAMPLED: ReadonlyMap<number, Site> = new Map();

/** The moment or range that an inspector shows; the detail of its event `shows`. */
export interface Shows {
  /** The moment looked at; the newest if it is now. */
  readonly moment: number;
  readonly now: boolean;
  readonly range: readonly [number, number] | null;
}

const NONE: ReadonlyMap<number, number> = new Map();
const NOTHING = (): ReadonlyMap<number, number> => NONE;
const PLAIN: readonly Colouring[] = COLOURINGS.filter((name) => name !== "change");

interface Lived {
  readonly last: Moment;
  readonly moment: Moment;
  readonly moments: readonly Moment[];
  readonly judged: Verdict;
}

/**
 * `<heap-inspector>`: shows the heap of a running module. `attach(instance.exports)` points it at
 * one, `refresh(label)` reads it again, and the attribute `interval` makes it do so by itself. It
 * reads the module's memory and never calls into it.
 *
 * All views show one selection: a block, a moment, a range of moments.
 */
export class HeapInspector extends LitElement {
  static override properties = {
    interval: { type: Number },
    shown: { state: true },
    selection: { state: true },
    damage: { state: true },
    missing: { state: true },
    view: { state: true },
    colouring: { state: true },
    rows: { state: true },
    panel: { state: true },
    width: { state: true },
    extent: { attribute: false },
    workspace: { type: Boolean, reflect: true },
    compact: { type: Boolean, reflect: true },
    theme: { state: true },
    said: { state: true },
  };
  /** Milliseconds from one look to the next; 0, the default, leaves it to `refresh`. */
  declare interval: number;
  /** The heap in all views: as it is now, or as it was at a moment. */
  declare private shown: Seen | null;
  declare private selection: Selection;
  declare private damage: Damage | null;
  /** The thing that the module lacks. */
  declare private missing: "no-memory" | "no-heap" | null;
  declare private view: MapWindow | null;
  /** The number of rows that the map has room for. */
  declare private rows: number;
  /** The panel that is open, or "" on a narrow screen that shows none. */
  declare private panel: Panel | "";
  declare private width: number;
  /** Bytes that the whole map stands for, at least: several maps on one scale. */
  declare extent: number;
  /** The element fills a page that does not scroll: the wheel zooms, and sizes of panes are remembered. */
  declare workspace: boolean;
  /** The element stands beside another one: its panels are below the map. */
  declare compact: boolean;
  declare private colouring: Colouring;
  /** Counts changes of the colours. */
  declare private theme: number;
  declare private said: string;

  private source: HeapSource | null = null;
  /** A look that waits for the code that searches. */
  private waits: string | null = null;
  private past = new History();
  private requests: (moment: number) => ReadonlyMap<number, number> = NOTHING;
  /** The number of the thread that asked for each block, as {@link requested}. */
  threads: (moment: number) => ReadonlyMap<number, number> = NOTHING;
  private stacks: ((moment: number) => ReadonlyMap<number, Site>) | null = null;
  /** The panel to return to from a range. */
  private earlier: Panel | "" = "block";
  /** From the first to the last address of all moments. */
  private span: readonly [number, number] = [0, 0];
  private folds: { readonly of: Snapshot; readonly fold: Fold } | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;
  private life: Lived | null = null;
  private ink: (Inked & { readonly of: Seen; readonly by: Colouring; readonly change: Diff | null }) | null = null;
  private changes: { readonly from: number; readonly to: number; readonly diff: Diff | null } | null = null;
  private readonly dark = matchMedia("(prefers-color-scheme: dark)");
  private readonly contrast = matchMedia("(forced-colors: active)");

  constructor() {
    super();
    this.interval = 0;
    this.shown = null;
    this.selection = NOTHING_CHOSEN;
    this.damage = null;
    this.missing = null;
    this.view = null;
    this.rows = mostRows(0);
    this.panel = "block";
    this.width = WIDTH.first;
    this.extent = 0;
    this.workspace = false;
    this.compact = false;
    this.colouring = "state";
    this.theme = 0;
    this.said = "";
  }

  static override styles = [tokens, base, heapInspector];

  // What it is told

  /**
   * Points the inspector at a module's exports, or at a memory and the address of a descriptor in
   * it, and forgets what was seen of the one before. What can't be inspected is said in place.
   */
  attach(source: Inspectable): void {
    this.forget();
    const heap = HeapSource.of(source, () => { this.searches(heap); });
    this.source = heap;
    this.missing = heap.bare ? "no-memory" : null;
    if (this.interval > 0) this.refresh(en.heap.look);
  }

  /** Points the inspector at a heap that is decoded elsewhere, in a worker: `read` gives its last moment, null before there is one. */
  follow(read: () => Decoded | null): void {
    this.forget();
    this.source = HeapSource.elsewhere(read);
  }

  private forget(): void {
    this.missing = null;
    this.source = null;
    this.waits = null;
    this.past = new History();
    this.requests = NOTHING;
    this.threads = NOTHING;
    this.stacks = null;
    this.span = [0, 0];
    this.folds = null;
    this.shown = null;
    this.selection = NOTHING_CHOSEN;
    this.colouring = this.colouring === "change" ? "state" : this.colouring;
    this.damage = null;
    this.view = null;
    this.changes = null;
  }

  /**
   * Reads the heap again: a moment more. `label` says what the program has just done. Costs a pass
   * over the heap's map and its lists, and one over its blocks to keep them.
   */
  refresh(label: string): void {
    const { source } = this;
    if (source === null || source.bare) return;
    const decoded = source.read();
    if (decoded === null) {
      this.waits = source.looked === null ? label : null;
      this.missing = source.looked === null ? null : "no-heap";
      return;
    }
    this.missing = null;
    if (!decoded.ok) {
      this.damage = decoded.damage;
      this.said = en.damage(decoded.damage);
      return;
    }
    this.damage = null;
    const { start, end } = decoded.snapshot;
    // A heap that has obtained nothing yet is nowhere.
    if (end > start) this.span = this.span[1] === 0 ? [start, end] : [Math.min(this.span[0], start), Math.max(this.span[1], end)];
    const now = this.past.add(decoded.snapshot, label, performance.now());
    this.said = en.heap.read(label, now);
    this.choose(still(this.selection, this.past));
  }

  /** The code that searches for heaps of other allocators is there: looks if a look waits for it. */
  private searches(source: HeapSource): void {
    if (this.source !== source) return;
    if (this.waits !== null) this.refresh(this.waits);
    else if (source.read() === null) this.missing = "no-heap";
  }

  /** Returns to the present, as after an action of the program. */
  now(): void {
    if (this.selection.moment !== null || this.selection.range !== null) this.choose(present(this.selection));
  }

  /** The heap in all views: as it is now, or as it was at a moment. */
  get snapshot(): Snapshot | null {
    return this.shown?.snapshot ?? null;
  }

  /** The moments seen, the newest last. */
  get moments(): readonly Moment[] {
    return this.past.moments;
  }

  /**
   * Tells what was asked for at a moment, given by its `id`, in bytes by address of the block: what
   * an allocator does not keep, but a trace does. Called for what is drawn; forgotten by `attach`.
   */
  set requested(at: (moment: number) => ReadonlyMap<number, number>) {
    this.requests = at;
    this.requestUpdate();
  }

  get requested(): (moment: number) => ReadonlyMap<number, number> {
    return this.requests;
  }

  /** Tells the call sites of blocks that were live at a moment and sampled, by address; `null` where nobody knows any. */
  set sites(at: ((moment: number) => ReadonlyMap<number, Site>) | null) {
    this.stacks = at;
    this.requestUpdate();
  }

  get sites(): ((moment: number) => ReadonlyMap<number, Site>) | null {
    return this.stacks;
  }

  /** The bytes that the whole map stands for, what is folded counted as it is drawn. */
  get mapped(): number {
    const { fold } = this;
    return fold.position(this.span[1]) - fold.position(this.span[0]);
  }

  /** The look of this inspector, for links. */
  get looks(): Looks {
    const { panel, colouring, selection, view, fold } = this;
    return {
      panel: panel === "changes" ? "" : panel,
      colouring: colouring === "change" ? "" : colouring,
      moment: writeMoment(selection),
      zoom: writeZoom(view, (position) => fold.address(position)),
      block: selection.at < 0 ? "" : selection.at.toString(16),
    };
  }

  set looks({ panel, colouring, moment = "", zoom = "", block = "" }: Partial<Looks>) {
    const open = PANELS.find((name) => name === panel && name !== "changes");
    if (open !== undefined) this.panel = open;
    const by = PLAIN.find((name) => name === colouring);
    if (by !== undefined) this.colouring = by;
    if (this.past.last === undefined) return;
    const at = block === "" ? this.selection.at : parseInt(block, 16);
    this.show(readMoment(moment, { ...this.selection, at }, this.past));
    this.view = readZoom(zoom, this.whole, (address) => this.fold.position(address));
  }

  // What it does by itself

  override connectedCallback(): void {
    super.connectedCallback();
    // The strip has the library that draws it: it comes while the heap is read.
    void import("./heap-timeline");
    if (this.workspace) this.width = panes.read("panels", WIDTH.first);
    // A sheet opens when a block is chosen.
    if (this.workspace && this.shown === null && innerWidth < SHEET) this.panel = "";
    this.dark.addEventListener("change", this.recolor);
    this.contrast.addEventListener("change", this.recolor);
    this.watch();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.dark.removeEventListener("change", this.recolor);
    this.contrast.removeEventListener("change", this.recolor);
    clearInterval(this.timer);
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has("interval")) this.watch();
    if (changed.has("shown") || changed.has("selection")) this.tell();
    if (["panel", "colouring", "selection", "view"].some((name) => changed.has(name))) this.dispatchEvent(new CustomEvent("looks"));
  }

  private tell(): void {
    const { moment, range } = this.selection;
    const last = this.past.last;
    if (last === undefined) return;
    this.dispatchEvent(new CustomEvent<Shows>("shows", { detail: { moment: moment ?? last.id, now: moment === null, range } }));
  }

  private watch(): void {
    clearInterval(this.timer);
    if (this.interval > 0 && this.isConnected) this.timer = setInterval(this.look, this.interval);
  }

  /** A moment more if anything that counts is another; a heap at rest is not worth one. */
  private readonly look = (): void => {
    if (document.hidden) return;
    const last = this.past.last;
    const decoded = this.source?.read() ?? null;
    if (decoded?.ok === true && last !== undefined && !this.past.differs(decoded.snapshot)) return;
    this.refresh(en.heap.look);
  };

  /** To be called where the page changes its colours by other means than the system's. */
  readonly recolor = (): void => {
    this.theme++;
  };

  // What it selects

  private choose(selection: Selection): void {
    this.selection = selection;
    const id = selection.moment ?? this.past.last?.id;
    // What is unpacked already is not unpacked again.
    if (id !== undefined) this.shown = this.past.at(id);
    if (selection.range === null && this.colouring === "change") this.colouring = "state";
    if (selection.range === null && this.panel === "changes") this.panel = this.earlier;
    if (this.view !== null && this.view.bytesPerRow >= this.whole.bytesPerRow) this.view = null;
  }

  private readonly onTravel = (event: CustomEvent<number | null>): void => {
    const { selection, past } = this;
    this.choose(event.detail === null ? present(selection) : travel(selection, past, event.detail));
    const moment = past.moment(this.selection.moment ?? -1);
    this.said = moment === undefined ? en.timeline.returned : en.timeline.arrived(moment);
  };

  private readonly onCompare = (event: CustomEvent<readonly [number, number]>): void => {
    this.show(compare(this.selection, this.past, ...event.detail));
  };

  /** Shows a selection; a range with what changed in it. */
  private show(selection: Selection): void {
    this.choose(selection);
    if (this.selection.range === null) return;
    this.colouring = "change";
    if (this.panel !== "changes") {
      this.earlier = this.panel;
      if (this.panel !== "") this.panel = "changes";
    }
    const change = this.diff();
    if (change !== null) this.said = en.diff.sentence(change);
  }

  private readonly onChoose = (event: CustomEvent<number>): void => {
    const blocks = this.shown?.snapshot.blocks;
    const at = event.detail < 0 ? -1 : (blocks?.address[event.detail] ?? -1);
    this.selection = { ...this.selection, at };
    if (at >= 0) this.panel = "block";
  };

  private readonly onChooseAddress = (event: CustomEvent<number>): void => {
    this.selection = { ...this.selection, at: event.detail };
  };

  private readonly onLook = (event: CustomEvent<MapWindow | null>): void => {
    this.view = event.detail;
  };

  /** A map that got higher or lower shows more or fewer rows of the same window. */
  private readonly onRows = (event: CustomEvent<number>): void => {
    this.rows = event.detail;
    if (this.view !== null) this.view = scroll({ ...this.view, rows: this.whole.rows }, this.whole, 0);
  };

  private readonly onColour = (event: CustomEvent<Colouring>): void => {
    this.colouring = event.detail;
  };

  // What it shows

  override render(): TemplateResult {
    const { missing, damage, shown } = this;
    const nothingYet = missing === null && damage === null && shown === null;
    const found = shown?.snapshot.found;
    return html`<div class="work">
      <div class="lines">
        <p class="unseen" role="status">${this.said}</p>
        ${missing === null
          ? nothing
          : html`<p class="note error">${missing === "no-memory" ? en.heap.noMemory : en.heap.noHeap(this.source?.looked ?? [])}</p>`}
        ${damage === null ? nothing : html`<p class="note error">${en.damage(damage)}</p>`}
        ${nothingYet ? html`<p class="quiet">${en.heap.none}</p>` : nothing}
        ${found === undefined ? nothing : html`<p class="found small"><strong>${en.heap.found(found)}</strong> ${en.heap.pages(found)}</p>`}
      </div>
      ${shown === null ? nothing : this.sheet(shown)}
    </div>`;
  }

  private sheet(shown: Seen): TemplateResult {
    const { selection, theme } = this;
    const { snapshot } = shown;
    const { moment, moments, judged } = this.lived();
    // Of a bump heap's chunks nobody asked for any.
    const asked = snapshot.kind === "bump" ? NONE : this.requests(moment.id);
    const last = moments[moments.length - 1]!;
    return html`
        <heap-status
          .verdict=${judged}
          .figures=${moment}
          .back=${last.id - moment.id}
          .change=${this.change()}
          @travel=${this.onTravel}
        ></heap-status>
        <heap-timeline
          .moments=${moments}
          .moment=${selection.moment}
          .range=${selection.range}
          .theme=${theme}
          @travel=${this.onTravel}
          @compare=${this.onCompare}
        ></heap-timeline>
        <div class="panes" data-kind=${snapshot.kind} style="--panels:${this.width}px">
          <div class="map">${this.map(shown)}</div>
          ${this.workspace ? this.splitter() : html`<div class="line"></div>`}
          <div class="panels" ?data-open=${this.panel !== ""}>
            <tab-strip .tabs=${this.tabs()} .chosen=${this.panel} .label=${en.panels.label} @tab=${this.onTab}></tab-strip>
            ${this.panel === ""
              ? nothing
              : html`<div class="panel" role="tabpanel" tabindex="0" aria-label=${en.panels[this.panel]}>${this.open(this.panel, shown, moment, asked)}</div>`}
          </div>
        </div>
    `;
  }

  /** A page that fills the window lets its panes be resized; the package has no code for it. */
  private splitter(): TemplateResult {
    void import("./pane-splitter");
    return html`<pane-splitter
      upright
      .size=${this.width}
      .least=${WIDTH.least}
      .most=${WIDTH.most}
      .label=${en.panels.width}
      @resize-pane=${this.onWidth}
    ></pane-splitter>`;
  }

  private tabs(): { readonly id: Panel; readonly name: string }[] {
    const there: Record<Panel, boolean> = {
      block: true,
      changes: this.selection.range !== null,
      sizes: true,
      free: true,
      sites: this.stacks !== null,
      structure: true,
      moments: true,
    };
    return PANELS.filter((id) => there[id]).map((id) => ({ id, name: en.panels[id] }));
  }

  private readonly onTab = (event: CustomEvent<Panel>): void => {
    // On a narrow screen the panels are a sheet, which the open one's name closes.
    const sheet = this.workspace && !this.compact && this.clientWidth < SHEET;
    this.panel = sheet && this.panel === event.detail ? "" : event.detail;
  };

  private readonly onWidth = (event: CustomEvent<number>): void => {
    this.width = event.detail;
    if (this.workspace) panes.keep("panels", event.detail);
  };

  /** The moments, the one looked at, and the verdict on it: made anew only when one of them is new. */
  private lived(): Lived {
    const { past } = this;
    const last = past.last!;
    const moment = past.moment(this.selection.moment ?? last.id)!;
    if (this.life?.last !== last || this.life.moment !== moment) {
      const moments = this.life?.last === last ? this.life.moments : past.moments.slice();
      this.life = { last, moment, moments, judged: verdict(moments.slice(0, moments.indexOf(moment) + 1)) };
    }
    return this.life;
  }

  /** The changes in the range that is selected, if there is one. */
  private change(): Change | null {
    const { range } = this.selection;
    const [from, to] = range === null ? [] : range.map((id) => this.past.moment(id));
    return from === undefined || to === undefined ? null : { from, to, diff: this.diff() };
  }

  /** The fold of the newest moment: all moments are drawn by it. */
  private get fold(): Fold {
    const newest = this.past.last === undefined ? null : this.past.at(this.past.last.id);
    if (newest === null) return Fold.NONE;
    if (this.folds?.of !== newest.snapshot) this.folds = { of: newest.snapshot, fold: Fold.of(newest.snapshot.blocks) };
    return this.folds.fold;
  }

  /** The positions that the whole map is of. */
  private get reach(): readonly [number, number] {
    const { fold, span, extent } = this;
    const start = fold.position(span[0]);
    return [start, Math.max(fold.position(span[1]), start + extent)];
  }

  private get whole(): MapWindow {
    return wholeMap(this.reach, this.rows);
  }

  private map(shown: Seen): TemplateResult {
    const { snapshot } = shown;
    const { at, range } = this.selection;
    return html`<heap-map
        .snapshot=${snapshot}
        .inked=${this.inked(shown)}
        .fold=${this.fold}
        .reach=${this.reach}
        .wheels=${this.workspace}
        .colouring=${this.colouring}
        .colourings=${range === null ? PLAIN : COLOURINGS}
        .chosen=${at < 0 ? -1 : snapshot.blocks.find(at)}
        .view=${this.view}
        .theme=${this.theme}
        @choose=${this.onChoose}
        @look=${this.onLook}
        @colour=${this.onColour}
        @rows=${this.onRows}
      ></heap-map>`;
  }

  private open(panel: Panel, shown: Seen, moment: Moment, asked: ReadonlyMap<number, number>): TemplateResult {
    const { snapshot } = shown;
    void LOAD[panel]?.();
    switch (panel) {
      case "block":
        return this.block(shown, moment, asked);
      case "changes": {
        const change = this.change();
        return change === null ? html`` : html`<heap-diff .diff=${change.diff} .from=${change.from} .to=${change.to}></heap-diff>`;
      }
      case "sizes":
        return html`<heap-classes .snapshot=${snapshot} .requested=${asked}></heap-classes>`;
      case "free":
        return html`
          ${snapshot.kind === "tiny" || snapshot.kind === "heap" ? html`<heap-lists .snapshot=${snapshot}></heap-lists>` : nothing}
          <heap-metrics .snapshot=${snapshot} .moment=${moment} .requested=${asked}></heap-metrics>
        `;
      case "sites":
        return html`<heap-sites .sites=${this.stacks?.(moment.id) ?? UNSAMPLED}></heap-sites>`;
      case "structure":
        return this.structure(snapshot);
      case "moments":
        return html`<heap-moments
          .moments=${this.lived().moments}
          .moment=${moment.id}
          .forgotten=${this.past.forgotten}
          .pictured=${this.past.pictured}
          @travel=${this.onTravel}
        ></heap-moments>`;
    }
  }

  private block({ snapshot, born }: Seen, moment: Moment, asked: ReadonlyMap<number, number>): TemplateResult {
    const { at } = this.selection;
    const chosen = at < 0 ? -1 : snapshot.blocks.find(at);
    if (chosen < 0) return hint();
    void import("./heap-block");
    const address = snapshot.blocks.address[chosen]!;
    const live = snapshot.blocks.state[chosen] === State.Live;
    const since = born[chosen] ?? 0;
    return html`<heap-block
      .snapshot=${snapshot}
      .chosen=${chosen}
      .peek=${this.peek}
      .buffer=${() => (this.selection.moment === null ? (this.source?.memory?.buffer ?? null) : null)}
      .since=${this.past.moment(since) ?? null}
      .site=${live ? (this.stacks?.(moment.id).get(address)?.stack ?? null) : null}
      .requested=${asked.size > 0 && live ? (asked.get(address) ?? null) : undefined}
      .thread=${live ? (this.threads(moment.id).get(address) ?? 0) : 0}
      @choose=${this.onChoose}
    ></heap-block>`;
  }

  private structure(snapshot: Snapshot): TemplateResult {
    const { fold } = this;
    const { at } = this.selection;
    const window = this.view ?? this.whole;
    // Views of buddies and slabs, which most heaps have none of, are loaded when there is one.
    if (snapshot.units !== null) void import("./heap-orders");
    if (snapshot.kind === "slab") void import("./heap-slabs");
    const said = snapshot.kind === "heap" || snapshot.kind === "bump" || snapshot.kind === "tiny" ? en.structure[snapshot.kind] : "";
    return html`
      ${said === "" ? nothing : html`<section><h2>${en.structure.title}</h2><p class="small quiet">${said}</p></section>`}
      ${snapshot.units === null
        ? nothing
        : html`<heap-orders
            .snapshot=${snapshot}
            .at=${at}
            .from=${Math.max(fold.address(window.start), snapshot.start)}
            .to=${Math.min(fold.address(windowEnd(window)), snapshot.end)}
            .theme=${this.theme}
            @choose-address=${this.onChooseAddress}
          ></heap-orders>`}
      ${snapshot.kind === "slab"
        ? html`<heap-slabs .snapshot=${snapshot} .at=${at} @choose-address=${this.onChooseAddress}></heap-slabs>`
        : nothing}
      ${snapshot.kind === "heap" ? html`<heap-lists .snapshot=${snapshot}></heap-lists>` : nothing}
    `;
  }

  /** The map's inks, made anew only where something of them is another. */
  private inked(shown: Seen): Inked {
    const change = this.colouring === "change" ? this.diff() : null;
    const by = this.colouring === "change" && change === null ? "state" : this.colouring;
    if (this.ink?.of === shown && this.ink.by === by && this.ink.change === change) return this.ink;
    const moment = this.selection.moment ?? this.past.last?.id ?? 0;
    const inked =
      change !== null
        ? inkedDiff(change)
        : { blocks: shown.snapshot.blocks, ink: inks(shown.snapshot, shown.born, moment, by) };
    this.ink = { ...inked, of: shown, by, change };
    return this.ink;
  }

  /** The diff of the range; `null` if there is none, or a moment of it is gone. */
  private diff(): Diff | null {
    const { range } = this.selection;
    if (range === null) return null;
    const [from, to] = range;
    if (this.changes?.from !== from || this.changes.to !== to) {
      const [before, after] = [this.past.at(from), this.past.at(to)];
      this.changes = { from, to, diff: before === null || after === null ? null : diff(before, after, from) };
    }
    return this.changes.diff;
  }

  private readonly peek = (from: number, length: number): Uint8Array | null =>
    this.selection.moment === null ? (this.source?.peek(from, length) ?? new Uint8Array()) : null;
}

/** The panel of a block, while none is chosen. */
const hint = (): TemplateResult => html`<p class="quiet">${en.block.hint}</p>`;

customElements.define("heap-inspector", HeapInspector);
