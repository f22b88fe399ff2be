import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { sizeClasses, type SizeRow } from "../model/size-classes";
import type { Snapshot } from "../model/snapshot";
import { bars } from "../styles/bars";
import { core as base } from "../styles/base";
import { inspector as en } from "../text/inspector";
import { bytes, integer } from "../text/format";

/** A histogram of live blocks by size, and of what is wasted in them where that is known. */
export class HeapClasses extends LitElement {
  static override properties = {
    snapshot: { attribute: false },
    requested: { attribute: false },
  };
  declare snapshot: Snapshot;
  /** Bytes asked for, by address of the block. */
  declare requested: ReadonlyMap<number, number>;

  static override styles = [
    base,
    bars,
    css`
      .scroll {
        margin-top: 0.6rem;
        max-height: 27rem;
      }
    `,
  ];

  override render(): TemplateResult {
    const { snapshot } = this;
    const rows = sizeClasses(snapshot, this.requested);
    const note = snapshot.kind === "tiny" ? en.classes.untracked : snapshot.kind === "bump" ? en.classes.whole : en.classes.caption;
    return html`
      <section aria-labelledby="title">
        <h2 id="title">${en.classes.title}</h2>
        <p class="quiet small">${rows.length === 0 && snapshot.kind !== "tiny" ? en.classes.empty : note}</p>
        ${rows.length === 0 ? nothing : this.table(rows)}
      </section>
    `;
  }

  private table(rows: readonly SizeRow[]): TemplateResult {
    const most = rows.reduce((high, row) => Math.max(high, row.bytes), 1);
    const width = (part: number): string => `${((part / most) * 100).toFixed(2)}%`;
    // A hatching of a pixel or two looks like a bar of its own.
    const hatched = ({ waste }: SizeRow): number => (waste > most / 40 ? waste : 0);
    const waste = rows.some((row) => row.known > 0);
    const columns = waste ? en.classes.columns : en.classes.columns.slice(0, 3);
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${en.heap.tableOf(en.classes.title)}>
      <table>
        <thead>
          <tr>${columns.map((name, i) => html`<th scope="col" colspan=${i === 1 ? 2 : 1} class=${i === 1 ? "word" : ""}>${name}</th>`)}</tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) => html`<tr>
              <th scope="row">${en.classes.range(row.from, row.to)}</th>
              <td class="bar" aria-hidden="true">
                <span class="track"
                  ><i style="width:${width(row.bytes - hatched(row))}"></i>${hatched(row) > 0
                    ? html`<i class="waste" style="width:${width(row.waste)}"></i>`
                    : nothing}</span
                >
              </td>
              <td>${bytes(row.bytes)}</td>
              <td>${integer(row.blocks)}</td>
              ${waste
                ? html`<td>${row.known === 0 ? en.classes.unknown : en.classes.some(row.waste, row.known, row.blocks)}</td>`
                : nothing}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }
}

customElements.define("heap-classes", HeapClasses);
