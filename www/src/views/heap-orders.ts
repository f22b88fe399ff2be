import { css, html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import { paintIcicle } from "../draw/icicle";
import { resolvePalette, type Palette } from "../draw/palette";
import { icicle, type Icicle } from "../model/icicle";
import { orders } from "../model/metrics";
import type { Snapshot } from "../model/snapshot";
import { base } from "../styles/base";
import { inspector as en } from "../text/en";
import { bytes, integer, percent } from "../text/format";

const ROW = { row: 15, gap: 5 };
const PITCH = ROW.row + ROW.gap;

/** The buddy's blocks by order, as an icicle over the map's window. Fires `choose` with an address. */
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
  private readonly resize = new ResizeObserver(() => {
    this.paint();
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

  protected override updated(): void {
    this.paint();
  }

  override render(): TemplateResult {
    const rows = orders(this.snapshot);
    const shown = [...rows].reverse();
    const columns = en.orders.columns;
    return html`
      <section aria-labelledby="title">
        <h2 id="title">${en.orders.title}</h2>
        <p class="quiet small caption">${rows.length === 0 ? en.orders.empty : en.orders.caption}</p>
        <div class="plate">
          <ol class="sizes" aria-hidden="true">${shown.map((row) => html`<li>${bytes(row.size)}</li>`)}</ol>
          <div class="drawing" style="height:${shown.length * PITCH}px">
            <canvas role="img" aria-label=${en.orders.label} @click=${this.onClick}></canvas>
          </div>
          <ol class="free" aria-hidden="true">${shown.map((row) => html`<li>${row.free === 0 ? "" : en.orders.free(row.free)}</li>`)}</ol>
        </div>
        <details class="data" @toggle=${(event: Event) => { this.tableOpen = (event.target as HTMLDetailsElement).open; }}>
          <summary>${en.heap.table}</summary>
          <div class="scroll" tabindex="0" role="region" aria-label=${en.orders.title}>
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

  private paint(): void {
    const canvas = this.renderRoot.querySelector("canvas")!;
    const { units, granule, base: aligned, start, end } = this.snapshot;
    const width = canvas.clientWidth;
    const context = canvas.getContext("2d");
    if (context === null || width === 0 || units === null) return;
    this.palette ??= resolvePalette(this);
    const least = 2 / width;
    this.drawn = icicle(units, { granule, base: aligned, start, end, from: this.from, to: this.to, least });
    const scale = Math.max(1, devicePixelRatio);
    canvas.width = Math.round(width * scale);
    canvas.height = Math.max(1, Math.round(this.drawn.sizes.length * PITCH * scale));
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const chosen = this.at < 0 ? -1 : units.find(this.at);
    paintIcicle(context, this.drawn, this.palette, { width, ...ROW }, chosen);
  }

  private readonly onClick = (event: MouseEvent): void => {
    const box = this.drawing.getBoundingClientRect();
    const row = Math.floor((event.clientY - box.top) / PITCH);
    const x = (event.clientX - box.left) / box.width;
    const bar = this.drawn.bars.find((b) => b.row === row && b.index >= 0 && x >= b.x && x < b.x + b.width);
    if (bar === undefined) return;
    const at = this.from + x * (this.to - this.from);
    this.dispatchEvent(new CustomEvent("choose-address", { detail: bar.count === 1 ? bar.address : Math.floor(at) }));
  };
}

customElements.define("heap-orders", HeapOrders);
