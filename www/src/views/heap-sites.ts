import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { culprit } from "../model/stack";
import { bars } from "../styles/bars";
import { core as base } from "../styles/base";
import { inspector as en } from "../text/inspector";
import { bytes, integer } from "../text/format";
import type { Site } from "./heap-inspector";

const ROWS = 100;

/** Live blocks of a moment by the function that asked for them. */
export class HeapSites extends LitElement {
  static override properties = { sites: { attribute: false } };
  declare sites: ReadonlyMap<number, Site>;

  static override styles = [
    base,
    bars,
    css`
      th.word {
        max-width: 14rem;
        overflow-wrap: anywhere;
        white-space: normal;
      }
      td.bar {
        width: 30%;
      }
    `,
  ];

  override render(): TemplateResult {
    const rows = this.rows();
    return html`<section aria-labelledby="title">
      <h2 id="title">${en.sites.title}</h2>
      <p class="quiet small">${rows.length === 0 ? en.sites.none : en.sites.caption}</p>
      ${rows.length === 0 ? nothing : this.table(rows)}
    </section>`;
  }

  /** The most bytes first. */
  private rows(): { readonly name: string; bytes: number; blocks: number }[] {
    const rows = new Map<string, { readonly name: string; bytes: number; blocks: number }>();
    for (const { stack, weight, size } of this.sites.values()) {
      const name = culprit(stack);
      const row = rows.get(name) ?? { name, bytes: 0, blocks: 0 };
      row.bytes += weight * size;
      row.blocks += weight;
      rows.set(name, row);
    }
    return [...rows.values()].sort((a, b) => b.bytes - a.bytes);
  }

  private table(rows: ReturnType<HeapSites["rows"]>): TemplateResult {
    const most = Math.max(1, rows[0]!.bytes);
    const [name, size, blocks] = en.sites.columns;
    return html`<table>
      <thead><tr><th scope="col" class="word">${name}</th><th scope="col" colspan="2" class="word">${size}</th><th scope="col">${blocks}</th></tr></thead>
      <tbody>
        ${rows.slice(0, ROWS).map(
          (row) => html`<tr>
            <th scope="row" class="word mono">${row.name}</th>
            <td class="bar" aria-hidden="true"><span class="track"><i style="width:${((100 * row.bytes) / most).toFixed(2)}%"></i></span></td>
            <td>${bytes(row.bytes)}</td>
            <td>${integer(Math.round(row.blocks))}</td>
          </tr>`,
        )}
      </tbody>
    </table>`;
  }
}

customElements.define("heap-sites", HeapSites);
