import { css, html, LitElement, type TemplateResult } from "lit";
import { RATES } from "../inspect/recording";
import type { Prepared } from "../inspect/dropped-module";
import { base } from "../styles/base";
import { en } from "../text/inspect";
import "./abilities-table";
import "./module-functions";
import { standInNote } from "./room-notes";

/** A start that was asked for: bytes a sample of call sites, or `null` for no recording. */
export interface Begin {
  readonly rate: number | null;
}

/**
 * A dropped module before it runs: the functions of its allocator, what its memory will be searched for, and how to start.
 * Fires `begin`, `lend` with a file of names, and `how`.
 */
export class ModuleCard extends LitElement {
  static override properties = { prepared: { attribute: false }, rate: { attribute: false }, busy: { attribute: false }, recorded: { state: true } };
  declare prepared: Prepared;
  declare rate: number;
  /** It starts just now. */
  declare busy: boolean;
  /** It is to be recorded from its start. */
  declare private recorded: boolean;

  constructor() {
    super();
    this.rate = RATES[1];
    this.busy = false;
    this.recorded = true;
  }

  static override styles = [
    base,
    css`
      :host {
        overflow: auto;
        min-height: 0;
      }
      .card {
        display: grid;
        gap: 1.1rem;
        max-width: 62rem;
        margin: 1.5rem auto;
        padding: 0 0.25rem;
      }
      .names {
        overflow-wrap: anywhere;
        font-family: var(--mono);
      }
      h2 {
        font-size: 1.25rem;
        overflow-wrap: anywhere;
      }
      .begin {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.6rem 1.2rem;
      }
      .begin label {
        display: inline-flex;
        align-items: center;
        gap: 0.4rem;
      }
      .begin .primary {
        min-width: 7rem;
      }
    `,
  ];

  protected override updated(): void {
    // Once, when it can be pressed: Enter is all that is needed.
    if (this.busy || this.offered === this.prepared) return;
    this.offered = this.prepared;
    this.renderRoot.querySelector<HTMLElement>(".primary")?.focus();
  }

  private offered: Prepared | null = null;

  override render(): TemplateResult {
    const { prepared, rate } = this;
    const possible = prepared.refusal === null;
    const recorded = possible && this.recorded;
    return html`<div class="card">
      <div>
        <h2>${en.module.running(prepared.name, prepared.size, prepared.glue)}</h2>
        <p class="quiet">${en.module.card.lead}</p>
      </div>
      <form
        class="begin"
        @submit=${(event: Event) => {
          event.preventDefault();
          this.dispatchEvent(new CustomEvent<Begin>("begin", { detail: { rate: recorded ? rate : null } }));
        }}
      >
        <button class="primary" ?disabled=${this.busy}>${en.module.card.start}</button>
        <label><input type="checkbox" ?disabled=${!possible} .checked=${recorded} @change=${(event: Event) => { this.recorded = (event.target as HTMLInputElement).checked; }} />${en.module.card.record}</label>
        <label title=${en.trace.rateAbout}>
          ${en.trace.rate}
          <select ?disabled=${!recorded} @change=${(event: Event) => { this.rate = Number((event.target as HTMLSelectElement).value); }}>
            ${RATES.map((each) => html`<option value=${each} .selected=${each === rate}>${en.trace.rates[each]}</option>`)}
          </select>
        </label>
      </form>
      <module-functions .prepared=${prepared}></module-functions>
      ${standInNote(prepared)}
      <abilities-table></abilities-table>
      <p class="small quiet">${en.module.card.more} <button class="plain" @click=${() => { this.dispatchEvent(new CustomEvent("how")); }}>${en.room.own}</button></p>
    </div>`;
  }
}

customElements.define("module-card", ModuleCard);
