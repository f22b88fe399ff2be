import { html, type TemplateResult } from "lit";
import type { Snapshot } from "../model/snapshot";
import { inspector as en } from "../text/inspector";
import { address, bytes } from "../text/format";
import { belongs, stateName } from "./names";

/** The most rows that are made. */
const ROWS = 200;

/** Blocks of a heap as a table, by their indices from `from` to before `to`. */
export function mapTable(snapshot: Snapshot, from: number, to: number, choose: (index: number) => void): TemplateResult {
  const { blocks } = snapshot;
  const shown = Math.min(to - from, ROWS);
  return html`
    <div class="table" tabindex="0" role="region" aria-label=${en.heap.tableOf(en.map.title)}>
      <p class="quiet small">${en.map.rows(shown, to - from)}</p>
      <table>
        <thead>
          <tr>${en.map.columns.map((name, i) => html`<th class=${i > 1 ? "word" : ""} scope="col">${name}</th>`)}</tr>
        </thead>
        <tbody>
          ${Array.from({ length: shown }, (_, i) => from + i).map(
            (i) => html`<tr>
              <th scope="row"><button class="plain mono" @click=${() => { choose(i); }}>${address(blocks.address[i]!)}</button></th>
              <td>${bytes(blocks.size[i]!)}</td>
              <td class="word">${stateName(blocks.state[i]!)}</td>
              <td class="word">${belongs(snapshot, i)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  `;
}
