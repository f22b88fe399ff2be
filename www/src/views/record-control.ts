import { css, html, LitElement, type TemplateResult } from "lit";
import { RATES, type Recording } from "../inspect/recording";
import { base } from "../styles/base";
import { en } from "../text/inspect";

/** Starts and ends a recording, and chooses how finely call sites are sampled. Fires `rate` with bytes a sample. */
export class RecordControl extends LitElement {
  static override properties = { recording: { attribute: false }, rate: { attribute: false }, version: { attribute: false } };
  declare recording: Recording;
  declare rate: number;
  /** Changes when the recording does. */
  declare version: number;

  static override styles = [
    base,
    css`
      :host {
        display: flex;
        align-items: center;
        gap: 0.4rem;
        font-size: 0.8125rem;
      }
      button,
      select {
        min-height: 2rem;
      }
      label {
        display: inline-flex;
        align-items: center;
        gap: 0.3rem;
        color: var(--ink-2);
      }
      select {
        color: var(--ink);
      }
      .on::before {
        content: "";
        width: 0.65em;
        height: 0.65em;
        border-radius: 50%;
        background: var(--alarm);
        forced-color-adjust: none;
      }
    `,
  ];

  override render(): TemplateResult {
    const { recording, rate } = this;
    const on = recording.recording;
    if (!recording.possible) return html`<button disabled title=${en.trace.notTraceable}>${en.trace.record}</button>`;
    return html`
      ${on
        ? html`<button class="on" title=${en.trace.about} @click=${() => { recording.stop(); }}>${en.trace.stop}</button>`
        : html`<button title=${en.trace.about} @click=${() => { recording.start(rate); }}>${en.trace.record}</button>`}
      <label title=${en.trace.rateAbout}>
        ${en.trace.rate}
        <select aria-label=${en.trace.rate} ?disabled=${on} @change=${(event: Event) => { this.dispatchEvent(new CustomEvent("rate", { detail: Number((event.target as HTMLSelectElement).value) })); }}>
          ${RATES.map((each) => html`<option value=${each} .selected=${each === rate}>${en.trace.rates[each]}</option>`)}
        </select>
      </label>
    `;
  }
}

customElements.define("record-control", RecordControl);
