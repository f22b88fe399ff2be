import { css, html, LitElement, type TemplateResult } from "lit";
import { core } from "../styles/base";
import { rove } from "./roving";

export interface Tab {
  readonly id: string;
  readonly name: string;
}

/** The names of panels, one Tab stop. Fires `tab` with the one that is chosen. */
export class TabStrip extends LitElement {
  static override properties = { tabs: { attribute: false }, chosen: { attribute: false }, label: { attribute: false } };
  declare tabs: readonly Tab[];
  /** "" where none is open. */
  declare chosen: string;
  declare label: string;

  constructor() {
    super();
    this.tabs = [];
    this.chosen = "";
    this.label = "";
  }

  static override styles = [
    core,
    css`
      :host {
        display: block;
        min-width: 0;
        max-width: 100%;
      }
      div {
        display: flex;
        overflow: auto hidden;
        scrollbar-width: none;
      }
      button {
        flex: none;
        min-height: 2rem;
        padding: 0 0.4rem;
        border: 0;
        border-bottom: 2px solid transparent;
        border-radius: 0;
        background: transparent;
        font-size: 0.8125rem;
        color: var(--ink-2);
      }
      button[aria-selected="true"] {
        border-bottom-color: var(--accent);
        color: var(--ink);
        font-weight: 600;
      }
      button:focus-visible {
        outline-offset: -2px;
      }
      @media (hover: none) {
        button {
          min-height: 2.75rem;
        }
      }
    `,
  ];

  override render(): TemplateResult {
    const stop = this.tabs.some(({ id }) => id === this.chosen) ? this.chosen : this.tabs[0]?.id;
    return html`<div role="tablist" aria-label=${this.label} @keydown=${this.onKey}>
      ${this.tabs.map(
        ({ id, name }) => html`<button
          role="tab"
          data-tab=${id}
          aria-selected=${id === this.chosen ? "true" : "false"}
          tabindex=${id === stop ? 0 : -1}
          @click=${() => { this.pick(id); }}
        >${name}</button>`,
      )}
    </div>`;
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const to = rove(event)?.dataset["tab"];
    if (to !== undefined) this.pick(to);
  };

  private pick(id: string): void {
    this.dispatchEvent(new CustomEvent("tab", { detail: id }));
  }
}

customElements.define("tab-strip", TabStrip);
