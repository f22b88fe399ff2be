import { css, html, LitElement, nothing, svg, type TemplateResult } from "lit";
import type { Course } from "../model/trace";
import { base } from "../styles/base";
import { tokens } from "../styles/tokens";
import { en } from "../text/inspect";
import { bytes, integer } from "../text/format";

/** A part of a trace, in records: from the first, to before the last. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

const WIDTH = 1000;
const HEIGHT = 120;
const STEPS = 200;
const PAGE = 65536;

/** The live bytes in the course of a trace, and two sliders that choose a part of it. */
export class TraceCourse extends LitElement {
  static override properties = {
    course: { attribute: false },
    records: { attribute: false },
    range: { attribute: false },
    tableOpen: { state: true },
  };
  declare course: Course;
  declare records: number;
  declare range: Range;
  declare private tableOpen: boolean;

  constructor() {
    super();
    this.tableOpen = false;
  }

  static override styles = [
    tokens,
    base,
    css`
      .drawing {
        border-top: 1px dotted var(--line-2);
        border-bottom: 1px solid var(--line-2);
      }
      svg {
        display: block;
        width: 100%;
        height: 7.5rem;
      }
      .live {
        fill: none;
        stroke: var(--live);
        stroke-width: 2;
        vector-effect: non-scaling-stroke;
      }
      .area {
        fill: var(--live);
        opacity: 0.18;
      }
      .growth {
        stroke: var(--meta-mark);
        stroke-width: 2;
        vector-effect: non-scaling-stroke;
      }
      .loss {
        stroke: var(--alarm);
        stroke-width: 2;
        stroke-dasharray: 6 4;
        vector-effect: non-scaling-stroke;
      }
      .out {
        fill: var(--paper);
        opacity: 0.72;
      }
      .bound {
        stroke: var(--accent);
        stroke-width: 2;
        vector-effect: non-scaling-stroke;
      }
      .top {
        display: flex;
        justify-content: space-between;
        color: var(--ink-2);
      }
      .range {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 14rem), 1fr));
        gap: 0.4rem 1.5rem;
        margin-top: 0.6rem;
      }
      .range label {
        display: grid;
        gap: 0.1rem;
      }
      input[type="range"] {
        width: 100%;
        accent-color: var(--accent);
      }
    `,
  ];

  override render(): TemplateResult {
    const { course, records, range } = this;
    const top = Math.max(1, course.peak);
    const x = (record: number): number => (WIDTH * record) / Math.max(1, records);
    const y = (value: number): number => HEIGHT - (HEIGHT * value) / top;
    const points = (values: Float64Array): string =>
      Array.from(values, (value, i) => `${x(course.at[i]! + 1).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    const live = points(course.live);
    const growths = Array.from(course.at).filter((_, i) => i > 0 && course.pages[i] !== course.pages[i - 1]);
    // Losses that would be drawn on one line are one line.
    const losses = new Set(course.losses.map((at) => x(at).toFixed(0)));
    const text = en.trace.course.chosen(integer(range.to - range.from), integer(records));
    return html`
      <h2 class="unseen">${en.trace.title}</h2>
      <p class="top small" aria-hidden="true"><span>${en.trace.course.live}</span><span>${bytes(top)}</span></p>
      <div class="drawing">
        <svg
          viewBox="0 0 ${WIDTH} ${HEIGHT}"
          preserveAspectRatio="none"
          role="img"
          aria-label=${en.trace.course.label(bytes(course.peak), integer(records))}
        >
          <polygon class="area" points="0,${HEIGHT} ${live} ${WIDTH},${HEIGHT}"></polygon>
          <polyline class="live" points=${live}></polyline>
          ${growths.map((at) => svg`<line class="growth" x1=${x(at)} x2=${x(at)} y1=${HEIGHT} y2=${HEIGHT * 0.86}></line>`)}
          ${Array.from(losses, (at) => svg`<line class="loss" x1=${at} x2=${at} y1="0" y2=${HEIGHT}></line>`)}
          ${range.from > 0 ? svg`<rect class="out" x="0" y="0" width=${x(range.from)} height=${HEIGHT}></rect><line class="bound" x1=${x(range.from)} x2=${x(range.from)} y1="0" y2=${HEIGHT}></line>` : svg``}
          ${range.to < records ? svg`<rect class="out" x=${x(range.to)} y="0" width=${WIDTH - x(range.to)} height=${HEIGHT}></rect><line class="bound" x1=${x(range.to)} x2=${x(range.to)} y1="0" y2=${HEIGHT}></line>` : svg``}
        </svg>
      </div>
      <p class="small quiet">${en.trace.course.key}${losses.size === 0 ? "" : ` ${en.trace.course.losses}`}</p>
      <div class="range small" role="group" aria-label=${en.trace.course.range}>
        ${this.slider(en.trace.course.from, range.from, (from) => ({ from: Math.min(from, range.to), to: range.to }))}
        ${this.slider(en.trace.course.to, range.to, (to) => ({ from: range.from, to: Math.max(to, range.from) }))}
      </div>
      <p class="small quiet">${text}</p>
      <details class="data" @toggle=${(event: Event) => { this.tableOpen = (event.target as HTMLDetailsElement).open; }}>
        <summary>${en.heap.table}</summary>
        ${this.tableOpen ? this.table() : nothing}
      </details>
    `;
  }

  /** The points that are drawn. */
  private table(): TemplateResult {
    const { at, live, blocks, pages } = this.course;
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${en.trace.course.table}>
      <table>
        <thead><tr>${en.trace.course.columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
        <tbody>
          ${Array.from(
            at,
            (record, i) => html`<tr>
              <th scope="row">${integer(record + 1)}</th>
              <td>${bytes(live[i]!)}</td>
              <td>${integer(blocks[i]!)}</td>
              <td>${bytes(pages[i]! * PAGE)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  private slider(name: string, value: number, change: (value: number) => Range): TemplateResult {
    const step = Math.max(1, Math.ceil(this.records / STEPS));
    return html`<label>
      ${name}
      <input
        type="range"
        min="0"
        max=${this.records}
        step=${step}
        .value=${String(value)}
        aria-valuetext=${en.trace.course.record(integer(value))}
        @input=${(event: Event) => {
          const input = event.target as HTMLInputElement;
          // The last step may be a short one, which a slider cannot reach.
          const at = Number(input.value) + step > this.records ? this.records : Number(input.value);
          this.dispatchEvent(new CustomEvent<Range>("range", { detail: change(at) }));
        }}
      />
    </label>`;
  }
}

customElements.define("trace-course", TraceCourse);
