import { css, html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import { paintIcicle } from "../draw/icicle";
import { resolvePalette, type Palette } from "../draw/palette";
import { icicle, type Icicle } from "../model/icicle";
import { atRest, motion, placed, type Motion } from "../model/icicle-motion";
import { orders, type OrderRow } from "../model/metrics";
import type { Snapshot } from "../model/snapshot";
import { core as base } from "../styles/base";
import { inspector as en } from "../text/inspector";
import { bytes, integer, percent } from "../text/format";
import { stateName } from "./names";

const ROW = { row: 15, gap: 5 };
const PITCH = ROW.row + ROW.gap;

/** The duration of a drawn split or merge, in milliseconds. */
const DURATION = 320;

/** Milliseconds that the map's window rests before the tree follows it. */
const REST = 120;

/**
 * The buddy's blocks by order, as an icicle over the map's window: what splits comes down, what
 * merges goes up. Fires `choose-address` with an address, or -1.
 */
export class HeapOrders extends LitElement {
  static override properties = {
    snapshot: { attribute: false },
    at: { attribute: false },
    from: { attribute: false },
    to: { attribute: false },
    theme: { attribute: false },
    tableOpen: { state: true },
  };
  declare snapshot: Snapshot;
  /** The chosen address, or -1. */
  declare at: number;
  /** The range of addresses shown. */
  declare from: number;
  declare to: number;
  declare theme: number;
  declare private tableOpen: boolean;

  private palette: Palette | null = null;
  private drawn: Icicle = { bars: [], sizes: [] };
  private moving: { readonly motion: Motion; readonly since: number } | null = null;
  private frame = 0;
  /** The window that is drawn. */
  private laid = { from: 0, to: 0 };
  private rest: ReturnType<typeof setTimeout> | undefined;
  private rows: { readonly of: Snapshot; readonly rows: readonly OrderRow[] } | null = null;
  private readonly still = matchMedia("(prefers-reduced-motion: reduce)");
  private readonly resize = new ResizeObserver(() => {
    this.lay(false);
  });

  constructor() {
    super();
    this.at = -1;
    this.theme = 0;
    this.tableOpen = false;
  }

  static override styles = [
    base,
    css`
      .caption {
        margin-bottom: 0.6rem;
      }
      .plate {
        display: grid;
        grid-template-columns: 4.2rem minmax(0, 1fr) auto;
        column-gap: 0.9rem;
      }
      .sizes,
      .free {
        font-size: 0.75rem;
        line-height: 15px;
        color: var(--ink-2);
        white-space: nowrap;
      }
      .sizes li,
      .free li {
        height: 20px;
      }
      .sizes {
        text-align: right;
      }
      .drawing {
        position: relative;
      }
      canvas {
        position: absolute;
        inset: 0;
        width: 100%;
        height: 100%;
        cursor: crosshair;
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.resize.observe(this.drawing);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resize.disconnect();
    cancelAnimationFrame(this.frame);
    this.moving = null;
    clearTimeout(this.rest);
  }

  protected override shouldUpdate(changed: PropertyValues<this>): boolean {
    if (changed.has("snapshot")) return true;
    const moves = changed.has("from") || changed.has("to");
    if (moves) this.follow();
    return !moves || changed.size > Number(changed.has("from")) + Number(changed.has("to"));
  }

  /** The map's window may be another in each frame; a tree of a large heap takes longer than that. */
  private follow(): void {
    clearTimeout(this.rest);
    this.rest = setTimeout(() => { this.lay(false); }, REST);
  }

  protected override firstUpdated(): void {
    this.resize.observe(this.drawing);
  }

  private get drawing(): HTMLElement {
    return this.renderRoot.querySelector<HTMLElement>(".drawing")!;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("theme")) this.palette = null;
  }

  protected override updated(changed: PropertyValues<this>): void {
    // A window that moved is not a heap that changed.
    if (changed.has("snapshot")) this.lay(!changed.has("from") && !changed.has("to"));
    else this.paint();
  }

  override render(): TemplateResult {
    const { snapshot } = this;
    if (this.rows?.of !== snapshot) this.rows = { of: snapshot, rows: orders(snapshot) };
    const { rows } = this.rows;
    const shown = [...rows].reverse();
    const columns = en.orders.columns;
    return html`
      <section aria-labelledby="title">
        <h2 id="title">${en.orders.title}</h2>
        <p class="quiet small caption">${rows.length === 0 ? en.orders.empty : en.orders.caption}</p>
        <div class="plate">
          <ol class="sizes" aria-hidden="true">${shown.map((row) => html`<li>${bytes(row.size)}</li>`)}</ol>
          <div class="drawing" style="height:${shown.length * PITCH}px">
            <canvas
              tabindex="0"
              role="slider"
              aria-label=${en.orders.label}
              aria-describedby="keys"
              aria-valuemin="0"
              aria-valuemax=${Math.max(0, (this.snapshot.units?.count ?? 0) - 1)}
              aria-valuenow=${Math.max(0, this.unit())}
              aria-valuetext=${this.describe()}
              @click=${this.onClick}
              @keydown=${this.onKey}
            ></canvas>
          </div>
          <ol class="free" aria-hidden="true">${shown.map((row) => html`<li>${row.free === 0 ? "" : en.orders.free(row.free)}</li>`)}</ol>
        </div>
        <p id="keys" class="unseen">${en.orders.keys}</p>
        <details class="data" @toggle=${(event: Event) => { this.tableOpen = (event.target as HTMLDetailsElement).open; }}>
          <summary>${en.heap.table}</summary>
          <div class="scroll" tabindex="0" role="region" aria-label=${en.heap.tableOf(en.orders.title)}>
            <table>
              <thead><tr>${columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
              <tbody>
                ${shown.map(
                  (row) => html`<tr>
                    <th scope="row">${bytes(row.size)}</th>
                    <td>${integer(row.live)}</td>
                    <td>${integer(row.slabs)}</td>
                    <td>${integer(row.free)}</td>
                    <td>${integer(row.split)}</td>
                    <td>${percent(row.unusable)}</td>
                  </tr>`,
                )}
              </tbody>
            </table>
          </div>
          <p class="quiet small">${en.orders.unusable}</p>
        </details>
      </section>
    `;
  }

  /** Index of the unit at the chosen address, or -1. */
  private unit(): number {
    return this.at < 0 ? -1 : (this.snapshot.units?.find(this.at) ?? -1);
  }

  private describe(): string {
    const { units } = this.snapshot;
    const index = this.unit();
    if (units === null || index < 0) return en.map.none;
    return en.block.describe(units.address[index]!, units.size[index]!, stateName(units.state[index]!), "");
  }

  /** Lays the tree out, and sets what changed in motion. */
  private lay(move: boolean): void {
    clearTimeout(this.rest);
    const canvas = this.renderRoot.querySelector("canvas")!;
    const { units, granule, base: aligned, start, end } = this.snapshot;
    const width = canvas.clientWidth;
    if (width === 0 || units === null) return;
    const least = 2 / width;
    const before = this.drawn;
    const { from, to } = this;
    this.drawn = icicle(units, { granule, base: aligned, start, end, from, to, least });
    this.laid = { from, to };
    const moved = move && !this.still.matches ? motion(before, this.drawn) : null;
    this.moving = moved === null ? null : { motion: moved, since: performance.now() };
    const scale = Math.max(1, devicePixelRatio);
    canvas.width = Math.round(width * scale);
    canvas.height = Math.max(1, Math.round(this.drawn.sizes.length * PITCH * scale));
    this.paint();
  }

  private readonly paint = (): void => {
    const canvas = this.renderRoot.querySelector("canvas")!;
    const context = canvas.getContext("2d");
    if (context === null) return;
    cancelAnimationFrame(this.frame);
    this.palette ??= resolvePalette(this);
    const scale = Math.max(1, devicePixelRatio);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const time = this.moving === null ? 1 : (performance.now() - this.moving.since) / DURATION;
    const bars = this.moving === null || time >= 1 ? atRest(this.drawn) : placed(this.moving.motion, time);
    const rows = this.drawn.sizes.length;
    paintIcicle(context, { bars, rows }, this.palette, { width: canvas.clientWidth, ...ROW }, this.unit());
    // For whoever waits for the drawing to be at rest.
    this.toggleAttribute("moving", time < 1);
    if (time < 1) this.frame = requestAnimationFrame(this.paint);
    else this.moving = null;
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const { units } = this.snapshot;
    if (units === null || units.count === 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const here = this.unit();
    const last = units.count - 1;
    const moves: Record<string, number> = {
      ArrowRight: Math.min(last, here + 1),
      ArrowDown: Math.min(last, here + 1),
      ArrowLeft: Math.max(0, here - 1),
      ArrowUp: Math.max(0, here - 1),
      Home: 0,
      End: last,
      Escape: -1,
    };
    const to = moves[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.choose(to < 0 ? -1 : units.address[to]!);
  };

  private choose(at: number): void {
    this.dispatchEvent(new CustomEvent("choose-address", { detail: at }));
  }

  private readonly onClick = (event: MouseEvent): void => {
    const box = this.drawing.getBoundingClientRect();
    const row = Math.floor((event.clientY - box.top) / PITCH);
    const x = (event.clientX - box.left) / box.width;
    const bar = this.drawn.bars.find((b) => b.row === row && b.index >= 0 && x >= b.x && x < b.x + b.width);
    if (bar === undefined) return;
    const at = this.laid.from + x * (this.laid.to - this.laid.from);
    this.choose(bar.count === 1 ? bar.address : Math.floor(at));
  };
}

customElements.define("heap-orders", HeapOrders);
