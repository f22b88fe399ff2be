import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { MapCanvases, paintSample, PITCH, rowsHeight, type MapScene } from "../draw/map-canvases";
import { resolvePalette } from "../draw/palette";
import { COLOURINGS, steps, type Colouring, type Inked } from "../model/inks";
import { addressAt, fit, reveal, scroll, windowEnd, zoom, type MapWindow } from "../model/map-layout";
import { State, type Snapshot } from "../model/snapshot";
import { core as base } from "../styles/base";
import { inspector as en } from "../text/en";
import { address, bytes } from "../text/format";
import { belongs, stateName } from "./names";

export const MAP_ROWS = 20;
const TABLE_ROWS = 200;
const LEGEND = [State.Live, State.Free, State.Waiting, State.Fresh, State.Meta, State.Gap, State.Unknown, State.Data, State.Unused] as const;
/** A notch of a wheel, in pixels: mice give 100 or 120. */
const NOTCH = 60;

/**
 * The address map, as a canvas of rows like a hex dump. Fires `choose` with the index of a block
 * (or -1), `look` with the window that should be shown, and `colour` with a colouring.
 */
export class HeapMap extends LitElement {
  static override properties = {
    snapshot: { attribute: false },
    inked: { attribute: false },
    colouring: { attribute: false },
    colourings: { attribute: false },
    chosen: { attribute: false },
    view: { attribute: false },
    theme: { attribute: false },
    tableOpen: { state: true },
  };
  declare snapshot: Snapshot;
  /** What is painted: the snapshot's blocks, or those of a diff. */
  declare inked: Inked;
  declare colouring: Colouring;
  /** Those that can be chosen. */
  declare colourings: readonly Colouring[];
  /** Index of the chosen block, or -1. */
  declare chosen: number;
  /** The window shown; `null` is the whole heap. */
  declare view: MapWindow | null;
  /** Changes when colours do. */
  declare theme: number;
  declare private tableOpen: boolean;

  private readonly canvases = new MapCanvases(this);
  /** Of the theme and the colouring. */
  private scenery: Pick<MapScene, "palette" | "colours"> | null = null;
  /** The inks that the legend has samples of. */
  private sampled = "";
  private states: { readonly of: Snapshot; readonly seen: number } | null = null;
  private readonly resize = new ResizeObserver(() => {
    this.paint();
  });
  /** The window to show from the next frame on; `undefined` if it is the one shown. */
  private aimed: MapWindow | null | undefined;
  private hovered = -1;
  private pinch = 0;
  /** The address that a zoom holds, while the pointer stays where it is. */
  private held: { readonly x: number; readonly y: number; readonly address: number } | null = null;
  /** What wheels and pinches on a touchpad have added up to, in pixels. */
  private turned = 0;
  /** Where a drag began, and the window then. */
  private grip: { readonly y: number; readonly view: MapWindow; moved: boolean } | null = null;
  private readonly touches = new Map<number, PointerEvent>();

  constructor() {
    super();
    this.chosen = -1;
    this.colouring = "state";
    this.colourings = COLOURINGS;
    this.view = null;
    this.theme = 0;
    this.tableOpen = false;
  }

