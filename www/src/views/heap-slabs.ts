import { css, html, LitElement, nothing, svg, type TemplateResult } from "lit";
import { classRows, type ClassRow } from "../model/metrics";
import { barSize, slabAt, slabBars, type BarSize } from "../model/slab-layout";
import type { Slab, Snapshot } from "../model/snapshot";
import { core as base } from "../styles/base";
import { inspector as en } from "../text/inspector";
import { bytes, integer, percent } from "../text/format";

/** The bars get smaller rather than let the figure grow above this. */
const MOST = 460;

/**
 * Slabs as bars, one row a class: one Tab stop, arrows lead from slab to slab and from row to row. Fires `choose-address`
 * with a slab's address.
 */
export class HeapSlabs extends LitElement {
  static override properties = {
    snapshot: { attribute: false },
    at: { attribute: false },
    width: { state: true },
    tableOpen: { state: true },
    stop: { state: true },
  };
  declare snapshot: Snapshot;
  /** The chosen address, or -1. */
  declare at: number;
  declare private width: number;
  declare private tableOpen: boolean;
  /** The row that Tab leads to. */
  declare private stop: number;

  private bar: BarSize = { width: 9, height: 22, gap: 3 };
  private readonly resize = new ResizeObserver(([entry]) => {
    this.width = Math.floor(entry?.contentRect.width ?? 0);
  });

  constructor() {
    super();
    this.at = -1;
    this.width = 300;
    this.tableOpen = false;
    this.stop = 0;
  }

  static override styles = [
    base,
    css`
      .caption {
        margin-bottom: 0.6rem;
      }
      .classes {
        display: grid;
        row-gap: 7px;
      }
      .classes li,
      .ruler {
        display: grid;
        grid-template-columns: 4.2rem minmax(0, 1fr) 5.5rem;
        column-gap: 0.9rem;
        align-items: start;
        font-size: 0.75rem;
        line-height: 1.2;
        color: var(--ink-2);
      }
      .ruler {
        height: 0;
        overflow: hidden;
      }
      .size,
      .share {
        text-align: right;
        white-space: nowrap;
      }
      .share {
        text-align: left;
      }
      svg {
        display: block;
        width: 100%;
        overflow: visible;
        cursor: pointer;
      }
      .room {
        fill: var(--free);
        stroke: var(--free-mark);
      }
      .used {
        fill: var(--live);
      }
      .mark {
        fill: none;
        stroke: var(--ink);
        stroke-width: 2;
      }
    `,
  ];

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
  }

  private observe(): void {
    this.resize.observe(this.renderRoot.querySelector(".ruler .middle")!);
  }

  override render(): TemplateResult {
    const rows = classRows(this.snapshot);
    this.bar = barSize(rows, this.width, MOST);
    return html`
      <section aria-labelledby="title">
        <h2 id="title">${en.slabs.title}</h2>
        <p class="quiet small caption">${rows.length === 0 ? en.slabs.empty : en.slabs.caption}</p>
        <div class="ruler"><span></span><span class="middle"></span><span></span></div>
        <ul class="classes" @keydown=${this.onRows}>
          ${rows.map((row, i) => this.row(row, i, Math.min(this.stop, rows.length - 1)))}
        </ul>
        <details class="data" ?hidden=${rows.length === 0} @toggle=${(event: Event) => { this.tableOpen = (event.target as HTMLDetailsElement).open; }}>
          <summary>${en.heap.table}</summary>
          ${this.tableOpen ? this.table(rows) : nothing}
        </details>
      </section>
    `;
  }

  private row(row: ClassRow, index: number, stop: number): TemplateResult {
    const { bar } = this;
    const { slabs } = this.snapshot;
    const { bars, height } = slabBars(row, slabs, this.width, bar);
    const room = bars.map((b) => `M${b.x + 0.5} ${b.y + 0.5}h${bar.width - 1}v${bar.height - 1}h${1 - bar.width}z`).join("");
    const used = bars.map((b) => `M${b.x} ${b.y + bar.height}h${bar.width}v${-b.filled}h${-bar.width}z`).join("");
    const chosen = this.chosenIn(row);
    const mark = bars.find((b) => b.slab === chosen);
    const slab = slabs[chosen];
    return html`<li>
      <span class="size">${bytes(row.size)}</span>
      <svg
        height=${height}
        tabindex=${index === stop ? 0 : -1}
        role="slider"
        aria-label=${en.slabs.label(row.size, row.used, row.capacity, row.slabs)}
        aria-valuemin="0"
        aria-valuemax=${row.slabs - 1}
        aria-valuenow=${Math.max(0, row.members.indexOf(chosen))}
        aria-valuetext=${slab === undefined ? en.map.none : en.slabs.chosen(slab.address, slab.used, slab.capacity)}
        @keydown=${(event: KeyboardEvent) => { this.onKey(event, row, chosen); }}
        @focus=${() => { this.stop = index; }}
        @click=${(event: MouseEvent) => { this.onClick(event, row); }}
      >
        <path class="room" d=${room}></path>
        <path class="used" d=${used}></path>
        ${mark === undefined
          ? nothing
          : svg`<rect class="mark" x=${mark.x - 1.5} y=${mark.y - 1.5} width=${bar.width + 3} height=${bar.height + 3}></rect>`}
      </svg>
      <span class="share">${integer(row.used)} / ${integer(row.capacity)}</span>
    </li>`;
  }

  /** Index of the slab that holds the chosen address, if it is of this class. */
  private chosenIn(row: ClassRow): number {
    if (this.at < 0) return -1;
    const holds = (slab: Slab): boolean => this.at >= slab.address && this.at < slab.address + slab.size;
    return row.members.find((index) => holds(this.snapshot.slabs[index]!)) ?? -1;
  }

  private table(rows: readonly ClassRow[]): TemplateResult {
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${en.heap.tableOf(en.slabs.title)}>
      <table>
        <thead><tr>${en.slabs.columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
        <tbody>
          ${rows.map(
            (row) => html`<tr>
              <th scope="row">${bytes(row.size)}</th>
              <td>${integer(row.slabs)}</td>
              <td>${integer(row.used)}</td>
              <td>${integer(row.capacity)}</td>
              <td>${percent(row.capacity === 0 ? 0 : row.used / row.capacity)}</td>
              <td>${bytes(row.overhead)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  /** Goes to the row above or below. */
  private readonly onRows = (event: KeyboardEvent): void => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const rows = [...this.renderRoot.querySelectorAll<SVGElement>(".classes svg")];
    rows[Math.max(0, Math.min(rows.length - 1, this.stop + step))]?.focus();
  };

  private onKey(event: KeyboardEvent, row: ClassRow, chosen: number): void {
    const here = row.members.indexOf(chosen);
    const last = row.members.length - 1;
    const moves: Record<string, number> = {
      ArrowRight: Math.min(last, here + 1),
      ArrowLeft: Math.max(0, here - 1),
      Home: 0,
      End: last,
      Escape: -1,
    };
    const to = moves[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.choose(row.members[to] ?? -1);
  }

  private onClick(event: MouseEvent, row: ClassRow): void {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    this.choose(slabAt(row, this.width, this.bar, event.clientX - box.left, event.clientY - box.top));
  }

  private choose(index: number): void {
    const at = this.snapshot.slabs[index]?.address ?? -1;
    this.dispatchEvent(new CustomEvent("choose-address", { detail: at }));
  }
}

customElements.define("heap-slabs", HeapSlabs);
