import { css, html, LitElement, type TemplateResult } from "lit";
import type { Moment } from "../model/history";
import { core as base } from "../styles/base";
import { inspector as en } from "../text/inspector";
import { bytes, integer, seconds } from "../text/format";

const ROWS = 200;

/** The moments as a table, the newest first. Fires `travel` with the number of one. */
export class HeapMoments extends LitElement {
  static override properties = {
    moments: { attribute: false },
    moment: { attribute: false },
    forgotten: { attribute: false },
    pictured: { attribute: false },
  };
  declare moments: readonly Moment[];
  /** The moment looked at. */
  declare moment: number;
  declare forgotten: number;
  /** The number of moments with a picture. */
  declare pictured: number;

  static override styles = [
    base,
    css`
      tr[aria-current="step"] > * {
        background: var(--wash);
        font-weight: 600;
      }
    `,
  ];

  override render(): TemplateResult {
    const { forgotten, pictured, moments } = this;
    return html`
      <h2 class="unseen">${en.timeline.moments}</h2>
      ${forgotten > 0 ? html`<p class="quiet small">${en.timeline.forgotten(forgotten)}</p>` : ""}
      ${pictured < moments.length ? html`<p class="quiet small">${en.timeline.thinned(pictured, moments.length)}</p>` : ""}
      <table>
        <caption class="unseen">${en.heap.tableOf(en.timeline.title)}</caption>
        <thead><tr>${en.timeline.columns.map((name, i) => html`<th scope="col" class=${i === 1 ? "word" : ""}>${name}</th>`)}</tr></thead>
        <tbody>
          ${moments.slice(-ROWS).reverse().map(
            (moment) => html`<tr aria-current=${moment.id === this.moment ? "step" : "false"}>
              <th scope="row">
                <button class="plain" aria-label=${en.timeline.go(moment.id)} @click=${() => { this.dispatchEvent(new CustomEvent("travel", { detail: moment.id })); }}>${integer(moment.id)}</button>
              </th>
              <td class="word">${moment.label}</td>
              <td>${seconds(moment.time)}</td>
              <td>${moment.tracked ? bytes(moment.live) : en.heap.unknown}</td>
              <td>${moment.tracked ? bytes(moment.committed) : en.heap.unknown}</td>
              <td>${bytes(moment.largestFree)}</td>
              <td>${moment.growths === null ? en.heap.unknown : integer(moment.growths)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    `;
  }
}

customElements.define("heap-moments", HeapMoments);
