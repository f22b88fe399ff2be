import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { Recording } from "../inspect/recording";
import type { Decoded } from "../model/decode";
import { leaks, survivors, type Survivor, type Trace } from "../model/trace";
import type { LongTrace } from "../model/long-trace";
import { save } from "../model/trace-file";
import { core as base } from "../styles/base";
import { tokens } from "../styles/tokens";
import { text } from "../text/auto";
import { download } from "../views/download";
import { HeapInspector } from "../views/heap-inspector";
import "../views/pane-splitter";
import "../views/tab-strip";
import "../views/trace-leaks";
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
  /** Null for a module that was not changed for it. */
  readonly recording: Recording | null;
  /** The last moment that came from its worker. */
  last: Decoded | null;
}

/** Bytes from one sample of call sites to the next, in a recording that is begun here. */
const RATE = 16_384;

/** Docked to the lower edge of somebody's page: all modules of the page, one of them in an inspector. */
export class HeapPanel extends LitElement {
  static override properties = { shown: { state: true }, height: { state: true }, follows: { state: true }, view: { state: true }, asked: { state: true } };
  declare private shown: Shown | null;
  declare private height: number;
  declare private follows: boolean;
  declare private view: "heap" | "leaks";
  /** A recording was asked for, of a module that cannot be recorded. */
  declare private asked: boolean;

  private readonly all = new Map<Listed, Shown>();
  private timer: ReturnType<typeof setInterval> | undefined;
  private readonly unhear: () => void;
  private live: { readonly of: Trace | LongTrace; readonly count: number; readonly survivors: readonly Survivor[] } | null = null;

