import { css, html, LitElement, type TemplateResult } from "lit";
import type { Snapshot } from "../model/snapshot";
import { core as base } from "../styles/base";
import { inspector as en } from "../text/inspector";
import { bytes, integer } from "../text/format";

/** Free lists by size: all that a tiny heap knows, and what waits in the quick lists of a heap. */
export class HeapLists extends LitElement {
  static override properties = { snapshot: { attribute: false } };
  declare snapshot: Snapshot;

  static override styles = [
    base,
    css`
      .scroll {
        margin-top: 0.6rem;
      }
    `,
  ];

  override render(): TemplateResult {
    const { kind, lists } = this.snapshot;
    const rows = lists.filter((row) => row.free > 0);
    return html`
      <section aria-labelledby="title">
        <h2 id="title">${en.lists.title}</h2>
        <p class="quiet small">${kind === "tiny" ? en.lists.tiny : en.lists.heap}</p>
        ${rows.length === 0
          ? html`<p class="quiet small">${en.lists.empty}</p>`
          : html`<div class="scroll" tabindex="0" role="region" aria-label=${en.heap.tableOf(en.lists.title)}>
              <table>
                <thead><tr>${en.lists.columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
                <tbody>
                  ${rows.map(
                    (row) => html`<tr>
                      <th scope="row">${bytes(row.size)}</th>
                      <td>${integer(row.free)}</td>
                      <td>${bytes(row.free * row.size)}</td>
                    </tr>`,
                  )}
                </tbody>
              </table>
            </div>`}
      </section>
    `;
  }
}

customElements.define("heap-lists", HeapLists);
