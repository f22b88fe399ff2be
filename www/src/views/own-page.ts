import { css, html, LitElement, type TemplateResult } from "lit";
import { base } from "../styles/base";
import { en } from "../text/inspect";
import "./abilities-table";

/** Ways to look into a module where it belongs, each with the text to copy. Fires `close`. */
export class OwnPage extends LitElement {
  static override properties = { copied: { state: true } };
  /** Index of the text that was copied last, or -1. */
  declare private copied: number;

  constructor() {
    super();
    this.copied = -1;
  }

  static override styles = [
    base,
    css`
      :host {
        padding: 0.8rem 1rem;
        border: 1px solid var(--line-2);
        border-radius: 6px;
        background: var(--sheet);
      }
      .head {
        display: flex;
        justify-content: space-between;
        align-items: center;
      }
      .ways {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr));
        gap: 0.8rem 1.5rem;
        max-height: 45vh;
        margin-top: 0.4rem;
        overflow: auto;
      }
      section {
        min-width: 0;
      }
      h3 {
        font-size: 0.875rem;
        font-weight: 650;
      }
      .row {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: 0.5rem;
      }
      pre {
        margin: 0.3rem 0 0;
        padding: 0.5rem 0.7rem;
        overflow: auto;
        border: 1px solid var(--line);
        background: var(--paper);
        font: 0.8125rem/1.5 var(--mono);
      }
    `,
  ];

  override render(): TemplateResult {
    return html`
      <div class="head">
        <h2>${en.own.title}</h2>
        <button @click=${() => { this.dispatchEvent(new CustomEvent("close")); }}>${en.own.close}</button>
      </div>
      <div class="ways" tabindex="0" role="region" aria-label=${en.own.title}>
        ${en.own.ways.map(
          ({ title, about, code }, i) => html`<section>
            <div class="row">
              <h3>${title}</h3>
              <button class="plain" aria-label=${`${en.own.copy}: ${title}`} @click=${() => { void this.copy(i, code); }}>${this.copied === i ? en.own.copied : en.own.copy}</button>
            </div>
            <p class="quiet small">${about}</p>
            <pre tabindex="0">${code}</pre>
          </section>`,
        )}
      </div>
      <abilities-table></abilities-table>
    `;
  }

  private async copy(index: number, code: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(code);
      this.copied = index;
    } catch {
      // The text can be selected.
    }
  }
}

customElements.define("own-page", OwnPage);
