import { html, nothing, type TemplateResult } from "lit";
import type { Prepared, Running } from "../inspect/dropped-module";
import { MODULE, type Stage } from "../inspect/stages";
import type { Allocator } from "../modules";
import { en } from "../text/inspect";
import "./module-functions";

/** Notes of the room Inspect: what was refused, what a module is, and what went wrong with one. They take the room's styles. */

/** The sentence on a file that was refused, and names that belong to it. */
export const refusalNote = (refused: string, detail: readonly string[]): TemplateResult | typeof nothing =>
  refused === ""
    ? nothing
    : html`<div class="note error small" role="alert">
        <p>${refused}</p>
        ${detail.length === 0 ? nothing : names(detail)}
      </div>`;

const names = (all: readonly string[]): TemplateResult => html`<p class="names" tabindex="0" role="region" aria-label=${en.module.importNames}>${all.join(", ")}</p>`;

/** The stand-ins of a module's imports, if there are any. */
export const standInNote = ({ imports }: Prepared): TemplateResult | typeof nothing =>
  imports.length === 0
    ? nothing
    : html`<details class="small">
        <summary>${en.module.standIns(imports.length)}</summary>
        ${names(imports)}
      </details>`;

/** The facts on a module that runs. `lend` takes a file of names. */
export const moduleNote = ({ prepared, exports }: Running, lend: (file: File) => void): TemplateResult => html`
  <details class="about">
    <summary><h2 class="head">${en.module.running(prepared.name, prepared.size, prepared.glue)}</h2></summary>
    <module-functions .prepared=${prepared} @lend=${(event: CustomEvent<File>) => { lend(event.detail); }}></module-functions>
  </details>
  ${standInNote(prepared)}
  ${exports === null ? html`<p class="note error" role="alert">${en.module.noMemory}</p>` : nothing}
`;

/** A text that could not be parsed. `go` leads to the place of the mistake, if there is one. */
export const brokenNote = (message: string, place: { readonly line: number; readonly column: number } | null, go: () => void): TemplateResult =>
  html`<div class="note error small">
    <p class="error-text">${message}</p>
    <div class="row">
      <p class="quiet">${en.program.brokenKept}</p>
      ${place === null ? nothing : html`<button @click=${go}>${en.program.goTo(place.line, place.column)}</button>`}
    </div>
  </div>`;

/** The state of a stage, where it is not simply ready. `fresh` starts it anew. */
export function stageNote({ key, condition, recording }: Stage, fresh: () => void): TemplateResult | typeof nothing {
  const name = key === MODULE ? "" : en.program.allocators[key as Allocator].name;
  const restart = (text: string): TemplateResult => html`<button @click=${fresh}>${text}</button>`;
  switch (condition.is) {
    case "ready":
      return recording === null || recording.trouble === "" ? nothing : html`<p class="note error small" role="alert">${recording.trouble}</p>`;
    case "loading":
      return html`<p class="quiet small" role="status">${en.program.loading(name)}</p>`;
    case "missing":
      return html`<p class="note error" role="alert">${en.program.missing(name)}</p>`;
    case "failed":
      return html`<div class="note error" role="alert"><p>${en.program.failed(name, condition.why)}</p>${restart(en.program.retry)}</div>`;
    case "dead":
      return html`<div class="note error" role="alert">
        <p><strong>${en.program.dead}</strong> ${en.program.deadWhy(condition.why, condition.report)}</p>
        ${restart(en.program.restart)}
      </div>`;
  }
}
