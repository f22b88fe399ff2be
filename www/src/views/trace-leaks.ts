import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { SurvivorRow } from "../model/trace";
import { bars } from "../styles/bars";
import { base } from "../styles/base";
import { tokens } from "../styles/tokens";
import { en } from "../text/inspect";
import { bytes, integer } from "../text/format";

/** Sizes that have a row each; with more, the page says how many are left out. */
const ROWS = 100;

/** The blocks of the chosen part of a trace that were not freed: each is counted, none estimated. */
export class TraceLeaks extends LitElement {
  static override properties = { rows: { attribute: false }, lost: { attribute: false } };
  declare rows: readonly SurvivorRow[];
  /** The number of missing records. */
  declare lost: number;

  static override styles = [
    tokens,
    base,
    bars,
    css`
      .note {
        margin-top: 0.6rem;
      }
    `,
  ];

  override render(): TemplateResult {
    const { rows } = this;
    const sum = (of: (row: SurvivorRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
    return html`<section aria-labelledby="title">
      <h2 id="title" class="unseen">${en.trace.leaks.title}</h2>
      <p class="quiet small">${en.trace.leaks.caption}</p>
      <p class="small" role="status">${en.trace.leaks.sum(sum(({ blocks }) => blocks), sum((row) => row.bytes))}</p>
      ${this.lost === 0 ? nothing : html`<p class="note small">${en.trace.leaks.lost(this.lost)}</p>`}
      ${rows.length === 0 ? nothing : this.table(rows)}
    </section>`;
  }

  private table(rows: readonly SurvivorRow[]): TemplateResult {
    const most = rows[0]!.bytes;
    return html`<table>
          <caption class="unseen">${en.heap.tableOf(en.trace.leaks.title)}</caption>
          <thead><tr>${en.trace.leaks.columns.map((name, i) => html`<th scope="col" colspan=${i === 1 ? 2 : 1} class=${i === 1 ? "word" : ""}>${name}</th>`)}</tr></thead>
          <tbody>
            ${rows.slice(0, ROWS).map(
              (row) => html`<tr>
                <th scope="row">${bytes(row.size)}</th>
                <td class="bar" aria-hidden="true"><span class="track"><i style="width:${((100 * row.bytes) / most).toFixed(2)}%"></i></span></td>
                <td>${bytes(row.bytes)}</td>
                <td>${integer(row.blocks)}</td>
                <td>${integer(row.oldest)}</td>
              </tr>`,
            )}
          </tbody>
        </table>
      ${rows.length <= ROWS ? nothing : html`<p class="small quiet">${en.trace.leaks.more(rows.length - ROWS)}</p>`}`;
  }
}

customElements.define("trace-leaks", TraceLeaks);
