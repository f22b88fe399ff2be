import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { MapCanvases, PITCH, type MapScene } from "../draw/map-canvases";
import { resolvePalette } from "../draw/palette";
import { Fold } from "../model/fold";
import { COLOURINGS, type Colouring, type Inked } from "../model/inks";
import { fit, reveal, scroll, windowEnd, zoom, type MapWindow } from "../model/map-layout";
import type { Blocks, Snapshot, State } from "../model/snapshot";
import { core as base } from "../styles/base";
import { heapMap, mapLegend } from "../styles/heap-map";
import { inspector as en } from "../text/inspector";
import { address } from "../text/format";
import { legend, paintLegend, statesOf } from "./map-legend";
import { MapPointer, type Pointed } from "./map-pointer";
import { mapTable } from "./map-table";
import { belongs, stateName } from "./names";
import { rove } from "./roving";

const ROWS = 20;

/** Returns the number of rows that fit in a map of that height, in CSS pixels; a usual number until it is known. */
export const mostRows = (height: number): number => (height === 0 ? ROWS : Math.max(4, Math.floor(height / PITCH.least)));

/** The window of a whole map. */
export const wholeMap = ([start, end]: readonly [number, number], rows: number): MapWindow => fit(start, end, rows);

/**
 * The address map, as a canvas of rows like a hex dump, as high as its element. Windows are of positions, which are
 * addresses where nothing is folded. Fires `choose` with the index of a block (or -1), `look` with the window that should
 * be shown, `colour` with a colouring, and `rows` with how many rows there is room for.
 */
export class HeapMap extends LitElement implements Pointed {
  static override properties = {
    snapshot: { attribute: false },
    inked: { attribute: false },
    colouring: { attribute: false },
    colourings: { attribute: false },
    chosen: { attribute: false },
    view: { attribute: false },
    reach: { attribute: false },
    fold: { attribute: false },
    wheels: { attribute: false },
    bare: { type: Boolean, reflect: true },
    label: { attribute: false },
    height: { state: true },
    theme: { attribute: false },
    tableOpen: { state: true },
  };
  declare snapshot: Snapshot;
  /** The painted blocks: the snapshot's, or those of a diff. */
  declare inked: Inked;
  declare colouring: Colouring;
  /** Those that can be chosen. */
  declare colourings: readonly Colouring[];
  /** Index of the chosen block, or -1. */
  declare chosen: number;
  /** The window shown; `null` is the whole heap. */
  declare view: MapWindow | null;
  /** The positions that the whole map is of: one scale for all moments. */
  declare reach: readonly [number, number];
  declare fold: Fold;
  /** The wheel zooms by itself, and not only with Ctrl: nothing around the map scrolls. */
  declare wheels: boolean;
  /** Legend, tools and overview are somewhere else, for several maps at once. */
  declare bare: boolean;
  /** The name of the slider that the rows are. */
  declare label: string;
  /** Of the field, in CSS pixels. */
  declare private height: number;
  /** Changes when colours do. */
  declare theme: number;
  /** The blocks are shown as a table, in place of the drawing. */
  declare private tableOpen: boolean;

  private readonly canvases = new MapCanvases(this);
  /** Of the theme and the colouring. */
  private scenery: Pick<MapScene, "palette" | "colours"> | null = null;
  /** The inks that the legend has samples of. */
  private sampled = "";
  private states: { readonly of: Snapshot; readonly seen: ReadonlySet<State> } | null = null;
  private readonly resize = new ResizeObserver(() => {
    this.measure();
    this.paint();
  });
  /** The blocks at their positions. */
  private placed: { readonly of: Snapshot; readonly fold: Fold; readonly blocks: Blocks } | null = null;
  /** The painted blocks, at their positions. */
  private painted: { readonly of: Inked; readonly fold: Fold; readonly inked: Inked } | null = null;
  /** The window to show from the next frame on; `undefined` if it is the one shown. */
  private aimed: MapWindow | null | undefined;
  private hovered = -1;
  private readonly pointer = new MapPointer(this);

