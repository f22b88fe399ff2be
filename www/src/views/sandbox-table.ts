import { html, type TemplateResult } from "lit";
import { State, type Blocks } from "../model/snapshot";
import { en } from "../text/sandbox";
import { address, integer } from "../text/format";
import { stateName } from "./names";

/** The blocks of a figure as a table. */
export function blocksTable(blocks: Blocks, requested: ReadonlyMap<number, number>): TemplateResult {
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${en.sandbox.figureLabel}>
    <table>
      <thead><tr>${en.sandbox.columns.map((name, i) => html`<th scope="col" class=${i === 2 ? "word" : ""}>${name}</th>`)}</tr></thead>
      <tbody>
        ${Array.from({ length: blocks.count }, (_, i) => {
          const asked = blocks.state[i] === State.Live ? requested.get(blocks.address[i]!) : undefined;
          return html`<tr>
            <th scope="row" class="mono">${address(blocks.address[i]!)}</th>
            <td>${integer(blocks.size[i]!)}</td>
            <td class="word">${stateName(blocks.state[i]!)}</td>
            <td>${asked === undefined ? "" : integer(asked)}</td>
          </tr>`;
        })}
      </tbody>
    </table>
  </div>`;
}
