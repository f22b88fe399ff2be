import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { Seen } from "../model/births";
import type { Reader } from "../formats/foreign";
import { decode, type Damage, type Decoded } from "../model/decode";
import { diff, type Diff } from "../model/diff";
import { History, type Moment } from "../model/history";
import { COLOURINGS, inkedDiff, inks, type Colouring, type Inked } from "../model/inks";
import { find, type Inspectable } from "../model/inspectable";
import { fit, windowEnd, type MapWindow } from "../model/map-layout";
import { compare, NOTHING_CHOSEN, present, still, travel, type Selection } from "../model/selection";
import { State, type Snapshot } from "../model/snapshot";
import { verdict, type Verdict } from "../model/verdict";
import { core as base } from "../styles/base";
import { tokens } from "../styles/tokens";
import { inspector as en } from "../text/en";
import { MAP_ROWS } from "./heap-map";
import "./heap-block";
import "./heap-classes";
import "./heap-diff";
import "./heap-headline";
import "./heap-lists";
import "./heap-metrics";
import "./heap-timeline";

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
    theme: { state: true },
    said: { state: true },
  };
  /** Milliseconds from one look to the next; 0, the default, leaves it to `refresh`. */
  declare interval: number;
  /** What all views show: the heap now, or as it was at a moment. */
  declare private shown: Seen | null;
  declare private selection: Selection;
  declare private damage: Damage | null;
  /** What the module lacks. */
  declare private missing: "no-memory" | "no-heap" | null;
  declare private view: MapWindow | null;
  declare private colouring: Colouring;
  /** Counts changes of the colours. */
  declare private theme: number;
  declare private said: string;

  private memory: WebAssembly.Memory | null = null;
  /** Null where the module has none: its heap is searched for. */
  private descriptor: number | null = null;
  private foreign: { readonly reader: Reader; readonly looked: readonly string[] } | null = null;
  /** A look that waits for the code that searches. */
  private waits: string | null = null;
  private past = new History();
  private requests: (moment: number) => ReadonlyMap<number, number> = NOTHING;
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
    this.colouring = "state";
    this.theme = 0;
    this.said = "";
  }

  static override styles = [
    tokens,
    base,
    css`
      :host {
        container-type: inline-size;
        background: var(--paper);
        /* Alone on somebody's page it keeps off the edge, and scrolls where it is given a height. */
        box-sizing: border-box;
        padding: var(--around, 1rem);
        overflow: var(--beyond, auto);
      }
      .sheet {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 2.25rem 3.5rem;
      }
      .sheet > * {
        min-width: 0;
      }
      /* Columns of text: views of any height follow each other without a hole. */
      .rest {
        columns: 1;
        column-gap: 3.5rem;
      }
      .rest > * {
        break-inside: avoid;
        margin-bottom: 2.25rem;
      }
      @container (min-width: 52rem) {
        .rest {
          columns: 2;
        }
      }
      @container (min-width: 90rem) {
        .sheet {
          grid-template-columns: minmax(0, 1.5fr) minmax(0, 1fr);
        }
        .wide {
          grid-column: 1 / -1;
        }
        .rest {
          columns: 1;
        }
      }
      .note {
        margin-bottom: 1.5rem;
      }
      heap-map {
        margin-bottom: 0.8rem;
      }
    `,
  ];

  // What it is told

  /**
   * Points the inspector at a module's exports, or at a memory and the address of a descriptor in
   * it, and forgets what was seen of the one before. What can't be inspected is said in place.
   */
  attach(source: Inspectable): void {
    const found = find(source);
    this.missing = found.is === "no-memory" ? found.is : null;
    this.memory = found.is === "no-memory" ? null : found.memory;
    this.descriptor = found.is === "heap" ? found.descriptor : null;
    this.foreign = null;
    this.waits = null;
    if (found.is === "no-descriptor") void this.search(found.memory);
    this.past = new History();
    this.requests = NOTHING;
    this.shown = null;
    this.selection = NOTHING_CHOSEN;
    this.colouring = this.colouring === "change" ? "state" : this.colouring;
    this.damage = null;
    this.view = null;
    this.changes = null;
    if (this.interval > 0) this.refresh(en.heap.look);
  }

  /**
   * Reads the heap again: a moment more. `label` says what the program has just done. Costs a pass
   * over the heap's map and its lists, and one over its blocks to keep them.
   */
  refresh(label: string): void {
    if (this.memory === null) return;
    const decoded = this.read(this.memory);
    if (decoded === null) {
      this.waits = this.foreign === null ? label : null;
      this.missing = this.foreign === null ? null : "no-heap";
      return;
    }
    this.missing = null;
    if (!decoded.ok) {
      this.damage = decoded.damage;
      this.said = en.damage(decoded.damage);
      return;
    }
    this.damage = null;
    const now = this.past.add(decoded.snapshot, label, performance.now());
    this.said = en.heap.read(label, now);
    this.choose(still(this.selection, this.past));
  }

  /** Loads what searches for heaps of other allocators, and looks if a look waits for it. */
  private async search(memory: WebAssembly.Memory): Promise<void> {
    const { Reader, ALLOCATORS } = await import("../formats/foreign");
    if (this.memory !== memory || this.descriptor !== null) return;
    this.foreign = { reader: new Reader(), looked: ALLOCATORS };
    if (this.waits !== null) this.refresh(this.waits);
    else if (this.read(memory) === null) this.missing = "no-heap";
  }

  /** Reads a new buffer each time: growth detaches the one before. Null where no heap is found. */
  private read({ buffer }: WebAssembly.Memory): Decoded | null {
    if (this.descriptor !== null) return decode(buffer, this.descriptor);
    const snapshot = this.foreign?.reader.read(buffer) ?? null;
    return snapshot === null ? null : { ok: true, snapshot };
  }

  /** Returns to the present, as after an action of the program. */
  now(): void {
    if (this.selection.moment !== null || this.selection.range !== null) this.choose(present(this.selection));
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

  // What it does by itself

  override connectedCallback(): void {
    super.connectedCallback();
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

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("interval")) this.watch();
  }

  private watch(): void {
    clearInterval(this.timer);
    if (this.interval > 0 && this.isConnected) this.timer = setInterval(this.look, this.interval);
  }

  /** A moment more if anything that counts is another; a heap at rest is not worth one. */
  private readonly look = (): void => {
    if (this.memory === null || document.hidden) return;
    const last = this.past.last;
    const decoded = this.read(this.memory);
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
    if (this.shown === null || this.view === null) return;
    const { start, end } = this.shown.snapshot;
    if (this.view.bytesPerRow >= fit(start, end, MAP_ROWS).bytesPerRow) this.view = null;
  }

  private readonly onTravel = (event: CustomEvent<number | null>): void => {
    const { selection, past } = this;
    this.choose(event.detail === null ? present(selection) : travel(selection, past, event.detail));
    const moment = past.moment(this.selection.moment ?? -1);
    this.said = moment === undefined ? en.timeline.returned : en.timeline.arrived(moment);
  };

  private readonly onCompare = (event: CustomEvent<readonly [number, number]>): void => {
    this.choose(compare(this.selection, this.past, ...event.detail));
    if (this.selection.range === null) return;
    this.colouring = "change";
    const change = this.diff();
    if (change !== null) this.said = en.diff.sentence(change);
  };

  private readonly onChoose = (event: CustomEvent<number>): void => {
    const blocks = this.shown?.snapshot.blocks;
    const at = event.detail < 0 ? -1 : (blocks?.address[event.detail] ?? -1);
    this.selection = { ...this.selection, at };
  };

  private readonly onChooseAddress = (event: CustomEvent<number>): void => {
    this.selection = { ...this.selection, at: event.detail };
  };

  private readonly onLook = (event: CustomEvent<MapWindow | null>): void => {
    this.view = event.detail;
  };

  private readonly onColour = (event: CustomEvent<Colouring>): void => {
    this.colouring = event.detail;
  };

  // What it shows

  override render(): TemplateResult {
    const { missing, damage, shown } = this;
    const nothingYet = missing === null && damage === null && shown === null;
    return html`
      <p class="unseen" role="status">${this.said}</p>
      ${missing === null
        ? nothing
        : html`<p class="note error">${missing === "no-memory" ? en.heap.noMemory : en.heap.noHeap(this.foreign?.looked ?? [])}</p>`}
      ${damage === null ? nothing : html`<p class="note error">${en.damage(damage)}</p>`}
      ${nothingYet ? html`<p class="quiet">${en.heap.none}</p>` : nothing} ${shown === null ? nothing : this.sheet(shown)}
    `;
  }

  private sheet(shown: Seen): TemplateResult {
    const { selection, past, theme } = this;
    const { snapshot } = shown;
    const { moment, moments, judged } = this.lived();
    // Of a bump heap's chunks nobody asked for any.
    const asked = snapshot.kind === "bump" ? NONE : this.requests(moment.id);
    return html`
      <div class="sheet" data-kind=${snapshot.kind}>
        ${snapshot.found === undefined ? nothing : html`<p class="wide found">${en.heap.found(snapshot.found)}</p>`}
        <heap-headline class="wide" .verdict=${judged} .figures=${moment}></heap-headline>
        ${snapshot.kind === "tiny"
          ? nothing
          : html`<heap-timeline
              class="wide"
              .moments=${moments}
              .forgotten=${past.forgotten}
              .pictured=${past.pictured}
              .moment=${selection.moment}
              .range=${selection.range}
              .theme=${theme}
              @travel=${this.onTravel}
              @compare=${this.onCompare}
            ></heap-timeline>`}
        ${this.changed()} ${this.map(shown, asked)}
        <div class="rest">${this.rest(snapshot, moment, asked)}</div>
      </div>
    `;
  }

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

  private changed(): TemplateResult | typeof nothing {
    const { range } = this.selection;
    const [from, to] = range === null ? [] : range.map((id) => this.past.moment(id));
    if (from === undefined || to === undefined) return nothing;
    return html`<heap-diff class="wide" .diff=${this.diff()} .from=${from} .to=${to}></heap-diff>`;
  }

  private map(shown: Seen, asked: ReadonlyMap<number, number>): TemplateResult {
    const { snapshot, born } = shown;
    const { at, range } = this.selection;
    const chosen = at < 0 ? -1 : snapshot.blocks.find(at);
    const address = snapshot.blocks.address[chosen] ?? -1;
    return html`<div class="map">
      <heap-map
        .snapshot=${snapshot}
        .inked=${this.inked(shown)}
        .colouring=${this.colouring}
        .colourings=${range === null ? PLAIN : COLOURINGS}
        .chosen=${chosen}
        .view=${this.view}
        .theme=${this.theme}
        @choose=${this.onChoose}
        @look=${this.onLook}
        @colour=${this.onColour}
      ></heap-map>
      <heap-block
        .snapshot=${snapshot}
        .chosen=${chosen}
        .peek=${this.peek}
        .since=${born[chosen] ?? 0}
        .requested=${asked.size > 0 && snapshot.blocks.state[chosen] === State.Live ? (asked.get(address) ?? null) : undefined}
        @choose=${this.onChoose}
      ></heap-block>
    </div>`;
  }

  private rest(snapshot: Snapshot, moment: Moment, asked: ReadonlyMap<number, number>): TemplateResult {
    const window = this.view ?? fit(snapshot.start, snapshot.end, MAP_ROWS);
    const { at } = this.selection;
    // Views of buddies and slabs, which most heaps have none of, are loaded when there is one.
    if (snapshot.units !== null) void import("./heap-orders");
    if (snapshot.kind === "slab") void import("./heap-slabs");
    return html`
      ${snapshot.units === null
        ? nothing
        : html`<heap-orders
            .snapshot=${snapshot}
            .at=${at}
            .from=${Math.max(window.start, snapshot.start)}
            .to=${Math.min(windowEnd(window), snapshot.end)}
            .theme=${this.theme}
            @choose-address=${this.onChooseAddress}
          ></heap-orders>`}
      ${snapshot.kind === "slab"
        ? html`<heap-slabs .snapshot=${snapshot} .at=${at} @choose-address=${this.onChooseAddress}></heap-slabs>`
        : nothing}
      ${snapshot.kind === "tiny" ? nothing : html`<heap-classes .snapshot=${snapshot} .requested=${asked}></heap-classes>`}
      ${snapshot.kind === "tiny" || snapshot.kind === "heap" ? html`<heap-lists .snapshot=${snapshot}></heap-lists>` : nothing}
      <heap-metrics .snapshot=${snapshot} .moment=${moment} .requested=${asked}></heap-metrics>
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

  private readonly peek = (from: number, length: number): Uint8Array | null => {
    if (this.selection.moment !== null) return null;
    const buffer = this.memory?.buffer;
    if (buffer === undefined || from + length > buffer.byteLength) return new Uint8Array();
    return new Uint8Array(buffer, from, length).slice();
  };
}

customElements.define("heap-inspector", HeapInspector);