  constructor() {
    super();
    this.chosen = -1;
    this.colouring = "state";
    this.colourings = COLOURINGS;
    this.view = null;
    this.reach = [0, 0];
    this.fold = Fold.NONE;
    this.wheels = false;
    this.bare = false;
    this.label = en.map.label;
    this.height = 0;
    this.theme = 0;
    this.tableOpen = false;
  }

  static override styles = [base, mapLegend, heapMap];

  get whole(): MapWindow {
    return wholeMap(this.reach, this.most);
  }

  /** The number of rows that there is room for. */
  private get most(): number {
    return mostRows(this.height);
  }

  /** From the top of a row to that of the next. */
  get pitch(): number {
    return Math.max(PITCH.least, Math.min(PITCH.most, Math.floor(this.height / Math.max(1, this.window.rows))));
  }

  /** The snapshot's blocks at their positions. */
  private get blocks(): Blocks {
    const { snapshot, fold } = this;
    if (this.placed?.of !== snapshot || this.placed.fold !== fold) this.placed = { of: snapshot, fold, blocks: fold.blocks(snapshot.blocks) };
    return this.placed.blocks;
  }

  private get paints(): Inked {
    const { inked, fold } = this;
    if (!fold.folded) return inked;
    if (this.painted?.of !== inked || this.painted.fold !== fold) this.painted = { of: inked, fold, inked: { ...inked, blocks: fold.blocks(inked.blocks) } };
    return this.painted.inked;
  }

  private measure(): void {
    const height = this.field.clientHeight;
    if (height === 0 || height === this.height) return;
    const before = this.most;
    this.height = height;
    if (this.most !== before) this.dispatchEvent(new CustomEvent("rows", { detail: this.most }));
  }

  get window(): MapWindow {
    return this.view ?? this.whole;
  }

  /** The window that was asked for last. */
  get aim(): MapWindow | null {
    return this.aimed === undefined ? this.view : this.aimed;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.observe();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resize.disconnect();
  }

  protected override firstUpdated(): void {
    this.observe();
    // Not passive: a zoom by wheel must not zoom the page too.
    this.field.addEventListener("wheel", this.pointer.wheel, { passive: false });
  }

  private observe(): void {
    this.resize.observe(this.field);
  }

