import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import uPlot from "uplot";
import { resolvePalette, type Palette } from "../draw/palette";
import { grew, timelineData } from "../model/timeline-data";
import type { Moment } from "../model/history";
import { State } from "../model/snapshot";
import { core as base } from "../styles/base";
import { inspector as en } from "../text/en";
import { bytes, integer, seconds } from "../text/format";

const HEIGHT = 190;
const TABLE_ROWS = 200;
/** Points are drawn while there are few. */
const POINTS = 48;

/**
 * What the heap held, moment by moment. Fires `travel` with a moment's number, or `null` for now,
 * and `compare` with two of them.
 */
export class HeapTimeline extends LitElement {
  static override properties = {
    moments: { attribute: false },
    forgotten: { attribute: false },
    pictured: { attribute: false },
    moment: { attribute: false },
    range: { attribute: false },
    theme: { attribute: false },
    tableOpen: { state: true },
    hovered: { state: true },
  };
  declare moments: readonly Moment[];
  declare forgotten: number;
  /** How many moments can be looked at. */
  declare pictured: number;
  /** The moment looked at; `null` is now. */
  declare moment: number | null;
  declare range: readonly [number, number] | null;
  declare theme: number;
  declare private tableOpen: boolean;
  /** Index of the moment under the pointer, or -1. */
  declare private hovered: number;

  private plot: uPlot | null = null;
  private palette: Palette | null = null;
  private readonly resize = new ResizeObserver(() => {
    this.fit();
  });
  /** Where a drag began, as an index; -1 outside of one. */
  private anchor = -1;
  /** The fixed end of a range that is selected by keys. */
  private pivot: number | null = null;
  private marks: { readonly range: HTMLElement; readonly here: HTMLElement } | null = null;

  constructor() {
    super();
    this.moments = [];
    this.forgotten = 0;
    this.pictured = 0;
    this.moment = null;
    this.range = null;
    this.theme = 0;
    this.tableOpen = false;
    this.hovered = -1;
  }

