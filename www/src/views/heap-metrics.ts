import { css, html, LitElement, type TemplateResult } from "lit";
import type { Moment } from "../model/history";
import { externalFragmentation, unusable } from "../model/metrics";
import { sizeClasses } from "../model/size-classes";
import type { Snapshot } from "../model/snapshot";
import { bars } from "../styles/bars";
import { core as base } from "../styles/base";
import { inspector as en } from "../text/inspector";
import { bytes, integer, percent } from "../text/format";

type Row = keyof typeof en.metrics.rows;

/** The measures of one moment, each with its definition beside it. */
export class HeapMetrics extends LitElement {
  static override properties = {
    snapshot: { attribute: false },
    moment: { attribute: false },
    requested: { attribute: false },
  };
  declare snapshot: Snapshot;
  declare moment: Moment;
  declare requested: ReadonlyMap<number, number>;

  static override styles = [
    base,
    bars,
    css`
      dl {
        margin-top: 0.6rem;
        border-top: 1px solid var(--line);
      }
      dl > div {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 0 1rem;
        padding: 0.35rem 0;
        border-bottom: 1px solid var(--line);
      }
      dt {
        font-weight: 550;
      }
      .number {
        text-align: right;
      }
      .means {
        grid-column: 1 / -1;
        max-width: 36rem;
        font-size: 0.75rem;
        line-height: 1.4;
        color: var(--ink-2);
      }
      .scroll {
        max-height: none;
      }
      h3 {
        margin-top: 1rem;
        font-size: 0.875rem;
        font-weight: 600;
      }
    `,
  ];

  override render(): TemplateResult {
    const { moment, snapshot } = this;
    const { tracked } = moment;
    const known = (value: number): string => (tracked ? bytes(value) : en.heap.unknown);
    const all = unusable(snapshot.blocks);
    // Small requests fit nearly everywhere: of the sizes that all do, the largest says so.
    const rows = all.slice(Math.max(0, all.findIndex((row) => row.unusable >= 0.01) - 1));
    return html`
      <section aria-labelledby="title">
        <h2 id="title">${en.metrics.title}</h2>
        <p class="quiet small">${en.metrics.caption}</p>
        <dl>
          ${this.row("free", bytes(moment.free), moment.free)}
          ${this.row("blocks", tracked ? integer(moment.liveBlocks) : en.heap.unknown)}
          ${this.row("internal", this.internal())}
          ${this.row("external", percent(externalFragmentation(moment)))}
          ${this.row("highLive", known(moment.highLive), moment.highLive)}
          ${this.row("highCommitted", known(moment.highCommitted), moment.highCommitted)}
          ${this.row("meta", known(moment.meta), moment.meta)}
          ${this.row("growths", moment.growths === null ? en.heap.unknown : integer(moment.growths))}
        </dl>
        <h3>${en.metrics.unusable.title}</h3>
        <p class="quiet small">${rows.length === 0 ? en.metrics.unusable.none : en.metrics.unusable.about}</p>
        ${rows.length === 0 ? "" : this.unusable(rows)}
      </section>
    `;
  }

  private row(name: Row, value: string, exact?: number): TemplateResult {
    const [label, means] = en.metrics.rows[name];
    return html`<div data-figure=${name}>
      <dt>${label}</dt>
      <dd class="number" title=${exact === undefined ? value : `${integer(exact)} B`}>${value}</dd>
      <dd class="means">${means}</dd>
    </div>`;
  }

  /** Over the blocks whose requested size is known. */
  private internal(): string {
    if (this.requested.size === 0) return en.classes.unknown;
    let [known, waste] = [0, 0];
    for (const row of sizeClasses(this.snapshot, this.requested)) {
      known += row.knownBytes;
      waste += row.waste;
    }
    return known === 0 ? en.classes.unknown : percent(waste / known);
  }

  private unusable(rows: ReturnType<typeof unusable>): TemplateResult {
    const { columns, title } = en.metrics.unusable;
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${title}>
      <table>
        <thead><tr>${columns.map((name, i) => html`<th scope="col" colspan=${i === 1 ? 2 : 1} class=${i === 1 ? "word" : ""}>${name}</th>`)}</tr></thead>
        <tbody>
          ${rows.map(
            (row) => html`<tr>
              <th scope="row">${bytes(row.size)}</th>
              <td class="bar" aria-hidden="true"><span class="track"><i class="unusable" style="width:${(row.unusable * 100).toFixed(1)}%"></i></span></td>
              <td>${percent(row.unusable)}</td>
              <td>${integer(row.blocks)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }
}

customElements.define("heap-metrics", HeapMetrics);