  get field(): HTMLElement {
    return this.renderRoot.querySelector<HTMLElement>(".field-of-view")!;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("theme") || changed.has("colouring")) this.scenery = null;
    if (changed.has("view")) this.aimed = undefined;
  }

  protected override updated(): void {
    this.paint();
  }

  override render(): TemplateResult {
    const { snapshot, chosen, pitch } = this;
    const view = this.window;
    const whole = this.whole;
    const zoomed = view.bytesPerRow < whole.bytesPerRow;
    const span = Math.max(1, windowEnd(whole) - whole.start);
    const left = ((view.start - whole.start) / span) * 100;
    const width = ((windowEnd(view) - view.start) / span) * 100;
    const every = Math.ceil(28 / pitch);
    return html`
      <section class="plate" aria-labelledby="title">
        <h2 id="title" class="unseen">${this.bare ? this.label : en.map.title}</h2>
        <div class="bar">
          ${legend(this.colouring, this.seen)}
          <div class="tools">
            <label class="by">
              ${en.map.colour}
              <select @change=${this.onColour}>
                ${this.colourings.map((name) => html`<option value=${name} .selected=${name === this.colouring}>${en.map.colourings[name]}</option>`)}
              </select>
            </label>
            <div class="tools" role="toolbar" aria-label=${en.map.tools} @keydown=${rove}>
              <button tabindex="0" @click=${() => { this.zoomBy(-1); }} aria-label=${en.map.zoomIn} title=${en.map.zoomIn}>+</button>
              <button tabindex="-1" @click=${() => { if (zoomed) this.zoomBy(1); }} aria-disabled=${zoomed ? "false" : "true"} aria-label=${en.map.zoomOut} title=${en.map.zoomOut}>−</button>
              <button tabindex="-1" @click=${() => { this.look(null); }} aria-disabled=${zoomed ? "false" : "true"}>${en.map.all}</button>
              <button tabindex="-1" aria-pressed=${this.tableOpen ? "true" : "false"} @click=${() => { this.tableOpen = !this.tableOpen; }}>${en.heap.table}</button>
            </div>
          </div>
        </div>
        <div class="overview" ?hidden=${!zoomed || this.tableOpen} role="img" aria-label=${en.map.overview} @pointerdown=${this.onOverview} @pointermove=${this.onOverview}>
          <canvas class="all"></canvas>
          <div class="lens" style="left:${left}%;width:${width}%"></div>
        </div>
        ${this.tableOpen ? this.table() : nothing}
        <div class="rows" ?hidden=${this.tableOpen} style="--pitch:${pitch}px;--tall:${view.rows * pitch}px">
          <div class="gutter" aria-hidden="true">
            ${Array.from({ length: Math.ceil(view.rows / every) }, (_, i) => {
              const row = i * every;
              return html`<span style="top:${row * pitch + (pitch - 16) / 2}px">${address(this.fold.address(view.start + row * view.bytesPerRow))}</span>`;
            })}
          </div>
          <div
            class="field-of-view"
            data-by=${this.colouring}
            ?data-zoomed=${zoomed}
            tabindex="0"
            role="slider"
            aria-label=${this.label}
            aria-describedby="keys"
            aria-orientation="horizontal"
            aria-valuemin="0"
            aria-valuemax=${Math.max(0, snapshot.blocks.count - 1)}
            aria-valuenow=${Math.max(0, chosen)}
            aria-valuetext=${chosen < 0 ? en.map.none : this.describe(chosen)}
            @keydown=${this.onKey}
            @pointerdown=${this.pointer.down}
            @pointermove=${this.pointer.move}
            @pointerup=${this.pointer.end}
            @pointercancel=${this.pointer.end}
            @pointerleave=${this.pointer.leave}
            @dblclick=${() => { this.zoomBy(-2); }}
          >
            <canvas class="ground"></canvas>
            <canvas class="labels"></canvas>
            <canvas class="outline"></canvas>
            <div class="tip" hidden></div>
          </div>
        </div>
        <p id="keys" class="unseen">${en.map.keys} ${en.map.caption(view.bytesPerRow)}</p>
      </section>
    `;
  }

  private get seen(): ReadonlySet<State> {
    const { snapshot } = this;
    if (this.states?.of !== snapshot) this.states = { of: snapshot, seen: statesOf(snapshot) };
    return this.states.seen;
  }

  private table(): TemplateResult {
    const view = this.window;
    const from = Math.max(0, this.blocks.lowerBound(view.start));
    return mapTable(this.snapshot, from, this.blocks.lowerBound(windowEnd(view) - 1) + 1, (index) => { this.choose(index); });
  }

  private describe(index: number): string {
    const { blocks } = this.snapshot;
    return en.block.describe(
      blocks.address[index]!,
      blocks.size[index]!,
      stateName(blocks.state[index]!),
      belongs(this.snapshot, index),
    );
  }

  // Painting

  private scene(): MapScene {
    if (this.scenery === null) {
      const palette = resolvePalette(this);
      this.scenery = { palette, colours: { inks: palette.inks[this.colouring], paper: palette.paper } };
      this.sampled = "";
    }
    const whole = this.view === null ? null : this.whole;
    return { inked: this.paints, view: this.window, pitch: this.pitch, whole, labelled: this.colouring === "state", ...this.scenery };
  }

  private paint(): void {
    if (this.field.clientWidth === 0 || this.height === 0) return;
    this.canvases.paint(this.scene());
    this.outline();
    this.sampled = paintLegend(this.renderRoot, this.scenery!.colours, this.sampled);
  }

  private outline(): void {
    const { blocks } = this;
    const scene = this.scene();
    const { ink, ink2 } = scene.palette;
    const frames = [
      { index: this.hovered, color: ink2, line: 1 },
      { index: this.chosen, color: ink, line: 2 },
    ].filter(({ index }) => index >= 0 && index < blocks.count);
    this.canvases.frame(scene, frames.map(({ index, ...more }) => ({ start: blocks.address[index]!, end: blocks.end(index), ...more })));
  }

  // Looking and choosing

  private readonly onColour = (event: Event): void => {
    const name = (event.target as HTMLSelectElement).value;
    this.dispatchEvent(new CustomEvent("colour", { detail: name }));
  };

  /** Wheels, fingers and keys may ask more often than there are frames: each frame takes the last. */
  look(view: MapWindow | null): void {
    if (this.aimed === undefined) {
      requestAnimationFrame(() => {
        const detail = this.aim;
        this.aimed = undefined;
        this.dispatchEvent(new CustomEvent("look", { detail }));
      });
    }
    this.aimed = view;
  }

  zoomBy(steps: number, around = this.centre()): void {
    const { aim, whole } = this;
    const view = zoom(aim ?? whole, whole, whole.rows, steps, around);
    this.look(view.bytesPerRow === whole.bytesPerRow ? null : view);
  }

  /** The chosen block if it is in sight, else the middle of the window. */
  centre(): number {
    const { blocks } = this;
    const view = this.window;
    const at = this.chosen < 0 ? -1 : blocks.address[this.chosen]!;
    if (at >= view.start && at < windowEnd(view)) return at;
    return (view.start + windowEnd(view)) / 2;
  }

  private choose(index: number): void {
    this.dispatchEvent(new CustomEvent("choose", { detail: index }));
    const { aim, blocks } = this;
    if (index < 0 || aim === null) return;
    const view = reveal(aim, this.whole, blocks.address[index]!, blocks.end(index));
    if (view !== aim) this.look(view);
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { blocks } = this;
    const last = blocks.count - 1;
    const view = this.window;
    const by = (bytesMoved: number): number => {
      const from = this.chosen < 0 ? view.start : blocks.address[this.chosen]!;
      const to = Math.max(blocks.address[0] ?? 0, Math.min(blocks.end(last) - 1, from + bytesMoved));
      const found = blocks.find(to);
      // A block longer than the step would hold the choice where it is.
      if (found === this.chosen) return Math.max(0, Math.min(last, found + Math.sign(bytesMoved)));
      return found;
    };
    const moves: Record<string, () => void> = {
      ArrowRight: () => { this.choose(Math.min(last, this.chosen + 1)); },
      ArrowLeft: () => { this.choose(Math.max(0, this.chosen - 1)); },
      ArrowDown: () => { this.choose(by(view.bytesPerRow)); },
      ArrowUp: () => { this.choose(by(-view.bytesPerRow)); },
      PageDown: () => { this.choose(by(view.bytesPerRow * view.rows)); },
      PageUp: () => { this.choose(by(-view.bytesPerRow * view.rows)); },
      Home: () => { this.choose(0); },
      End: () => { this.choose(last); },
      Escape: () => { this.choose(-1); },
      "+": () => { this.zoomBy(-1); },
      "=": () => { this.zoomBy(-1); },
      "-": () => { this.zoomBy(1); },
      "0": () => { this.look(null); },
    };
    const move = moves[event.key];
    if (move === undefined || last < 0) return;
    event.preventDefault();
    move();
  };

  // Pointers

  press(position: number): void {
    this.choose(this.blocks.find(position));
  }

  hover(position: number, event: PointerEvent): void {
    const index = this.blocks.find(position);
    this.tell(event, index);
    if (index === this.hovered) return;
    this.hovered = index;
    this.outline();
  }

  leave(): void {
    this.hovered = -1;
    this.tell(null, -1);
    this.outline();
  }

  /** Describes the block under the pointer, beside it at once. */
  private tell(event: PointerEvent | null, index: number): void {
    const tip = this.renderRoot.querySelector<HTMLElement>(".tip")!;
    tip.hidden = event === null || index < 0 || event.pointerType === "touch";
    if (event === null || tip.hidden) return;
    const box = this.field.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    tip.textContent = this.describe(index);
    tip.style.left = `${Math.max(0, Math.min(x + 12, box.width - tip.offsetWidth))}px`;
    tip.style.top = `${y + 44 < box.height ? y + 18 : y - 30}px`;
  }

  private readonly onOverview = (event: PointerEvent): void => {
    if (event.buttons === 0 || this.view === null) return;
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const { whole, view } = this;
    const at = whole.start + ((event.clientX - box.left) / box.width) * (windowEnd(whole) - whole.start);
    const rows = Math.round((at - (view.start + windowEnd(view)) / 2) / view.bytesPerRow);
    this.look(scroll(view, whole, rows));
  };
}

customElements.define("heap-map", HeapMap);
