import { css, html, LitElement, type TemplateResult } from "lit";
import { base } from "../styles/base";

/** A button that opens files. Fires `files`. */
export class FileButton extends LitElement {
  static override properties = { label: { attribute: false }, several: { attribute: false } };
  declare label: string;
  declare several: boolean;

  constructor() {
    super();
    this.label = "";
    this.several = false;
  }

  static override styles = [
    base,
    css`
      :host {
        display: inline-flex;
      }
      .button {
        position: relative;
        min-height: inherit;
      }
      .button:has(input:focus-visible) {
        outline: 2px solid var(--accent);
        outline-offset: 2px;
      }
      input {
        position: absolute;
        width: 1px;
        height: 1px;
        opacity: 0;
      }
    `,
  ];

  override render(): TemplateResult {
    return html`<label class="button"><input type="file" ?multiple=${this.several} @change=${this.onFile} />${this.label}</label>`;
  }

  private readonly onFile = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    const files = [...(input.files ?? [])];
    // The same file can be opened again after it was changed.
    input.value = "";
    if (files.length > 0) this.dispatchEvent(new CustomEvent<File[]>("files", { detail: files }));
  };
}

customElements.define("file-button", FileButton);