  static override styles = [
    base,
    css`
      .bar {
        display: flex;
        flex-wrap: wrap;
        justify-content: space-between;
        align-items: baseline;
        gap: 0.2rem 1.5rem;
        margin-bottom: 0.4rem;
      }
      .key {
        display: flex;
        flex-wrap: wrap;
        gap: 0.2rem 1rem;
        font-size: 0.8125rem;
        color: var(--ink-2);
      }
      .key span::before {
        content: "";
        display: inline-block;
        width: 1.3em;
        height: 0;
        margin-right: 0.4em;
        vertical-align: 0.28em;
        border-top: 2.5px solid var(--live);
      }
      .key .committed::before {
        border-top: 2px dashed var(--ink-2);
      }
      .key .largest::before {
        border-top: 2px dotted var(--accent);
      }
      .key .growth::before {
        width: 0;
        height: 0.5em;
        vertical-align: -0.02em;
        border: 4px solid transparent;
        border-top: 0;
        border-bottom: 7px solid var(--meta);
      }
      .drawing {
        position: relative;
        height: ${HEIGHT}px;
        cursor: pointer;
        touch-action: pan-y;
      }
      /* What of uPlot's own style sheet it needs here. */
      .u-wrap {
        position: relative;
        user-select: none;
      }
      .u-over,
      .u-under,
      .u-cursor-x {
        position: absolute;
      }
      .uplot canvas {
        display: block;
        position: relative;
        width: 100%;
        height: 100%;
      }
      .u-cursor-x {
        top: 0;
        left: 0;
        height: 100%;
        border-right: 1px dashed var(--ink-2);
        pointer-events: none;
      }
      .u-select,
      .u-axis,
      .u-off {
        display: none;
      }
      .here,
      .range {
        position: absolute;
        inset-block: 0;
        pointer-events: none;
      }
      .here {
        width: 2px;
        margin-left: -1px;
        background: var(--ink);
      }
      .here::before {
        content: "";
        position: absolute;
        top: -4px;
        left: -4px;
        border: 5px solid transparent;
        border-bottom-width: 0;
        border-top: 7px solid var(--ink);
      }
      .range {
        background: color-mix(in srgb, var(--accent) 18%, transparent);
        border-inline: 2px solid var(--accent);
      }
      .said {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.25rem 0.75rem;
        min-height: 1.9rem;
        font-size: 0.8125rem;
      }
      .said p {
        flex: 1 1 16rem;
      }
      .said .past {
        font-weight: 600;
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
    this.plot?.destroy();
    this.plot = null;
  }

  protected override firstUpdated(): void {
    this.observe();
  }

  private observe(): void {
    this.resize.observe(this.drawing);
  }

  private get drawing(): HTMLElement {
    return this.renderRoot.querySelector<HTMLElement>(".drawing")!;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("theme")) this.palette = null;
    if (changed.has("range") && this.range === null) this.pivot = null;
  }

  protected override updated(changed: PropertyValues<this>): void {
    this.palette ??= resolvePalette(this);
    if (this.plot === null) this.fit();
    else if (changed.has("moments")) this.plot.setData(timelineData(this.moments));
    else if (changed.has("theme")) this.plot.redraw(false, true);
    this.place();
  }

  override render(): TemplateResult {
    const { moments } = this;
    const last = moments.length - 1;
    const shown = this.indexOf(this.moment ?? moments[last]?.id ?? 0);
    const moment = moments[shown];
    return html`
      <section aria-labelledby="title">
        <div class="bar">
          <div>
            <h2 id="title">${en.timeline.title}</h2>
            <p class="quiet small">${en.timeline.caption}</p>
          </div>
          <div class="key" aria-hidden="true">
            <span>${en.timeline.live}</span><span class="committed">${en.timeline.committed}</span
            ><span class="largest">${en.timeline.largest}</span><span class="growth">${en.timeline.growth}</span>
          </div>
        </div>
        <div
          class="drawing"
          tabindex="0"
          role="slider"
          aria-label=${en.timeline.label}
          aria-describedby="keys"
          aria-valuemin=${moments[0]?.id ?? 0}
          aria-valuemax=${moments[last]?.id ?? 0}
          aria-valuenow=${moment?.id ?? 0}
          aria-valuetext=${moment === undefined ? "" : `${en.timeline.moment(moment)}${shown === last ? `, ${en.timeline.now}` : ""}`}
          @keydown=${this.onKey}
        ></div>
        <p id="keys" class="unseen">${en.timeline.keys}</p>
        ${this.said(moments[this.hovered], moment, shown === last)}
        <p class="quiet small">${this.incomplete()}</p>
        <details class="data" @toggle=${(event: Event) => { this.tableOpen = (event.target as HTMLDetailsElement).open; }}>
          <summary>${en.heap.table}</summary>
          ${this.tableOpen ? this.table() : nothing}
        </details>
      </section>
    `;
  }

  /** The moment under the pointer, or else the one looked at, and the way back. */
  private said(hovered: Moment | undefined, shown: Moment | undefined, now: boolean): TemplateResult {
    const range = this.range?.map((id) => this.moments[this.indexOf(id)]);
    const text =
      hovered !== undefined && this.range === null
        ? en.timeline.moment(hovered)
        : range?.[0] !== undefined && range[1] !== undefined
          ? en.timeline.range(range[0], range[1])
          : shown === undefined
            ? ""
            : now
              ? en.timeline.moment(shown)
              : en.timeline.past(shown, this.moments.length - 1 - this.moments.indexOf(shown));
    return html`<div class="said">
      <p class=${!now && hovered === undefined ? "past" : "quiet"}>${text}</p>
      ${this.range !== null || !now
        ? html`<button class="plain" @click=${() => { this.travel(null); }}>${now ? en.timeline.clear : en.timeline.back}</button>`
        : nothing}
    </div>`;
  }

  private incomplete(): string {
    const { forgotten, pictured, moments } = this;
    const said: string[] = [];
    if (forgotten > 0) said.push(en.timeline.forgotten(forgotten));
    if (pictured < moments.length) said.push(en.timeline.thinned(pictured, moments.length));
    return said.join(" ");
  }

  /** The newest first. */
  private table(): TemplateResult {
    const shown = this.moments.slice(-TABLE_ROWS).reverse();
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${en.heap.tableOf(en.timeline.title)}>
      <table>
        <thead><tr>${en.timeline.columns.map((name, i) => html`<th scope="col" class=${i === 1 ? "word" : ""}>${name}</th>`)}</tr></thead>
        <tbody>
          ${shown.map(
            (moment) => html`<tr>
              <th scope="row">
                <button class="plain" aria-label=${en.timeline.go(moment.id)} @click=${() => { this.travel(moment.id); }}>${integer(moment.id)}</button>
              </th>
              <td class="word">${moment.label}</td>
              <td>${seconds(moment.time)}</td>
              <td>${bytes(moment.live)}</td>
              <td>${bytes(moment.committed)}</td>
              <td>${bytes(moment.largestFree)}</td>
              <td>${moment.growths === null ? en.heap.unknown : integer(moment.growths)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  // The plot

  private fit(): void {
    const width = Math.floor(this.drawing.clientWidth);
    if (width === 0) return;
    if (this.plot === null) this.make(width);
    else if (this.plot.width !== width) this.plot.setSize({ width, height: HEIGHT });
    this.place();
  }

  private make(width: number): void {
    const palette = (): Palette => (this.palette ??= resolvePalette(this));
    const live = (alpha: number): string => `rgb(${palette().plain[State.Live]!.join(" ")} / ${alpha})`;
    const stepped = uPlot.paths.stepped?.({ align: 1 });
    const line = { ...(stepped === undefined ? {} : { paths: stepped }), points: { show: (u: uPlot) => u.data[0].length <= POINTS, size: 5 } };
    const grid = { stroke: () => palette().line, width: 1 };
    const font = `11px ${getComputedStyle(this).getPropertyValue("--sans")}`;
    const axis = { stroke: () => palette().ink2, font, grid, ticks: { show: false } };
    this.plot = new uPlot(
      {
        width,
        height: HEIGHT,
        legend: { show: false },
        padding: [10, 6, 0, 0],
        cursor: { drag: { x: false, y: false }, y: false, points: { show: false } },
        scales: {
          x: { time: false, range: (_, min, max) => [min - 0.5, Math.max(max, min + 5) + 0.5] },
          y: { range: (_, __, max) => [0, roundUp(max)] },
        },
        axes: [
          { ...axis, size: 26, space: 60, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000], values: (_, splits) => splits.map((value) => integer(value)) },
          {
            ...axis,
            size: 64,
            splits: (_, __, ___, max) => [0, max / 4, max / 2, (max * 3) / 4, max],
            values: (_, splits) => splits.map((value) => bytes(value)),
          },
        ],
        series: [
          {},
          { ...line, label: en.timeline.live, stroke: () => live(1), fill: () => live(0.16), width: 2 },
          { ...line, label: en.timeline.committed, stroke: () => palette().ink2, dash: [6, 4], width: 1.5 },
          { ...line, label: en.timeline.largest, stroke: () => palette().accent, dash: [2, 3], width: 1.5 },
        ],
        hooks: {
          draw: [(u) => { this.drawGrowths(u, palette()); }],
          setCursor: [(u) => { this.hovered = this.anchor < 0 ? (u.cursor.idx ?? -1) : this.anchor; }],
        },
      },
      timelineData(this.moments),
      this.drawing,
    );
    this.marks = { range: overlay(this.plot.over, "range"), here: overlay(this.plot.over, "here") };
    this.drag(this.plot.over);
  }

  private drawGrowths(u: uPlot, palette: Palette): void {
    const { ctx } = u;
    const unit = devicePixelRatio;
    ctx.save();
    ctx.fillStyle = `rgb(${palette.plain[State.Meta]!.join(" ")})`;
    for (const index of grew(this.moments)) {
      const x = u.valToPos(this.moments[index]!.id, "x", true);
      const y = u.bbox.top + u.bbox.height;
      ctx.beginPath();
      ctx.moveTo(x, y - 8 * unit);
      ctx.lineTo(x + 4 * unit, y);
      ctx.lineTo(x - 4 * unit, y);
      ctx.fill();
    }
    ctx.restore();
  }

  /** Puts the marks of the selection where it is. */
  private place(range = this.range): void {
    if (this.plot === null || this.marks === null) return;
    const at = (id: number): number => this.plot!.valToPos(id, "x");
    this.marks.range.hidden = range === null;
    if (range !== null) {
      this.marks.range.style.left = `${at(range[0])}px`;
      this.marks.range.style.width = `${at(range[1]) - at(range[0])}px`;
    }
    this.marks.here.hidden = this.moment === null;
    if (this.moment !== null) this.marks.here.style.left = `${at(this.moment)}px`;
  }

  // Choosing

  private drag(over: HTMLElement): void {
    const index = (event: PointerEvent): number => {
      const x = event.clientX - over.getBoundingClientRect().left;
      return this.plot!.posToIdx(Math.max(0, Math.min(over.clientWidth, x)));
    };
    const span = (event: PointerEvent): [number, number] | null => {
      const [a, b] = [this.moments[this.anchor], this.moments[index(event)]];
      if (a === undefined || b === undefined || a === b) return null;
      return [Math.min(a.id, b.id), Math.max(a.id, b.id)];
    };
    over.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.anchor = index(event);
      over.setPointerCapture(event.pointerId);
    });
    over.addEventListener("pointermove", (event) => {
      if (this.anchor >= 0) this.place(span(event));
    });
    over.addEventListener("pointerup", (event) => {
      if (this.anchor < 0) return;
      const range = span(event);
      const id = this.moments[this.anchor]?.id;
      this.anchor = -1;
      this.hovered = -1;
      if (range !== null) this.compare(...range);
      else if (id !== undefined) this.travel(id);
      this.place();
    });
    over.addEventListener("pointercancel", () => {
      this.anchor = -1;
      this.place();
    });
    over.addEventListener("pointerleave", () => { this.hovered = -1; });
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const last = this.moments.length - 1;
    if (last < 0) return;
    const here = this.moment === null ? last : this.indexOf(this.moment);
    // The end that moves is the one that is not held.
    const moving = this.range !== null && this.pivot === this.range[1] ? this.indexOf(this.range[0]) : here;
    const steps: Record<string, number> = {
      ArrowRight: moving + 1,
      ArrowUp: moving + 1,
      ArrowLeft: moving - 1,
      ArrowDown: moving - 1,
      PageUp: moving - 10,
      PageDown: moving + 10,
      Home: 0,
      End: last,
    };
    const step = steps[event.key];
    if (event.key === "Escape") this.travel(null);
    else if (step === undefined) return;
    else {
      const to = this.moments[Math.max(0, Math.min(last, step))]!.id;
      if (event.shiftKey) {
        this.pivot ??= this.moments[here]!.id;
        if (to === this.pivot) this.travel(to);
        else this.compare(this.pivot, to);
      } else {
        this.pivot = null;
        this.travel(to);
      }
    }
    event.preventDefault();
  };

  private indexOf(id: number): number {
    return id - (this.moments[0]?.id ?? 0);
  }

  private travel(id: number | null): void {
    this.dispatchEvent(new CustomEvent("travel", { detail: id }));
  }

  private compare(a: number, b: number): void {
    this.dispatchEvent(new CustomEvent("compare", { detail: [a, b] }));
  }
}

function overlay(parent: HTMLElement, name: string): HTMLElement {
  const element = document.createElement("div");
  element.className = name;
  parent.append(element);
  return element;
}

/** The next power of two, or half-way to it. */
function roundUp(value: number): number {
  let top = 65536;
  while (top < value) top *= 2;
  return top * 0.75 >= value ? top * 0.75 : top;
}

customElements.define("heap-timeline", HeapTimeline);