  constructor(private readonly options: PanelOptions) {
    super();
    this.shown = null;
    this.height = Math.min(HEIGHT.first, Math.round(innerHeight * 0.6));
    this.follows = true;
    this.view = "heap";
    this.asked = false;
    // Not -1: Tab would pass all of the shadow tree by.
    this.tabIndex = 0;
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
      .bar {
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
      .bar button,
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
      .leaks {
        overflow: auto;
        padding: 0.6rem 1rem;
        container-type: inline-size;
      }
      .leaks:focus-visible {
        outline-offset: -2px;
      }
      tab-strip {
        flex: none;
        padding: 0 0.5rem;
        border-bottom: 1px solid var(--line);
      }
      heap-inspector {
        height: 100%;
        padding-block: 0.25rem 0.75rem;
      }
      /* The panel is as wide as the window. Where that is narrow, the button that closes it stays in the corner. */
      @media (max-width: 48rem) {
        .bar {
          padding-inline: 0.75rem;
        }
        select {
          flex: 1 1 calc(100% - 2.5rem);
          min-width: 0;
          max-width: calc(100% - 2.5rem);
        }
        .close {
          order: -1;
          margin-left: auto;
        }
        select {
          order: -2;
        }
        .said {
          order: 1;
          flex-basis: 100%;
        }
        .size,
        .space {
          display: none;
        }
        .bar button.plain:not(.close) {
          padding-inline: 0.35rem;
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
    for (const { recording } of this.all.values()) recording?.stop();
    this.all.clear();
  }

  protected override willUpdate(changed: PropertyValues): void {
    const { modules } = this.options.roster;
    // A recording that nobody watches would grow without end.
    for (const module of modules) if (module.tape !== null) this.of(module);
    if (this.shown === null && modules[0] !== undefined) this.shown = this.of(modules[0]);
    if (changed.has("shown") || changed.has("follows")) {
      for (const each of this.all.values()) each.inspector.interval = this.follows && each === this.shown ? EVERY : 0;
      if (this.shown !== null && changed.has("shown")) this.look();
    }
  }

  private of(module: Listed): Shown {
    const known = this.all.get(module);
    if (known !== undefined) return known;
    const inspector = new HeapInspector();
    const memory = module.memory?.();
    if (memory !== undefined) inspector.attach({ memory, descriptor: module.descriptor ?? undefined });
    else inspector.follow(() => shown.last);
    const recording = module.source === null ? null : new Recording(module.name, module.source, inspector, () => { this.requestUpdate(); });
    const shown: Shown = { module, inspector, recording, last: null };
    this.all.set(module, shown);
    if (module.tape !== null) recording?.adopt(module.tape);
    inspector.addEventListener("shows", () => { recording?.looked(); });
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
      <div class="bar">
        ${shown === null
          ? nothing
          : html`<select aria-label=${text.panel.choose} @change=${this.onChoose}>
                ${roster.modules.map((module, i) => html`<option value=${i} ?selected=${module === shown.module}>${module.name}</option>`)}
              </select>
              <span class="size small quiet">${text.panel.about(shown.module.size)}</span>`}
        <span class="space"></span>
        ${shown === null
          ? nothing
          : html`${this.recordControls(shown)}
              <label><input type="checkbox" .checked=${this.follows} @change=${this.onFollow} />${text.panel.follow}</label>
              <button class="plain" @click=${this.look}>${text.panel.lookNow}</button>`}
        <button class="plain" title=${text.panel.removeAbout} @click=${remove}>${text.panel.remove}</button>
        <button class="plain close" aria-label=${text.panel.close} @click=${close}>×</button>
      </div>
      ${roster.warnings.map((warning) => html`<p class="note error small">${warning}</p>`)}
      ${shown === null
        ? html`<div class="empty"><p>${text.panel.none}</p><p class="quiet small">${text.panel.noneMore}</p></div>`
        : html`${shown.module.remote?.waits === true && shown.module.memory === null ? html`<p class="note small">${text.panel.busy}</p>` : nothing}
            ${this.asked || shown.module.state === "wide" ? this.late(shown.module) : nothing} ${this.content(shown)}`}`;
  }

  private recordControls({ recording }: Shown): TemplateResult {
    if (recording === null) return html`<button class="plain" @click=${this.onRecord}>${text.panel.record}</button>`;
    return html`<span class="said small quiet" role="status">${recording.trouble === "" ? recording.said : recording.trouble}</span>
      ${recording.recording
        ? html`<button class="plain" aria-label=${text.panel.stopAbout} @click=${() => { recording.stop(); }}>${text.panel.stop}</button>`
        : html`<button class="plain" @click=${() => { recording.start(RATE); }}>${text.panel.again}</button>`}
      <button class="plain" aria-label=${text.panel.saveAbout} ?disabled=${!recording.savable} @click=${this.onSave}>${text.panel.save}</button>`;
  }

  /** Says why a module is not recorded, and offers to begin anew. */
  private late({ state }: Listed): TemplateResult {
    const { reload } = this.options;
    if (state === "wide") return html`<p class="note small">${text.panel.wide}</p>`;
    if (state === "unknown") return html`<p class="note small">${text.panel.unknown}</p>`;
    return html`<p class="note small">
      ${text.panel.late} ${text.panel.later} ${reload === null ? nothing : html`<button class="plain" @click=${reload}>${text.panel.reload}</button>`}
    </p>`;
  }

  private content({ module, inspector, recording }: Shown): TemplateResult | typeof nothing {
    if (module.state === "wide") return nothing;
    const trace = recording?.trace ?? null;
    if (trace === null) return html`<div class="room">${inspector}</div>`;
    const views = (["heap", "leaks"] as const).map((id) => ({ id, name: text.panel[id] }));
    return html`<tab-strip .tabs=${views} .chosen=${this.view} .label=${text.panel.views} @tab=${this.onView}></tab-strip>
      ${this.view === "heap"
        ? html`<div class="room">${inspector}</div>`
        : html`<div class="room leaks" role="tabpanel" tabindex="0" aria-label=${text.panel.leaks}>
            <trace-leaks .rows=${leaks(this.survivors(), 0, recording!.whole?.count ?? trace.count)} .lost=${recording!.lost}></trace-leaks>
          </div>`}`;
  }

  /** The blocks that were recorded and not freed: made anew only where more was recorded. */
  private survivors(): readonly Survivor[] {
    const { trace = null, whole = null } = this.shown?.recording ?? {};
    if (trace === null) return [];
    if (whole !== null && this.live?.of !== whole) {
      const live = { of: whole, count: whole.count, survivors: [] };
      this.live = live;
      void whole.survivors().then((all) => {
        if (this.live !== live) return;
        this.live = { ...live, survivors: all };
        this.requestUpdate();
      });
    }
    if (whole !== null) return this.live!.survivors;
    if (this.live?.of !== trace || this.live.count !== trace.count) this.live = { of: trace, count: trace.count, survivors: survivors(trace) };
    return this.live.survivors;
  }

  private readonly onView = (event: CustomEvent<"heap" | "leaks">): void => {
    this.view = event.detail;
  };

  private readonly onRecord = (): void => {
    this.asked = true;
    if (this.shown?.module.state === "none") this.options.record();
  };

  private readonly onSave = (): void => {
    const recording = this.shown?.recording;
    if (recording?.trace != null) download(`${recording.name}.bontrace`, "application/octet-stream", [recording.whole?.file ?? save(recording.trace)]);
  };

  protected override updated(): void {
    this.style.height = `${this.height}px`;
  }

  private readonly onChoose = (event: Event): void => {
    const module = this.options.roster.modules[Number((event.target as HTMLSelectElement).value)];
    if (module === undefined) return;
    this.shown = this.of(module);
    this.asked = false;
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
