import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { Decoded } from "../model/decode";
import { core as base } from "../styles/base";
import { tokens } from "../styles/tokens";
import { text } from "../text/auto";
import { HeapInspector } from "../views/heap-inspector";
import "../views/pane-splitter";
import type { Panel, PanelOptions } from "./dock";
import { unpacked } from "./looks";
import type { Listed } from "./roster";

/** Milliseconds from one look to the next. */
const EVERY = 500;
/** Of the panel, in CSS pixels. */
const HEIGHT = { least: 200, first: 480, margin: 48 };

/** A module and its inspector, which keeps what it saw while another is shown. */
interface Shown {
  readonly module: Listed;
  readonly inspector: HeapInspector;
  /** The last moment that came from its worker. */
  last: Decoded | null;
}

/** Docked to the lower edge of somebody's page: all modules of the page, one of them in an inspector. */
export class HeapPanel extends LitElement {
  static override properties = { shown: { state: true }, height: { state: true }, follows: { state: true } };
  declare private shown: Shown | null;
  declare private height: number;
  declare private follows: boolean;

  private readonly all = new Map<Listed, Shown>();
  private timer: ReturnType<typeof setInterval> | undefined;
  private readonly unhear: () => void;

  constructor(private readonly options: PanelOptions) {
    super();
    this.shown = null;
    this.height = Math.min(HEIGHT.first, Math.round(innerHeight * 0.6));
    this.follows = true;
    this.tabIndex = -1;
    this.unhear = options.roster.hear(() => { this.requestUpdate(); });
  }

  static override styles = [
    tokens,
    base,
    css`
      :host {
        color-scheme: light dark;
        display: flex;
        flex-direction: column;
        max-height: calc(100vh - 48px);
        border-top: 1px solid var(--line-2);
        background: var(--paper);
        box-shadow: 0 -4px 24px rgb(0 0 0 / 0.16);
        outline: none;
      }
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.25rem 0.5rem;
        padding: 0.4rem 1rem;
        border-bottom: 1px solid var(--line);
        background: var(--sheet);
      }
      select {
        flex: 0 1 22rem;
        min-width: 8rem;
        min-height: 2rem;
        font-weight: 600;
        text-overflow: ellipsis;
      }
      .space {
        flex: 1;
      }
      header button,
      label {
        min-height: 2rem;
      }
      label {
        display: inline-flex;
        align-items: center;
        gap: 0.4rem;
        padding: 0 0.5rem;
        font-size: 0.8125rem;
        white-space: nowrap;
      }
      input {
        margin: 0;
        width: 1rem;
        height: 1rem;
        accent-color: var(--accent);
      }
      .close {
        width: 2rem;
        padding: 0;
        font-size: 1.25rem;
        line-height: 1;
      }
      .note {
        margin: 0.6rem 1rem 0;
      }
      .empty {
        padding: 1.5rem 1rem;
        max-width: 44rem;
      }
      .empty p + p {
        margin-top: 0.4rem;
      }
      .room {
        flex: 1;
        min-height: 0;
      }
      heap-inspector {
        height: 100%;
        padding-block: 0.25rem 0.75rem;
      }
      @container (max-width: 48rem) {
        .size {
          display: none;
        }
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    this.timer = setInterval(this.ask, EVERY);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
  }

  end(): void {
    this.unhear();
    this.remove();
    this.all.clear();
  }

  protected override willUpdate(changed: PropertyValues): void {
    const { modules } = this.options.roster;
    if (this.shown === null && modules[0] !== undefined) this.shown = this.of(modules[0]);
    if (changed.has("shown") || changed.has("follows")) {
      for (const each of this.all.values()) each.inspector.interval = this.follows && each === this.shown ? EVERY : 0;
      if (this.shown !== null && changed.has("shown")) this.look();
    }
  }

  private of(module: Listed): Shown {
    const known = this.all.get(module);
    if (known !== undefined) return known;
    const shown: Shown = { module, inspector: new HeapInspector(), last: null };
    this.all.set(module, shown);
    const { inspector } = shown;
    const memory = module.memory?.();
    if (memory !== undefined) inspector.attach({ memory, descriptor: module.descriptor ?? undefined });
    else inspector.follow(() => shown.last);
    if (module.remote !== null) {
      module.remote.onSeen = (look) => {
        const first = shown.last === null;
        shown.last = unpacked(look);
        if (first || !this.follows) inspector.refresh(text.panel.look);
        this.requestUpdate();
      };
    }
    return shown;
  }

  /** Asks the worker of what is shown for its heap. */
  private readonly ask = (): void => {
    if (this.follows && this.shown?.module.memory === null && !document.hidden) this.shown.module.remote?.look();
  };

  private readonly look = (): void => {
    if (this.shown === null) return;
    const { module, inspector } = this.shown;
    if (module.memory === null) module.remote?.look();
    else inspector.refresh(text.panel.look);
  };

  override render(): TemplateResult {
    const { shown } = this;
    const { roster, close, remove } = this.options;
    return html`<pane-splitter
        .size=${this.height}
        .least=${HEIGHT.least}
        .most=${innerHeight - HEIGHT.margin}
        .label=${text.panel.height}
        @resize-pane=${(event: CustomEvent<number>) => { this.height = event.detail; }}
      ></pane-splitter>
      <header>
        ${shown === null
          ? nothing
          : html`<select aria-label=${text.panel.choose} @change=${this.onChoose}>
                ${roster.modules.map((module, i) => html`<option value=${i} ?selected=${module === shown.module}>${module.name}</option>`)}
              </select>
              <span class="size small quiet">${text.panel.about(shown.module.size)}</span>`}
        <span class="space"></span>
        ${shown === null
          ? nothing
          : html`<label><input type="checkbox" .checked=${this.follows} @change=${this.onFollow} />${text.panel.follow}</label>
              <button class="plain" @click=${this.look}>${text.panel.look}</button>`}
        <button class="plain" title=${text.panel.removeAbout} @click=${remove}>${text.panel.remove}</button>
        <button class="plain close" aria-label=${text.panel.close} @click=${close}>×</button>
      </header>
      ${roster.warnings.map((warning) => html`<p class="note error small">${warning}</p>`)}
      ${shown === null
        ? html`<div class="empty"><p>${text.panel.none}</p><p class="quiet small">${text.panel.noneMore}</p></div>`
        : html`${shown.module.remote?.waits === true && shown.module.memory === null ? html`<p class="note small">${text.panel.busy}</p>` : nothing}
            <div class="room">${shown.inspector}</div>`}`;
  }

  protected override updated(): void {
    this.style.height = `${this.height}px`;
  }

  private readonly onChoose = (event: Event): void => {
    const module = this.options.roster.modules[Number((event.target as HTMLSelectElement).value)];
    if (module !== undefined) this.shown = this.of(module);
  };

  private readonly onFollow = (event: Event): void => {
    this.follows = (event.target as HTMLInputElement).checked;
  };
}

customElements.define("bonsai-heap-panel", HeapPanel);

export function makePanel(options: PanelOptions): Panel {
  const element = new HeapPanel(options);
  element.setAttribute("role", "region");
  element.setAttribute("aria-label", text.panel.label);
  return { element, end: () => { element.end(); } };
}
