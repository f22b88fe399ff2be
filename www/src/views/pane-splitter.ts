import { css, html, LitElement, type TemplateResult } from "lit";

/**
 * The line between two panes, dragged or moved by arrow keys. The pane whose size it sets lies behind it, to the right or below.
 * Fires `resize-pane` with the size in pixels.
 */
export class PaneSplitter extends LitElement {
  static override properties = { size: { attribute: false }, least: { attribute: false }, most: { attribute: false }, upright: { type: Boolean, reflect: true }, label: { attribute: false } };
  declare size: number;
  declare least: number;
  declare most: number;
  /** The line stands upright: the panes are side by side. */
  declare upright: boolean;
  declare label: string;

  private from: { readonly at: number; readonly size: number } | null = null;

  constructor() {
    super();
    this.size = 0;
    this.least = 0;
    this.most = 1000;
    this.upright = false;
    this.label = "";
  }

  static override styles = css`
    :host {
      display: block;
      position: relative;
      z-index: 2;
    }
    div {
      position: absolute;
      inset: -12px 0;
      cursor: row-resize;
      touch-action: none;
    }
    :host([upright]) div {
      inset: 0 -12px;
      cursor: col-resize;
    }
    div::after {
      content: "";
      position: absolute;
      inset: 12px 0;
      background: var(--line);
    }
    :host([upright]) div::after {
      inset: 0 12px;
    }
    div:hover::after,
    div:focus-visible::after {
      background: var(--accent);
    }
    div:focus-visible {
      outline: 2px solid var(--accent);
      outline-offset: -2px;
    }
  `;

  override render(): TemplateResult {
    return html`<div
      role="slider"
      tabindex="0"
      aria-orientation=${this.upright ? "horizontal" : "vertical"}
      aria-label=${this.label}
      aria-valuemin=${this.least}
      aria-valuemax=${this.most}
      aria-valuenow=${Math.round(this.size)}
      aria-valuetext=${`${Math.round(this.size)} px`}
      @pointerdown=${this.onDown}
      @pointermove=${this.onMove}
      @pointerup=${this.onUp}
      @pointercancel=${this.onUp}
      @keydown=${this.onKey}
    ></div>`;
  }

  private set(size: number): void {
    const detail = Math.max(this.least, Math.min(this.most, size));
    this.dispatchEvent(new CustomEvent<number>("resize-pane", { detail }));
  }

  private along(event: PointerEvent): number {
    return this.upright ? event.clientX : event.clientY;
  }

  private readonly onDown = (event: PointerEvent): void => {
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    this.from = { at: this.along(event), size: this.size };
  };

  private readonly onMove = (event: PointerEvent): void => {
    if (this.from !== null) this.set(this.from.size + this.from.at - this.along(event));
  };

  private readonly onUp = (): void => {
    this.from = null;
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const [more, less] = this.upright ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
    const step = event.key === more ? 24 : event.key === less ? -24 : 0;
    if (step === 0) return;
    event.preventDefault();
    this.set(this.size + step);
  };
}

customElements.define("pane-splitter", PaneSplitter);
