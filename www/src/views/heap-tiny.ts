import { css, html, LitElement, type TemplateResult } from "lit";
import type { Snapshot } from "../model/snapshot";
import { base } from "../styles/base";
import { inspector as en } from "../text/en";
import { bytes, integer } from "../text/format";

/** What a tiny heap knows: its free lists, by class. */
export class HeapTiny extends LitElement {
  static override properties = { snapshot: { attribute: false } };
  declare snapshot: Snapshot;

  static override styles = [
    base,
    css`
      table {
        margin-top: 0.6rem;
      }
    `,
  ];

  override render(): TemplateResult {
    const rows = this.snapshot.lists.filter((row) => row.free > 0);
    return html`
      <section aria-labelledby="title">
        <h2 id="title">${en.tiny.title}</h2>
        <p class="quiet small">${en.tiny.caption}</p>
        <table>
          <thead><tr>${en.tiny.columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
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
      </section>
    `;
  }
}

customElements.define("heap-tiny", HeapTiny);
