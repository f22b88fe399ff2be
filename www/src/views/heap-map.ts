import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { MapCanvases, paintSample, PITCH, type MapScene } from "../draw/map-canvases";
import { resolvePalette } from "../draw/palette";
import { Fold } from "../model/fold";
import { COLOURINGS, steps, type Colouring, type Inked } from "../model/inks";
import { addressAt, fit, reveal, scroll, windowEnd, zoom, type MapWindow } from "../model/map-layout";
import { State, type Blocks, type Snapshot } from "../model/snapshot";
import { core as base } from "../styles/base";
import { inspector as en } from "../text/inspector";
import { address, bytes } from "../text/format";
import { belongs, stateName } from "./names";
import { rove } from "./roving";

const TABLE_ROWS = 200;
const LEGEND = [State.Live, State.Free, State.Waiting, State.Fresh, State.Meta, State.Gap, State.Unknown, State.Static, State.Stack, State.Data, State.Unused] as const;
const ROWS = 20;

/** Returns the number of rows that fit in a map of that height, in CSS pixels; a usual number until it is known. */
export const mostRows = (height: number): number => (height === 0 ? ROWS : Math.max(4, Math.floor(height / PITCH.least)));

/** The window of a whole map. */
export const wholeMap = ([start, end]: readonly [number, number], rows: number): MapWindow => fit(start, end, rows);

/** A notch of a wheel, in pixels: mice give 100 or 120. */
const NOTCH = 60;

/**
 * The address map, as a canvas of rows like a hex dump, as high as its element. Windows are of positions, which are
 * addresses where nothing is folded. Fires `choose` with the index of a block (or -1), `look` with the window that should
 * be shown, `colour` with a colouring, and `rows` with how many rows there is room for.
 */
export class HeapMap extends LitElement {
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
  private states: { readonly of: Snapshot; readonly seen: number } | null = null;
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
  private pinch = 0;
  /** The position that a zoom holds, while the pointer stays where it is. */
  private held: { readonly x: number; readonly y: number; readonly position: number } | null = null;
  /** The sum of wheels and pinches on a touchpad, in pixels. */
  private turned = 0;
  /** The start of a drag, and the window then. */
  private grip: { readonly y: number; readonly view: MapWindow; moved: boolean } | null = null;
  private readonly touches = new Map<number, PointerEvent>();

  constructor() {
    super();
    this.chosen = -1;
    this.colouring = "state";
    this.colourings = COLOURINGS;
    this.view = null;
    this.reach = [0, 0];
    this.fold = Fold.NONE;
    this.wheels = false;
    this.height = 0;
    this.theme = 0;
    this.tableOpen = false;
  }

