import { css, html, LitElement, nothing, svg, type TemplateResult } from "lit";
import type { Moment } from "../model/history";
import { timeline } from "../model/timeline-layout";
import { base } from "../styles/base";
import { inspector as en } from "../text/en";
import { bytes, integer } from "../text/format";

const HEIGHT = 120;
const TABLE_ROWS = 100;

/** Live and committed, step by step. */
export class HeapTimeline extends LitElement {
  static override properties = {
    moments: { attribute: false },
    forgotten: { attribute: false },
    width: { state: true },
    tableOpen: { state: true },
  };
  declare moments: readonly Moment[];
  declare forgotten: number;
  declare private width: number;
  declare private tableOpen: boolean;

  private readonly resize = new ResizeObserver(([entry]) => {
    this.width = Math.floor(entry?.contentRect.width ?? 0);
  });

  constructor() {
    super();
    this.moments = [];
    this.forgotten = 0;
    this.width = 400;
    this.tableOpen = false;
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
        margin-bottom: 0.6rem;
      }
      .key {
        display: flex;
        gap: 1rem;
        font-size: 0.8125rem;
        color: var(--ink-2);
      }
      .key span::before {
        content: "";
        display: inline-block;
        width: 1.1em;
        height: 0;
        margin-right: 0.35em;
        vertical-align: 0.28em;
        border-top: 2px solid var(--live);
      }
      .key .committed::before {
        border-top: 2px dashed var(--ink-2);
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
      }
      svg {
        display: block;
        width: 100%;
        overflow: visible;
      }
      .grid {
        stroke: var(--line);
      }
      .area {
        fill: var(--live);
        fill-opacity: 0.16;
      }
      .live,
      .committed-line {
        fill: none;
        stroke: var(--live);
        stroke-width: 2;
      }
      .committed-line {
        stroke: var(--ink-2);
        stroke-width: 1.5;
        stroke-dasharray: 4 3;
      }
      .grown {
        fill: var(--meta);
      }
      .scale {
        font: 0.6875rem var(--sans);
        fill: var(--ink-2);
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
    this.resize.observe(this.renderRoot.querySelector(".drawing")!);
  }

  override render(): TemplateResult {
    const { moments, forgotten, width } = this;
    const figure = timeline(moments, Math.max(1, width), HEIGHT);
    const last = moments[moments.length - 1];
    return html`
      <section aria-labelledby="title">
        <div class="bar">
          <div>
            <h2 id="title">${en.timeline.title}</h2>
            <p class="quiet small">${en.timeline.caption} ${forgotten > 0 ? en.timeline.forgotten(forgotten) : nothing}</p>
          </div>
          <div class="key" aria-hidden="true">
            <span>${en.timeline.live}</span><span class="committed">${en.timeline.committed}</span><span class="growth">${en.timeline.growth}</span>
          </div>
        </div>
        <div class="drawing">
          <svg
            viewBox="0 0 ${Math.max(1, width)} ${HEIGHT + 10}"
            height=${HEIGHT + 10}
            role="img"
            aria-label=${en.timeline.label(moments.length, last?.live ?? 0, last?.committed ?? 0)}
          >
            ${[0, 0.5, 1].map(
              (share) => svg`<line class="grid" x1="0" x2=${width} y1=${HEIGHT * share + 0.5} y2=${HEIGHT * share + 0.5}></line>`,
            )}
            ${[0, 0.5].map(
              (share) => svg`<text class="scale" x=${width} y=${HEIGHT * share + 13} text-anchor="end">${bytes(figure.top * (1 - share))}</text>`,
            )}
            <path class="area" d=${figure.liveArea}></path>
            <path class="committed-line" d=${figure.committed}></path>
            <path class="live" d=${figure.live}></path>
            ${figure.growths.map((x) => svg`<path class="grown" d="M${x} ${HEIGHT + 1}l4 8h-8z"></path>`)}
          </svg>
        </div>
        <details class="data" @toggle=${(event: Event) => { this.tableOpen = (event.target as HTMLDetailsElement).open; }}>
          <summary>${en.heap.table}</summary>
          ${this.tableOpen ? this.table() : nothing}
        </details>
      </section>
    `;
  }

  /** The newest first. */
  private table(): TemplateResult {
    const first = Math.max(0, this.moments.length - TABLE_ROWS);
    const rows = this.moments.slice(first).map((moment, i) => ({ moment, step: this.forgotten + first + i + 1 }));
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${en.timeline.title}>
      <table>
        <thead><tr>${en.timeline.columns.map((name, i) => html`<th scope="col" class=${i === 1 ? "word" : ""}>${name}</th>`)}</tr></thead>
        <tbody>
          ${rows.reverse().map(
            ({ moment, step }) => html`<tr>
              <th scope="row">${integer(step)}</th>
              <td class="word">${moment.label}</td>
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
}

customElements.define("heap-timeline", HeapTimeline);
