import { css, html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import uPlot from "uplot";
import { resolvePalette, type Palette } from "../draw/palette";
import { grew, timelineData } from "../model/timeline-data";
import type { Moment } from "../model/history";
import { State } from "../model/snapshot";
import { core as base } from "../styles/base";
import { inspector as en } from "../text/inspector";
import { bytes } from "../text/format";

const HEIGHT = 88;
/** The strip has room for so many moments, at least. */
const COLUMNS = 4;
/** Room that the name of a moment takes. */
const NAME = 76;

/**
 * What the heap held, moment by moment. Fires `travel` with a moment's number, or `null` for now,
 * and `compare` with two of them.
 */
export class HeapTimeline extends LitElement {
  static override properties = {
    moments: { attribute: false },
    moment: { attribute: false },
    range: { attribute: false },
    theme: { attribute: false },
    hovered: { state: true },
  };
  declare moments: readonly Moment[];
  /** The moment looked at; `null` is now. */
  declare moment: number | null;
  declare range: readonly [number, number] | null;
  declare theme: number;
  /** Index of the moment under the pointer, or -1. */
  declare private hovered: number;

  private plot: uPlot | null = null;
  private palette: Palette | null = null;
  private readonly resize = new ResizeObserver(() => {
    this.fit();
  });
  /** The moment that a drag began at, as an index; -1 outside of a drag. */
  private anchor = -1;
  /** The fixed end of a range that is selected by keys. */
  private pivot: number | null = null;
  private marks: { readonly range: HTMLElement; readonly here: HTMLElement } | null = null;

  constructor() {
    super();
    this.moments = [];
    this.moment = null;
    this.range = null;
    this.theme = 0;
    this.hovered = -1;
  }

  static override styles = [
    base,
    css`
      section {
        position: relative;
      }
      .key {
        position: absolute;
        z-index: 1;
        inset: 0 0.5rem auto auto;
        display: flex;
        gap: 0.2rem 0.9rem;
        padding: 0 0.4rem;
        background: color-mix(in srgb, var(--paper) 80%, transparent);
        font-size: 0.6875rem;
        color: var(--ink-2);
        pointer-events: none;
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
      .here.now {
        background: var(--line-2);
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
      @container (max-width: 40rem) {
        .key {
          display: none;
        }
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
        <h2 id="title" class="unseen">${en.timeline.title}</h2>
        <div class="key" aria-hidden="true">
          <span>${en.timeline.live}</span><span class="committed">${en.timeline.committed}</span
          ><span class="largest">${en.timeline.largest}</span><span class="growth">${en.timeline.growth}</span>
        </div>
        <div
          class="drawing"
          tabindex="0"
          title=${this.hovered < 0 || moments[this.hovered] === undefined ? en.timeline.caption : en.timeline.moment(moments[this.hovered]!)}
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
      </section>
    `;
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
    const line = { ...(stepped === undefined ? {} : { paths: stepped }), points: { show: false } };
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
          // A column a moment; few of them do not fill the strip.
          x: { time: false, range: (_, min, max) => [min, Math.max(max, min + COLUMNS)] },
          y: { range: (_, __, max) => [0, roundUp(max)] },
        },
        axes: [
          {
            ...axis,
            size: 20,
            gap: 2,
            splits: (u) => this.named(u).map((moment) => moment.id + 0.5),
            values: (_, splits) => splits.map((at) => this.moments[this.indexOf(at - 0.5)]?.label ?? ""),
          },
          {
            ...axis,
            size: 64,
            gap: 4,
            splits: (_, __, ___, max) => [0, max / 2, max],
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
          setCursor: [(u) => { this.hovered = this.anchor >= 0 ? this.anchor : (u.cursor.left ?? -1) < 0 ? -1 : this.column(u.cursor.left ?? 0); }],
        },
      },
      timelineData(this.moments),
      this.drawing,
    );
    this.marks = { range: overlay(this.plot.over, "range"), here: overlay(this.plot.over, "here") };
    this.drag(this.plot.over);
  }

  /** The moments whose names have room. */
  private named(u: uPlot): readonly Moment[] {
    const columns = (u.scales["x"]!.max ?? 1) - (u.scales["x"]!.min ?? 0);
    const every = Math.max(1, Math.ceil((NAME * columns) / Math.max(1, u.over.clientWidth)));
    const last = this.moments.length - 1;
    return this.moments.filter((_, i) => (last - i) % every === 0);
  }

  /** The index of the moment at a place of the drawing. */
  private column(x: number): number {
    const index = Math.floor(this.plot!.posToVal(x, "x")) - (this.moments[0]?.id ?? 0);
    return Math.max(0, Math.min(this.moments.length - 1, index));
  }

  private drawGrowths(u: uPlot, palette: Palette): void {
    const { ctx } = u;
    const unit = devicePixelRatio;
    ctx.save();
    ctx.fillStyle = `rgb(${palette.plain[State.Meta]!.join(" ")})`;
    for (const index of grew(this.moments)) {
      const x = u.valToPos(this.moments[index]!.id + 0.5, "x", true);
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
    const at = (id: number): number => this.plot!.valToPos(id + 0.5, "x");
    this.marks.range.hidden = range === null;
    if (range !== null) {
      this.marks.range.style.left = `${at(range[0])}px`;
      this.marks.range.style.width = `${at(range[1]) - at(range[0])}px`;
    }
    const here = this.moment ?? this.moments.at(-1)?.id;
    this.marks.here.hidden = here === undefined;
    this.marks.here.classList.toggle("now", this.moment === null);
    if (here !== undefined) this.marks.here.style.left = `${at(here)}px`;
  }

  // Choosing

  private drag(over: HTMLElement): void {
    const index = (event: PointerEvent): number => {
      const x = event.clientX - over.getBoundingClientRect().left;
      return this.column(Math.max(0, Math.min(over.clientWidth, x)));
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