  static override styles = [
    base,
    css`
      :host {
        height: 100%;
        min-height: 0;
      }
      .plate {
        --gutter: 5.6rem;
        display: flex;
        flex-direction: column;
        height: 100%;
        min-height: 0;
      }
      .bar {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: 0.25rem 1rem;
        min-height: 2rem;
        overflow: hidden;
      }
      .legend {
        display: flex;
        flex-wrap: wrap;
        gap: 0 1rem;
        max-height: 4.1rem;
        overflow: hidden;
        font-size: 0.75rem;
        color: var(--ink-2);
      }
      .legend li {
        display: inline-flex;
        align-items: center;
        gap: 0.35rem;
        white-space: nowrap;
      }
      .legend canvas {
        width: 22px;
        height: 11px;
      }
      .tools {
        display: flex;
        flex: none;
        gap: 0.2rem;
        align-items: center;
      }
      .by {
        display: flex;
        align-items: center;
        gap: 0.35rem;
        margin-right: 0.4rem;
        font-size: 0.75rem;
        color: var(--ink-2);
        white-space: nowrap;
      }
      .by select {
        min-height: 1.65rem;
        padding: 0 0.3rem;
        color: var(--ink);
      }
      .tools button {
        min-height: 1.65rem;
        min-width: 1.8rem;
        padding: 0 0.45rem;
        font-size: 0.75rem;
      }
      .tools button[aria-pressed="true"] {
        background: var(--wash);
        border-color: var(--accent);
      }
      .tools button[aria-disabled="true"] {
        color: var(--ink-2);
        border-style: dashed;
        background: transparent;
        cursor: default;
      }
      .overview {
        position: relative;
        flex: none;
        height: 8px;
        margin: 3px 0 6px var(--gutter);
        cursor: pointer;
      }
      .overview canvas {
        width: 100%;
        height: 8px;
      }
      .lens {
        position: absolute;
        inset-block: -3px;
        min-width: 5px;
        border: 2px solid var(--ink);
        border-radius: 2px;
        pointer-events: none;
      }
      .rows {
        display: grid;
        flex: 1;
        grid-template-columns: var(--gutter) minmax(0, 1fr);
        min-height: 0;
      }
      .gutter {
        position: relative;
        overflow: hidden;
        font: 0.6875rem/1 var(--mono);
        color: var(--ink-2);
      }
      .gutter span {
        position: absolute;
        left: 0;
        line-height: 13px;
      }
      .field-of-view {
        position: relative;
        min-height: var(--least, 20rem);
        overflow: clip;
        cursor: crosshair;
        touch-action: pan-y;
      }
      .field-of-view[data-zoomed] {
        cursor: grab;
        touch-action: none;
      }
      .field-of-view:focus-visible {
        outline-offset: 0;
      }
      /* Memory with no change in it: rows of a faint colour, as high and as far apart as the map's. */
      .field-of-view[data-by="change"] .ground {
        background: repeating-linear-gradient(var(--fresh) 0 calc(var(--pitch) - 3px), transparent calc(var(--pitch) - 3px) var(--pitch));
      }
      .field-of-view canvas {
        position: absolute;
        inset: 0 auto auto 0;
        width: 100%;
        height: var(--tall);
      }
      .tip {
        position: absolute;
        z-index: 3;
        max-width: min(22rem, 100%);
        padding: 0.15rem 0.5rem;
        border: 1px solid var(--line-2);
        border-radius: var(--radius);
        background: var(--sheet);
        font-size: 0.75rem;
        pointer-events: none;
        white-space: nowrap;
      }
      .table {
        flex: 1;
        min-height: var(--least, 20rem);
        overflow: auto;
      }
      @container (max-width: 34rem) {
        .plate {
          --gutter: 0rem;
        }
        .rows {
          grid-template-columns: minmax(0, 1fr);
        }
        .gutter {
          display: none;
        }
        .bar {
          flex-direction: column-reverse;
          align-items: start;
        }
        .tools {
          flex: 0 1 auto;
          flex-wrap: wrap;
        }
        .tools button {
          min-height: 2.2rem;
          min-width: 2.4rem;
        }
      }
    `,
  ];

  private get whole(): MapWindow {
    return wholeMap(this.reach, this.most);
  }

  /** The number of rows that there is room for. */
  private get most(): number {
    return mostRows(this.height);
  }