  static override styles = [
    base,
    css`
      .bar {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        justify-content: space-between;
        gap: 0.25rem 1.5rem;
        margin-bottom: 0.6rem;
      }
      .tools {
        display: flex;
        flex-wrap: wrap;
        gap: 0.25rem;
        align-items: center;
      }
      .by {
        display: flex;
        align-items: center;
        gap: 0.4rem;
        margin-right: 0.6rem;
        font-size: 0.8125rem;
        color: var(--ink-2);
      }
      .by select {
        min-height: 1.9rem;
        color: var(--ink);
      }
      .tools button {
        min-height: 1.9rem;
        min-width: 2.1rem;
        padding: 0 0.55rem;
        font-size: 0.8125rem;
      }
      .overview {
        position: relative;
        height: 12px;
        margin-left: var(--gutter);
        margin-bottom: 7px;
        cursor: pointer;
      }
      /* Its place is kept: a map that jumps away from under the pointer is none to zoom in. */
      .overview[data-off] {
        visibility: hidden;
      }
      .overview canvas {
        width: 100%;
        height: 12px;
      }
      .lens {
        position: absolute;
        inset-block: -3px;
        min-width: 5px;
        border: 2px solid var(--ink);
        border-radius: 2px;
        pointer-events: none;
      }
      .plate {
        --gutter: 6.1rem;
      }
      .rows {
        display: grid;
        grid-template-columns: var(--gutter) minmax(0, 1fr);
      }
      .gutter {
        font: 0.6875rem/1 var(--mono);
        color: var(--ink-2);
        position: relative;
      }
      .gutter span {
        position: absolute;
        left: 0;
        line-height: 13px;
      }
      .field-of-view {
        position: relative;
        cursor: crosshair;
        touch-action: pan-y;
      }
      /* Memory with no change in it: rows of a faint colour, as high and as far apart as the map's. */
      .field-of-view[data-by="change"] {
        background: repeating-linear-gradient(var(--fresh) 0 13px, transparent 13px 16px);
      }
      /* Below the last row is a gap too. */
      .field-of-view canvas {
        position: absolute;
        inset: 0;
        width: 100%;
        height: calc(100% + 3px);
      }
      .legend {
        display: flex;
        flex-wrap: wrap;
        gap: 0.2rem 1.1rem;
        margin: 0.6rem 0 0 var(--gutter);
        font-size: 0.8125rem;
        color: var(--ink-2);
      }
      .legend li {
        display: inline-flex;
        align-items: center;
        gap: 0.4rem;
      }
      .legend canvas {
        width: 22px;
        height: 13px;
      }
      .data {
        margin-left: var(--gutter);
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
      }
    `,
  ];

  private get whole(): MapWindow {
    return fit(this.snapshot.start, this.snapshot.end, MAP_ROWS);
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
    const { snapshot, chosen } = this;
    const view = this.window;
    const whole = this.whole;
    const zoomed = view.bytesPerRow < whole.bytesPerRow;
    const span = Math.max(1, windowEnd(whole) - whole.start);
    const left = ((view.start - whole.start) / span) * 100;
    const width = ((windowEnd(view) - view.start) / span) * 100;
    const every = 2;
    return html`
      <section class="plate" aria-labelledby="title">
        <div class="bar">
          <div>
            <h2 id="title">${en.map.title}</h2>
            <p class="quiet small">${en.map.caption(view.bytesPerRow)}</p>
          </div>
          <div class="tools">
            <label class="by">
              ${en.map.colour}
              <select @change=${this.onColour}>
                ${this.colourings.map((name) => html`<option value=${name} .selected=${name === this.colouring}>${en.map.colourings[name]}</option>`)}
              </select>
            </label>
            <button @click=${() => { this.zoomBy(-1); }} aria-label=${en.map.zoomIn} title=${en.map.zoomIn}>+</button>
            <button @click=${() => { this.zoomBy(1); }} ?disabled=${!zoomed} aria-label=${en.map.zoomOut} title=${en.map.zoomOut}>−</button>
            <button @click=${() => { this.look(null); }} ?disabled=${!zoomed}>${en.map.all}</button>
          </div>
        </div>
        <div
          class="overview"
          ?data-off=${!zoomed}
          role="img"
          aria-label=${en.map.overview}
          @pointerdown=${this.onOverview}
          @pointermove=${this.onOverview}
        >
          <canvas class="all"></canvas>
          <div class="lens" style="left:${left}%;width:${width}%"></div>
        </div>
        <div class="rows">
          <div class="gutter" aria-hidden="true">
            ${Array.from({ length: Math.ceil(view.rows / every) }, (_, i) => {
              const row = i * every;
              return html`<span style="top:${row * PITCH}px">${address(view.start + row * view.bytesPerRow)}</span>`;
            })}
          </div>
          <div
            class="field-of-view"
            data-by=${this.colouring}
            style="height:${rowsHeight(view.rows)}px"
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
          </div>
        </div>
        <p id="keys" class="unseen">${en.map.keys}</p>
        <ul class="legend">
          ${this.legend().map(
            ({ ink, name }) => html`<li><canvas data-ink=${ink}></canvas>${name}</li>`,
          )}
        </ul>
        <details class="data" @toggle=${(event: Event) => { this.tableOpen = (event.target as HTMLDetailsElement).open; }}>
          <summary>${en.heap.table}</summary>
          ${this.tableOpen ? this.table() : nothing}
        </details>
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
    const from = Math.max(0, blocks.lowerBound(view.start));
    const to = blocks.lowerBound(windowEnd(view) - 1) + 1;
    const shown = Math.min(to - from, TABLE_ROWS);
    return html`
      <p class="quiet">${en.map.rows(shown, to - from)}</p>
      <div class="scroll" tabindex="0" role="region" aria-label=${en.heap.tableOf(en.map.title)}>
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
    return { inked: this.inked, view: this.window, whole, labelled: this.colouring === "state", ...this.scenery };
  }

