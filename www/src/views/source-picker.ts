import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { MODULES } from "../inspect/names";
import { SAMPLES, type Sample } from "../model/samples";
import { base } from "../styles/base";
import { en } from "../text/inspect";
import "./file-button";

/**
 * The one place that says what is looked at, and offers what else can be: samples, files, the page's own modules, and how to
 * see a module in a page of one's own. Fires `sample`, `files`, `own-module` and `how`.
 */
export class SourcePicker extends LitElement {
  static override properties = { name: { attribute: false }, sampled: { attribute: false }, texts: { type: Boolean }, open: { state: true } };
  /** The name of the source. */
  declare name: string;
  /** The sample that it is, or "". */
  declare sampled: string;
  /** Only texts, and traces, are of use here. */
  declare texts: boolean;
  declare private open: boolean;

  constructor() {
    super();
    this.name = "";
    this.sampled = "";
    this.texts = false;
    this.open = false;
  }

  static override styles = [
    base,
    css`
      :host {
        position: relative;
        min-width: 0;
      }
      .head {
        max-width: 16rem;
        font-weight: 600;
      }
      .head span {
        overflow: hidden;
        text-overflow: ellipsis;
      }
      .head::after {
        content: "▾";
        color: var(--ink-2);
      }
      .menu {
        position: absolute;
        z-index: 20;
        top: calc(100% + 4px);
        left: 0;
        display: grid;
        gap: 0.6rem;
        width: min(26rem, calc(100vw - 1.5rem));
        padding: 0.8rem;
        border: 1px solid var(--line-2);
        border-radius: 6px;
        background: var(--sheet);
        box-shadow: 0 6px 24px rgb(0 0 0 / 0.18);
      }
      .menu h2 {
        font-size: 0.75rem;
        font-weight: 600;
        color: var(--ink-2);
      }
      .list {
        display: flex;
        flex-wrap: wrap;
        gap: 0.1rem 0.2rem;
        margin-left: -0.5rem;
      }
      .list button[aria-pressed="true"] {
        text-decoration: underline;
        text-underline-offset: 0.3em;
        text-decoration-thickness: 2px;
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("pointerdown", this.onOutside);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("pointerdown", this.onOutside);
  }

  override render(): TemplateResult {
    return html`
      <div @keydown=${this.onKey}>
        <button class="head" aria-haspopup="true" aria-expanded=${this.open ? "true" : "false"} aria-label=${`${en.room.source}: ${this.name}`} @click=${() => { this.open = !this.open; }}>
          <span>${this.name}</span>
        </button>
        ${this.open ? this.menu() : nothing}
      </div>
    `;
  }

  private menu(): TemplateResult {
    return html`<div class="menu" role="group" aria-label=${en.room.source}>
      <h2>${en.room.samples}</h2>
      <div class="list">${SAMPLES.map((sample) => this.sample(sample))}</div>
      <h2>${en.room.yours}</h2>
      <div>
        <file-button .label=${en.room.open} .several=${true} @files=${(event: CustomEvent<File[]>) => { this.fire("files", event.detail); }}></file-button>
        ${this.texts ? nothing : html`<button class="plain" @click=${() => { this.fire("how", null); }}>${en.room.own}</button>`}
      </div>
      <p class="small quiet">${this.texts ? en.room.compareAbout : `${en.room.openAbout} ${en.module.trust}`}</p>
      ${this.texts ? nothing : this.modules()}
    </div>`;
  }

  private modules(): TemplateResult {
    return html`<h2>${en.module.samples}</h2>
      <div class="list">
        ${MODULES.map(
          (kind) => html`<button class="plain" @click=${() => { this.fire("own-module", kind); }}>${en.module.sample[kind]}</button>`,
        )}
      </div>`;
  }

  private sample(sample: Sample): TemplateResult {
    return html`<button class="plain" aria-pressed=${sample.id === this.sampled ? "true" : "false"} @click=${() => { this.fire("sample", sample); }}>${en.program.sample[sample.id]}</button>`;
  }

  private fire(name: "sample" | "files" | "own-module" | "how", detail: unknown): void {
    this.close();
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  private close(): void {
    if (!this.open) return;
    this.open = false;
    this.renderRoot.querySelector<HTMLElement>(".head")?.focus();
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape") this.close();
  };

  private readonly onOutside = (event: Event): void => {
    if (!event.composedPath().includes(this)) this.open = false;
  };
}

customElements.define("source-picker", SourcePicker);
