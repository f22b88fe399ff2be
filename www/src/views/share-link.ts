import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { base } from "../styles/base";
import { en } from "../text/page";

/** Copies the page's address. Where the browser does not let it, the address is shown to be copied by hand. */
export class ShareLink extends LitElement {
  static override properties = {
    state: { state: true },
  };
  declare private state: "idle" | "copied" | "shown";
  private timer = 0;

  constructor() {
    super();
    this.state = "idle";
  }

  static override styles = [
    base,
    css`
      :host {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.4rem 0;
      }
      [role="status"]:not(:empty),
      .field {
        margin-left: 0.6rem;
      }
      button {
        min-height: 1.8rem;
        font-size: 0.8125rem;
      }
      input {
        width: min(24rem, 100%);
      }
    `,
  ];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearTimeout(this.timer);
  }

  override render(): TemplateResult {
    return html`
      <button @click=${() => { void this.copy(); }}>${en.share.copy}</button>
      <span role="status" class="small quiet">${this.state === "copied" ? en.share.copied : nothing}</span>
      ${
        this.state === "shown"
          ? html`<label class="field"><span>${en.share.here}</span><input type="text" readonly .value=${location.href} /></label>`
          : nothing
      }
    `;
  }

  private async copy(): Promise<void> {
    // Whoever keeps the address up to date may do so a moment later: now is the time.
    this.dispatchEvent(new CustomEvent("settle"));
    window.clearTimeout(this.timer);
    try {
      await navigator.clipboard.writeText(location.href);
      this.state = "copied";
      this.timer = window.setTimeout(() => { this.state = "idle"; }, 4000);
    } catch {
      this.state = "shown";
      await this.updateComplete;
      this.renderRoot.querySelector("input")?.select();
    }
  }
}

customElements.define("share-link", ShareLink);