  private paint(): void {
    if (this.field.clientWidth === 0) return;
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
    const { blocks } = this.snapshot;
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
    const view = zoom(aim ?? whole, whole, MAP_ROWS, steps, around);
    this.look(view.bytesPerRow === whole.bytesPerRow ? null : view);
  }

  /** The chosen block if it is in sight, else the middle of the window. */
  private centre(): number {
    const { blocks } = this.snapshot;
    const view = this.window;
    const at = this.chosen < 0 ? -1 : blocks.address[this.chosen]!;
    if (at >= view.start && at < windowEnd(view)) return at;
    return (view.start + windowEnd(view)) / 2;
  }

  private choose(index: number): void {
    this.dispatchEvent(new CustomEvent("choose", { detail: index }));
    const { aim } = this;
    if (index < 0 || aim === null) return;
    const { blocks } = this.snapshot;
    const view = reveal(aim, this.whole, blocks.address[index]!, blocks.end(index));
    if (view !== aim) this.look(view);
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { blocks } = this.snapshot;
    const last = blocks.count - 1;
    const view = this.window;
    const by = (bytesMoved: number): number => {
      const from = this.chosen < 0 ? view.start : blocks.address[this.chosen]!;
      const to = Math.max(this.snapshot.start, Math.min(this.snapshot.end - 1, from + bytesMoved));
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

  /** The address under the pointer. */
  private under(event: MouseEvent): number {
    const box = this.field.getBoundingClientRect();
    const row = Math.min(this.window.rows - 1, Math.max(0, Math.floor((event.clientY - box.top) / PITCH)));
    return addressAt(this.window, row, (event.clientX - box.left) / box.width);
  }

  private onWheel(event: WheelEvent): void {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.turn(event);
    } else if (this.aim !== null && event.shiftKey) {
      event.preventDefault();
      this.look(scroll(this.aim, this.whole, Math.sign(event.deltaY || event.deltaX) * 2));
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

  /** The address that was under the pointer when it came to rest there: rows move under it as they zoom. */
  private hold(event: MouseEvent): number {
    const { clientX: x, clientY: y } = event;
    if (this.held === null || Math.hypot(this.held.x - x, this.held.y - y) > 3) this.held = { x, y, address: this.under(event) };
    return this.held.address;
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
    const rows = Math.round((grip.y - event.clientY) / PITCH);
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
        this.held ??= { x: 0, y: 0, address: this.between() };
        this.zoomBy(spread > this.pinch ? -1 : 1, this.held.address);
        this.pinch = spread;
      }
      return;
    }
    if (this.grip !== null && event.buttons !== 0) this.pan(event);
    const index = this.snapshot.blocks.find(this.under(event));
    if (index === this.hovered) return;
    this.hovered = index;
    this.field.title = index < 0 ? "" : this.describe(index);
    this.outline();
  };

  private readonly onPointerEnd = (event: PointerEvent): void => {
    this.touches.delete(event.pointerId);
    const { grip } = this;
    this.grip = null;
    if (grip?.moved === false && event.type === "pointerup") this.choose(this.snapshot.blocks.find(this.under(event)));
  };

  private readonly onLeave = (event: PointerEvent): void => {
    this.touches.delete(event.pointerId);
    this.hovered = -1;
    this.outline();
  };

  /** The address in the middle of two fingers. */
  private between(): number {
    const [a, b] = [...this.touches.values()];
    if (a === undefined || b === undefined) return this.centre();
    const box = this.field.getBoundingClientRect();
    const row = Math.floor(((a.clientY + b.clientY) / 2 - box.top) / PITCH);
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
