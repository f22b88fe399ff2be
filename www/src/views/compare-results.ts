import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { perStep, ranOut, scaleOf, type Contender, type Result, type Settings } from "../model/compare";
import { base } from "../styles/base";
import { en } from "../text/compare";
import { bytes, integer } from "../text/format";

/** Results as bars, and as a table. Fires `inspect` with the allocator whose heap is to be seen. */
export class CompareResults extends LitElement {
  static override properties = {
    results: { attribute: false },
    settings: { attribute: false },
    inspected: { attribute: false },
  };
  declare results: readonly Result[];
  /** The workload of the results. */
  declare settings: Settings;
  declare inspected: Contender | null;

  constructor() {
    super();
    this.results = [];
    this.inspected = null;
  }

  static override styles = [
    base,
    css`
      .charts {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr));
        gap: 1.5rem 2.5rem;
        margin-bottom: 1.5rem;
      }
      h2 {
        margin-bottom: 0.15rem;
      }
      ol {
        display: grid;
        gap: 0.55rem;
        margin-top: 0.8rem;
      }
      .name {
        display: flex;
        justify-content: space-between;
        gap: 1rem;
        font-size: 0.8125rem;
      }
      .name span {
        white-space: nowrap;
      }
      .name strong {
        font-weight: 600;
      }
      .track {
        position: relative;
        height: 1.1rem;
        margin-top: 0.15rem;
      }
      .bar {
        position: absolute;
        inset: 0 auto 0 0;
        min-width: 2px;
        background: var(--live);
      }
      .memory .bar {
        background: var(--slab);
      }
      .memory .bar.peak {
        inset: 0.3rem auto 0.3rem 0;
        background: var(--live);
      }
      .range {
        position: absolute;
        top: 0.5rem;
        height: 2px;
        min-width: 2px;
        background: var(--ink);
      }
      .range::before,
      .range::after {
        content: "";
        position: absolute;
        top: -0.2rem;
        width: 2px;
        height: 0.5rem;
        background: var(--ink);
      }
      .range::after {
        right: 0;
      }
      .range.open::after {
        content: none;
      }
      /* Longer than there is room for: its end is torn off. */
      .bar.cut {
        mask: linear-gradient(90deg, #000 calc(100% - 2.2rem), transparent calc(100% - 2.2rem) calc(100% - 1.8rem), #000 calc(100% - 1.8rem) calc(100% - 1rem), transparent calc(100% - 1rem) calc(100% - 0.6rem), #000 calc(100% - 0.6rem));
      }
      @media (forced-colors: active) {
        .bar {
          forced-color-adjust: none;
          background: Highlight;
        }
        .memory .bar {
          background: GrayText;
        }
      }
      td button {
        min-height: 1.6rem;
      }
      .none {
        color: var(--ink-2);
      }
    `,
  ];

  override render(): TemplateResult {
    const { results } = this;
    const slowest = scaleOf(results.map((result) => perStep(result).middle)) * 1.25;
    const largest = scaleOf(results.map(({ grown, peak }) => Math.max(grown, peak)));
    const share = (value: number, of: number): string => `${Math.min(100, (100 * value) / of).toFixed(2)}%`;
    const range = (low: number, high: number): string => {
      const from = Math.min(low, slowest);
      return `left:${share(from, slowest)};width:${share(Math.min(high, slowest) - from, slowest)}`;
    };
    return html`
      <div class="charts">
        <figure aria-labelledby="time">
          <h2 id="time">${en.compare.time}</h2>
          <p class="small quiet">${en.compare.timeCaption}</p>
          <ol>
            ${results.map((result) => {
              const { middle, low, high } = perStep(result);
              return html`<li>
                <div class="name"><strong>${this.name(result)}</strong><span>${en.compare.nanoseconds(middle)}</span></div>
                <div class="track" aria-hidden="true">
                  <div class="bar ${middle > slowest ? "cut" : ""}" style="width:${share(middle, slowest)}"></div>
                  ${middle > slowest ? nothing : html`<div class="range ${high > slowest ? "open" : ""}" style=${range(low, high)}></div>`}
                </div>
              </li>`;
            })}
          </ol>
        </figure>
        <figure class="memory" aria-labelledby="memory">
          <h2 id="memory">${en.compare.memory}</h2>
          <p class="small quiet">${en.compare.memoryCaption}</p>
          <ol>
            ${results.map(
              (result) => html`<li>
                <div class="name"><strong>${this.name(result)}</strong><span>${bytes(result.grown)}</span></div>
                <div class="track" aria-hidden="true">
                  <div class="bar ${result.grown > largest ? "cut" : ""}" style="width:${share(result.grown, largest)}"></div>
                  <div class="bar peak" style="width:${share(result.peak, largest)}"></div>
                </div>
              </li>`,
            )}
          </ol>
        </figure>
      </div>
      <div class="scroll" tabindex="0" role="region" aria-label=${en.heap.tableOf(en.compare.title)}>
        <table>
          <thead><tr>${en.compare.columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
          <tbody>${results.map((result) => this.row(result))}</tbody>
        </table>
      </div>
      ${results.some((result) => ranOut(result, this.settings)) ? html`<p class="small quiet">${en.compare.outNote}</p>` : nothing}
    `;
  }

  private name(result: Result): string {
    const { name } = en.compare.contenders[result.contender];
    return ranOut(result, this.settings) ? en.compare.out(name, result.steps) : name;
  }

  private row(result: Result): TemplateResult {
    const { contender, peak, live, grown, growths, steps } = result;
    const { middle, low, high } = perStep(result);
    return html`<tr data-contender=${contender}>
      <th scope="row">${en.compare.contenders[contender].name}</th>
      <td>
        ${contender === "dlmalloc"
          ? html`<span class="none">${en.compare.closed}</span>`
          : html`<button
              class="plain"
              aria-pressed=${this.inspected === contender}
              aria-label=${en.compare.showLabel(en.compare.contenders[contender].name)}
              @click=${() => { this.dispatchEvent(new CustomEvent<Contender>("inspect", { detail: contender })); }}
            >
              ${en.compare.show}
            </button>`}
      </td>
      <td>${en.compare.nanoseconds(middle)}</td>
      <td>${en.compare.range(low, high)}</td>
      <td>${bytes(live)}</td>
      <td>${bytes(peak)}</td>
      <td>${bytes(grown)}</td>
      <td>${en.compare.ratio(grown / Math.max(1, peak))}</td>
      <td>${integer(growths)}</td>
      <td>${integer(steps)}</td>
    </tr>`;
  }
}

customElements.define("compare-results", CompareResults);
