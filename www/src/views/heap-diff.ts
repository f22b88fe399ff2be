import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { Diff, DiffRow, Tally } from "../model/diff";
import type { Moment } from "../model/history";
import { bars } from "../styles/bars";
import { core as base } from "../styles/base";
import { inspector as en } from "../text/inspector";
import { address, bytes, integer, signed } from "../text/format";

/** The blocks that came and went between two moments, by size and by region. */
export class HeapDiff extends LitElement {
  static override properties = {
    diff: { attribute: false },
    from: { attribute: false },
    to: { attribute: false },
  };
  /** `null` where one of the moments is no longer kept. */
  declare diff: Diff | null;
  declare from: Moment;
  declare to: Moment;

  static override styles = [
    base,
    bars,
    css`
      section {
        padding-top: 1rem;
        border-top: 3px solid var(--accent);
      }
      .sentence {
        margin: 0.3rem 0;
        font-size: 1.0625rem;
        font-weight: 600;
      }
      .tables {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr));
        gap: 1rem 3rem;
        margin-top: 0.8rem;
      }
      h3 {
        font-size: 0.8125rem;
        font-weight: 600;
      }
      th,
      td {
        padding-right: 0.5rem;
      }
      td.bar {
        width: 20%;
        min-width: 2rem;
        padding-right: 0;
      }
      td.bar + td.bar {
        border-left: 1px solid var(--ink-2);
        padding-right: 0.5rem;
      }
      .count {
        color: var(--ink-2);
      }
      th.gone {
        text-align: right;
      }
    `,
  ];

  override render(): TemplateResult {
    const { diff } = this;
    return html`
      <section aria-labelledby="title">
        <h2 id="title">${en.diff.title}</h2>
        <p class="quiet small">${en.diff.caption(this.from, this.to)}</p>
        ${diff === null
          ? html`<p>${en.diff.incomplete}</p>`
          : html`
              <p class="sentence">${diff.came.blocks + diff.gone.blocks === 0 ? en.diff.same : en.diff.sentence(diff)}</p>
              <p class="quiet small">${en.diff.definition}</p>
              <div class="tables">
                ${this.table(en.diff.bySize, en.diff.columns.size, bytes, diff.bySize)}
                ${this.table(`${en.diff.byRegion}: ${en.diff.region(diff.region)}`, en.diff.columns.region, address, diff.byRegion)}
              </div>
            `}
      </section>
    `;
  }

  private table(title: string, first: string, name: (key: number) => string, all: readonly DiffRow[]): TemplateResult | typeof nothing {
    const rows = all.filter((row) => row.came.blocks + row.gone.blocks > 0);
    if (rows.length === 0) return nothing;
    const most = rows.reduce((high, row) => Math.max(high, row.came.bytes, row.gone.bytes), 1);
    const width = (part: number): string => `${((part / most) * 100).toFixed(2)}%`;
    const { gone, came, net } = en.diff.columns;
    return html`<div>
      <h3>${title}</h3>
      <div class="scroll" tabindex="0" role="region" aria-label=${title}>
        <table>
          <thead>
            <tr>
              <th scope="col">${first}</th>
              <th scope="col" colspan="2" class="gone">${gone}</th>
              <th scope="col" colspan="2" class="word">${came}</th>
              <th scope="col">${net}</th>
            </tr>
          </thead>
          <tbody>
            ${rows.map(
              (row) => html`<tr>
                <th scope="row">${name(row.key)}</th>
                <td>${tally(row.gone)}</td>
                <td class="bar" aria-hidden="true"><span class="track left">${bar("gone", row.gone.bytes, width)}</span></td>
                <td class="bar" aria-hidden="true"><span class="track">${bar("came", row.came.bytes, width)}</span></td>
                <td class="word">${tally(row.came)}</td>
                <td>${signed(row.came.bytes - row.gone.bytes)}</td>
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </div>`;
  }
}

const tally = ({ blocks, bytes: size }: Tally): TemplateResult | typeof nothing =>
  blocks === 0 ? nothing : html`${bytes(size)} <span class="count">×${integer(blocks)}</span>`;

const bar = (what: string, value: number, width: (part: number) => string): TemplateResult | typeof nothing =>
  value === 0 ? nothing : html`<i class=${what} style="width:${width(value)}"></i>`;

customElements.define("heap-diff", HeapDiff);
