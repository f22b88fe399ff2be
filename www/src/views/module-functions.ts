import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { Prepared } from "../inspect/dropped-module";
import { RecordKind } from "../model/trace";
import { base } from "../styles/base";
import { en } from "../text/inspect";
import "./file-button";

const { Allocate, Zeroed, Deallocate, Reallocate } = RecordKind;
/** Reasons for which no heap of a module will be looked for. */
const UNREAD: ReadonlySet<string | undefined> = new Set(["no-memory", "wide-memory"]);

const DOES: Readonly<Record<number, string>> = {
  [Allocate]: en.module.found.allocates,
  [Zeroed]: en.module.found.zeroed,
  [Deallocate]: en.module.found.frees,
  [Reallocate]: en.module.found.resizes,
};

/** The functions of a module's allocator, as they were found, and what is missing. Fires `lend` with a file of names, from within shadow roots too. */
export class ModuleFunctions extends LitElement {
  static override properties = { prepared: { attribute: false } };
  declare prepared: Prepared;

  static override styles = [
    base,
    css`
      table {
        max-width: 46rem;
      }
      th,
      td {
        text-align: left !important;
        white-space: normal !important;
        overflow-wrap: anywhere;
      }
      td:nth-child(2) {
        font-family: var(--mono);
      }
      section + section {
        margin-top: 1.1rem;
      }
      h3 {
        font-size: 0.875rem;
        font-weight: 650;
        margin-bottom: 0.25rem;
      }
      .note {
        margin-top: 0.5rem;
      }
      file-button {
        min-height: 1.9rem;
        font-size: 0.8125rem;
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.4rem 1rem;
        margin-top: 0.5rem;
      }
    `,
  ];

  override render(): TemplateResult {
    const { prepared } = this;
    const { missing } = prepared.search;
    const found = [...prepared.search.found].sort((a, b) => a.role.kind - b.role.kind);
    return html`
      <section>
        <h3>${en.module.found.title}</h3>
        ${found.length === 0
          ? nothing
          : html`<table>
              <thead><tr>${en.module.found.columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
              <tbody>${found.map(({ name, role, by }) => html`<tr><td>${DOES[role.kind]}</td><td>${name}</td><td>${en.module.found.by[by]}</td></tr>`)}</tbody>
            </table>`}
        ${prepared.refusal === null ? nothing : html`<p class="note small">${en.module.found.refusal(prepared.refusal)}</p>`}
        ${prepared.refusal === null && missing.length > 0 ? html`<p class="note small">${en.module.found.missing(missing)}</p>` : nothing}
        <div class="row">
          <p class="small quiet">${en.module.found.named(prepared.named, prepared.name)}</p>
          <file-button .label=${en.module.found.lend} @files=${this.onFiles}></file-button>
        </div>
      </section>
      ${UNREAD.has(prepared.refusal?.why)
        ? nothing
        : html`<section>
            <h3>${en.module.found.heap}</h3>
            <p class="small">${prepared.described ? en.module.found.described : en.module.found.searched}</p>
          </section>`}
    `;
  }

  private readonly onFiles = (event: CustomEvent<File[]>): void => {
    this.dispatchEvent(new CustomEvent<File>("lend", { detail: event.detail[0]!, bubbles: true, composed: true }));
  };
}

customElements.define("module-functions", ModuleFunctions);
