import { css, html, LitElement, type TemplateResult } from "lit";
import { base } from "../styles/base";
import { ALLOCATORS, TOOLS, type Ability, type Row } from "../text/abilities";
import { en } from "../text/inspect";

/** The things that work with which allocator, and with which other tool. */
export class AbilitiesTable extends LitElement {
  static override styles = [
    base,
    css`
      .scroll {
        max-height: 40vh;
      }
      th,
      td {
        text-align: left !important;
        white-space: normal !important;
      }
      tbody tr:first-child th {
        padding-top: 0.8rem;
      }
    `,
  ];

  override render(): TemplateResult {
    const { title, columns, others } = en.abilities;
    return html`
      <details class="data">
        <summary>${title}</summary>
        <div class="scroll" tabindex="0" role="region" aria-label=${title}>
          <table>
            <thead><tr>${columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
            <tbody>${ALLOCATORS.map(row)}</tbody>
            <thead><tr><th scope="colgroup" colspan="4">${others}</th></tr></thead>
            <tbody>${TOOLS.map(row)}</tbody>
          </table>
        </div>
      </details>
    `;
  }
}

const row = ({ name, decoded, recorded, sites }: Row): TemplateResult => html`<tr><th scope="row">${name}</th>${[decoded, recorded, sites].map(cell)}</tr>`;
const cell = ({ says, by }: Ability): TemplateResult => html`<td title=${by}>${says}</td>`;

customElements.define("abilities-table", AbilitiesTable);
