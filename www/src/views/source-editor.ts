import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { offsetOf, type Source, type SourceKind } from "../model/samples";
import { base } from "../styles/base";
import { en } from "../text/inspect";

/** Longer texts are parsed, but not put into the editor. */
export const EDITABLE = 256 * 1024;
const EXCERPT = 4096;
const KINDS: readonly SourceKind[] = ["json", "markdown", "text"];

/** The text that is parsed, to be changed. Fires `edit` with a source, and `parse`. */
export class SourceEditor extends LitElement {
  static override properties = { source: { attribute: false }, size: { attribute: false } };
  declare source: Source;
  /** Bytes of the source as UTF-8. */
  declare size: number;

  static override styles = [
    base,
    css`
      :host {
        display: flex;
        flex-direction: column;
        gap: 0.4rem;
        min-height: 0;
      }
      .row {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: 0.6rem;
      }
      textarea {
        flex: 1;
        min-height: 9rem;
        resize: none;
      }
    `,
  ];

  override render(): TemplateResult {
    const { source } = this;
    const long = source.text.length > EDITABLE;
    return html`
      <div class="row">
        <strong class="small">${source.name}</strong>
        <select
          aria-label=${en.program.kind}
          @change=${(event: Event) => { this.edit({ ...source, kind: (event.target as HTMLSelectElement).value as SourceKind }); }}
        >
          ${KINDS.map((kind) => html`<option value=${kind} .selected=${kind === source.kind}>${en.program.kinds[kind]}</option>`)}
        </select>
      </div>
      <textarea
        aria-label=${en.program.editor}
        spellcheck="false"
        autocapitalize="off"
        wrap=${source.kind === "json" ? "off" : "soft"}
        ?readonly=${long}
        .value=${long ? source.text.slice(0, EXCERPT) : source.text}
        @input=${(event: Event) => { this.edit({ ...source, text: (event.target as HTMLTextAreaElement).value }); }}
        @keydown=${this.onKey}
      ></textarea>
      ${long ? html`<p class="small quiet">${en.program.excerpt(EXCERPT, this.size)}</p>` : nothing}
    `;
  }

  private edit(source: Source): void {
    this.dispatchEvent(new CustomEvent<Source>("edit", { detail: source }));
  }

  /** Shows a place of the text, as a parser's message names it. */
  goTo(place: { readonly line: number; readonly column: number }): void {
    const editor = this.renderRoot.querySelector("textarea");
    if (editor === null) return;
    const offset = offsetOf(editor.value, place);
    editor.focus();
    editor.setSelectionRange(offset, Math.min(editor.value.length, offset + 1));
    const line = editor.scrollHeight / Math.max(1, editor.value.split("\n").length);
    editor.scrollTop = Math.max(0, (place.line - 4) * line);
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.dispatchEvent(new CustomEvent("parse"));
    }
  };
}

customElements.define("source-editor", SourceEditor);