  /** From the top of a row to that of the next. */
  private get pitch(): number {
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

  private get window(): MapWindow {
    return this.view ?? this.whole;
  }

  /** The window that was asked for last. */
  private get aim(): MapWindow | null {
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
    this.field.addEventListener("wheel", (event) => { this.onWheel(event); }, { passive: false });
  }

  private observe(): void {
    this.resize.observe(this.field);
  }

  private get field(): HTMLElement {
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
        <h2 id="title" class="unseen">${en.map.title}</h2>
        <div class="bar">
          <ul class="legend">
            ${this.legend().map(({ ink, name }) => html`<li><canvas data-ink=${ink}></canvas>${name}</li>`)}
          </ul>
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
            aria-label=${en.map.label}
            aria-describedby="keys"
            aria-orientation="horizontal"
            aria-valuemin="0"
            aria-valuemax=${Math.max(0, snapshot.blocks.count - 1)}
            aria-valuenow=${Math.max(0, chosen)}
            aria-valuetext=${chosen < 0 ? en.map.none : this.describe(chosen)}
            @keydown=${this.onKey}
            @pointerdown=${this.onPointerDown}
            @pointermove=${this.onPointerMove}
            @pointerup=${this.onPointerEnd}
            @pointercancel=${this.onPointerEnd}
            @pointerleave=${this.onLeave}
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

  private legend(): { readonly ink: number; readonly name: string }[] {
    const { colouring } = this;
    const live = steps(colouring).map(({ ink, value }) => ({ ink, name: en.map.step[colouring](value) }));
    if (colouring === "change") return live;
    const others = LEGEND.filter((state) => (state !== State.Live || colouring === "state") && this.present(state));
    return [...live, ...others.map((state) => ({ ink: state, name: stateName(state) }))];
  }

  private present(state: State): boolean {
    const { snapshot } = this;
    if (this.states?.of !== snapshot) {
      const { state: column, count } = snapshot.blocks;
      let seen = 0;
      for (let i = 0; i < count; i++) seen |= 1 << column[i]!;
      this.states = { of: snapshot, seen };
    }
    return (state === State.Live && snapshot.kind !== "tiny") || state === State.Free || (this.states.seen & (1 << state)) !== 0;
  }

  private table(): TemplateResult {
    const { blocks } = this.snapshot;
    const view = this.window;
    const from = Math.max(0, this.blocks.lowerBound(view.start));
    const to = this.blocks.lowerBound(windowEnd(view) - 1) + 1;
    const shown = Math.min(to - from, TABLE_ROWS);
    return html`
      <div class="table" tabindex="0" role="region" aria-label=${en.heap.tableOf(en.map.title)}>
        <p class="quiet small">${en.map.rows(shown, to - from)}</p>
        <table>
          <thead>
            <tr>${en.map.columns.map((name, i) => html`<th class=${i > 1 ? "word" : ""} scope="col">${name}</th>`)}</tr>
          </thead>
          <tbody>
            ${Array.from({ length: shown }, (_, i) => from + i).map(
              (i) => html`<tr>
                <th scope="row"><button class="plain mono" @click=${() => { this.choose(i); }}>${address(blocks.address[i]!)}</button></th>
                <td>${bytes(blocks.size[i]!)}</td>
                <td class="word">${stateName(blocks.state[i]!)}</td>
                <td class="word">${belongs(this.snapshot, i)}</td>
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
    `;
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
    this.samples();
  }

  /** Paints the legend, where it has other inks than before. */
  private samples(): void {
    const canvases = [...this.renderRoot.querySelectorAll<HTMLCanvasElement>(".legend canvas")];
    const inks = canvases.map(({ dataset }) => Number(dataset["ink"]));
    if (inks.join() === this.sampled) return;
    this.sampled = inks.join();
    canvases.forEach((canvas, i) => { paintSample(canvas, inks[i]!, this.scene().colours); });
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
  private look(view: MapWindow | null): void {
    if (this.aimed === undefined) {
      requestAnimationFrame(() => {
        const detail = this.aim;
        this.aimed = undefined;
        this.dispatchEvent(new CustomEvent("look", { detail }));
      });
    }
    this.aimed = view;
  }

  private zoomBy(steps: number, around = this.centre()): void {
    const { aim, whole } = this;
    const view = zoom(aim ?? whole, whole, whole.rows, steps, around);
    this.look(view.bytesPerRow === whole.bytesPerRow ? null : view);
  }

  /** The chosen block if it is in sight, else the middle of the window. */
  private centre(): number {
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

  /** The position under the pointer. */
  private under(event: MouseEvent): number {
    const box = this.field.getBoundingClientRect();
    const row = Math.min(this.window.rows - 1, Math.max(0, Math.floor((event.clientY - box.top) / this.pitch)));
    return addressAt(this.window, row, (event.clientX - box.left) / box.width);
  }

  private onWheel(event: WheelEvent): void {
    if (event.shiftKey) {
      if (this.aim === null) return;
      event.preventDefault();
      this.look(scroll(this.aim, this.whole, Math.sign(event.deltaY || event.deltaX) * 2));
    } else if (this.wheels || event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.turn(event);
    }
  }

  /** Zooms by a step for each notch of a wheel; a pinch on a touchpad comes in many small events. */
  private turn(event: WheelEvent): void {
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * 33;
    if (Math.sign(pixels) !== Math.sign(this.turned)) this.turned = 0;
    this.turned += pixels;
    if (Math.abs(this.turned) < NOTCH) return;
    this.zoomBy(Math.sign(this.turned), this.hold(event));
    this.turned = 0;
  }

  /** The position that was under the pointer when it came to rest there: rows move under it as they zoom. */
  private hold(event: MouseEvent): number {
    const { clientX: x, clientY: y } = event;
    if (this.held === null || Math.hypot(this.held.x - x, this.held.y - y) > 3) this.held = { x, y, position: this.under(event) };
    return this.held.position;
  }

  private readonly onPointerDown = (event: PointerEvent): void => {
    this.touches.set(event.pointerId, event);
    this.pinch = this.spread();
    this.held = null;
    if (this.touches.size > 1) this.grip = null;
    else if (event.button === 0) {
      this.grip = { y: event.clientY, view: this.aim ?? this.whole, moved: false };
    }
  };

  /** Pans by whole rows. */
  private pan(event: PointerEvent): void {
    const { grip } = this;
    if (grip === null) return;
    const rows = Math.round((grip.y - event.clientY) / this.pitch);
    if (rows === 0 && !grip.moved) return;
    grip.moved = true;
    if (this.aim === null) return;
    this.field.setPointerCapture(event.pointerId);
    this.look(scroll({ ...grip.view, rows: this.aim.rows }, this.whole, rows));
  }

  private readonly onPointerMove = (event: PointerEvent): void => {
    if (this.touches.has(event.pointerId)) this.touches.set(event.pointerId, event);
    if (this.touches.size === 2) {
      const spread = this.spread();
      if (spread > this.pinch * 1.35 || spread < this.pinch / 1.35) {
        this.held ??= { x: 0, y: 0, position: this.between() };
        this.zoomBy(spread > this.pinch ? -1 : 1, this.held.position);
        this.pinch = spread;
      }
      return;
    }
    if (this.grip !== null && event.buttons !== 0) this.pan(event);
    const index = this.blocks.find(this.under(event));
    this.tell(event, index);
    if (index === this.hovered) return;
    this.hovered = index;
    this.outline();
  };

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

  private readonly onPointerEnd = (event: PointerEvent): void => {
    this.touches.delete(event.pointerId);
    const { grip } = this;
    this.grip = null;
    if (grip?.moved === false && event.type === "pointerup") this.choose(this.blocks.find(this.under(event)));
  };

  private readonly onLeave = (event: PointerEvent): void => {
    this.touches.delete(event.pointerId);
    this.hovered = -1;
    this.tell(null, -1);
    this.outline();
  };

  /** The position in the middle of two fingers. */
  private between(): number {
    const [a, b] = [...this.touches.values()];
    if (a === undefined || b === undefined) return this.centre();
    const box = this.field.getBoundingClientRect();
    const row = Math.floor(((a.clientY + b.clientY) / 2 - box.top) / this.pitch);
    const x = ((a.clientX + b.clientX) / 2 - box.left) / box.width;
    return addressAt(this.window, Math.min(this.window.rows - 1, Math.max(0, row)), x);
  }

  private spread(): number {
    const [a, b] = [...this.touches.values()];
    return a === undefined || b === undefined ? 0 : Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
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
