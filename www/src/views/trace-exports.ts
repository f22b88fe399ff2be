import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { decode } from "../model/decode";
import { chromeTrace } from "../model/export-chrome";
import { blocksTable, csv, historyTable, json, traceTable, type Table } from "../model/export-data";
import { dhat } from "../model/export-dhat";
import type { Moment } from "../model/history";
import type { Trace } from "../model/trace";
import { save } from "../model/trace-file";
import { reason, type HeapExports } from "../modules";
import { base } from "../styles/base";
import { tokens } from "../styles/tokens";
import { en } from "../text/inspect";
import { download } from "./download";
import { drawings, png, svgText, type Named } from "./picture";

const CSV = "text/csv;charset=utf-8";
const JSON_TYPE = "application/json";

/** Saves what there is to see: data of the heap and of the trace, and pictures of the drawings. */
export class TraceExports extends LitElement {
  static override properties = {
    trace: { attribute: false },
    heap: { attribute: false },
    source: { attribute: false },
    traced: { attribute: false },
    name: { attribute: false },
    said: { state: true },
  };
  declare trace: Trace | null;
  declare heap: HeapExports | null;
  /** The element whose drawings can be saved, and what it saw of the heap. */
  declare source: (Element & { readonly moments?: readonly Moment[] }) | null;
  /** The element that draws the trace. */
  declare traced: Element | null;
  /** The first part of the files' names. */
  declare name: string;
  private pictures: readonly Named[] = [];
  declare private said: string;

  constructor() {
    super();
    this.trace = null;
    this.heap = null;
    this.source = null;
    this.traced = null;
    this.name = "heap";
    this.said = "";
  }

  static override styles = [
    tokens,
    base,
    css`
      dl {
        display: grid;
        grid-template-columns: minmax(0, max-content) minmax(0, 1fr);
        gap: 0.35rem 1rem;
        align-items: baseline;
        margin-top: 0.5rem;
      }
      dt {
        font-size: 0.8125rem;
        color: var(--ink-2);
      }
      dd {
        display: flex;
        flex-wrap: wrap;
        gap: 0.15rem 0.25rem;
      }
      dd button {
        white-space: normal;
      }
    `,
  ];

  private table(kind: string, table: Table, as: "csv" | "json"): void {
    const parts = as === "csv" ? csv(table) : json(table);
    download(`${this.name}-${kind}.${as}`, as === "csv" ? CSV : JSON_TYPE, parts);
  }

  private blocks(as: "csv" | "json"): void {
    const { heap } = this;
    if (heap === null) return;
    const decoded = decode(heap.memory.buffer, Number(heap.BONSAI_HEAP?.value ?? 0));
    if (decoded.ok) this.table("blocks", blocksTable(decoded.snapshot), as);
    else this.said = en.damage(decoded.damage);
  }

  private object(kind: string, value: object): void {
    download(`${this.name}-${kind}.json`, JSON_TYPE, [JSON.stringify(value)]);
  }

  private async picture({ name, drawing }: Named, as: "png" | "svg"): Promise<void> {
    const file = `${this.name}-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}.${as}`;
    try {
      if (as === "svg") download(file, "image/svg+xml", [svgText(drawing)]);
      else download(file, "image/png", [await png(drawing)]);
      this.said = "";
    } catch (error) {
      this.said = en.trace.exports.failed(reason(error));
    }
  }

  protected override willUpdate(): void {
    this.pictures = [this.source, this.traced].flatMap((from) => (from === null ? [] : drawings(from)));
  }

  override render(): TemplateResult {
    const { trace, heap } = this;
    const moments = this.source?.moments;
    return html`
      <dl>
        ${trace === null ? nothing : this.row(en.trace.title, [[en.trace.save, () => { download(`${this.name}.bontrace`, "application/octet-stream", [save(trace)]); }]])}
        ${heap === null ? nothing : this.both(en.trace.exports.blocks, (as) => { this.blocks(as); })}
        ${moments === undefined ? nothing : this.both(en.trace.exports.history, (as) => { this.table("history", historyTable(this.source?.moments ?? []), as); })}
        ${trace === null
          ? nothing
          : html`
              ${this.both(en.trace.exports.trace, (as) => { this.table("trace", traceTable(trace), as); })}
              ${this.row(en.trace.exports.counters, [[en.trace.exports.chrome, () => { this.object("counters", chromeTrace(trace, this.name)); }]])}
              ${trace.sites.length === 0 ? nothing : this.row(en.trace.exports.sites, [[en.trace.exports.dhat, () => { this.object("dhat", dhat(trace, this.name)); }]])}
            `}
        ${this.pictures.map((named) =>
          this.row(en.trace.exports.picture(named.name), [
            ["PNG", () => { void this.picture(named, "png"); }],
            ["SVG", () => { void this.picture(named, "svg"); }],
          ]),
        )}
      </dl>
      <p role="status" class="small">${this.said}</p>
    `;
  }

  private both(name: string, save: (as: "csv" | "json") => void): TemplateResult {
    return this.row(name, [
      ["CSV", () => { save("csv"); }],
      ["JSON", () => { save("json"); }],
    ]);
  }

  private row(name: string, buttons: readonly (readonly [string, () => void])[]): TemplateResult {
    return html`<dt>${name}</dt>
      <dd>${buttons.map(([label, save]) => html`<button class="plain" aria-label=${`${name}: ${label}`} @click=${save}>${label}</button>`)}</dd>`;
  }
}

customElements.define("trace-exports", TraceExports);
