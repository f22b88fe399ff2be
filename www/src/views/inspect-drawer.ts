import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { peakIn, Survivors, type SurvivorRow, type Trace } from "../model/trace";
import { bySite, choose, WHICH, type Sample, type SiteTotal, type Which } from "../model/trace-sites";
import type { HeapExports } from "../modules";
import { base } from "../styles/base";
import { en } from "../text/inspect";
import { bytes } from "../text/format";
import type { HeapInspector } from "./heap-inspector";
import "./pane-splitter";
import { panes } from "./panes";
import "./tab-strip";
import "./trace-exports";
import "./trace-flames";
import "./trace-leaks";
import type { Now } from "./trace-replay";

const TABS = ["sites", "leaks", "others", "log", "export"] as const;
export type DrawerTab = (typeof TABS)[number];
/** Records that are read in one task: some ten milliseconds. */
const RECORDS = 50_000;
const HEIGHT = { least: 96, most: 900, first: 260 };

/** The part of a trace that the drawer is about. */
export interface Part {
  /** Records: from the first, to before the last. */
  readonly from: number;
  readonly to: number;
  /** The record at which it is asked what is live. */
  readonly end: number;
  readonly text: string;
}

/** A trace, and the samples in it. */
export interface Traced {
  readonly trace: Trace;
  readonly samples: readonly Sample[];
  readonly name: string;
}

/** Call sites of live blocks, as a dump has them. */
export interface Kept {
  readonly totals: readonly SiteTotal[];
  readonly name: string;
  /** Bytes from one sample to the next. */
  readonly rate: number;
}

export interface Line {
  readonly text: string;
  readonly ok: boolean;
}

/** Below the map: who asked for memory, what is still live, what happened, and all that can be saved. Fires `tab`. */
export class InspectDrawer extends LitElement {
  static override properties = {
    tab: { attribute: false },
    traced: { attribute: false },
    kept: { attribute: false },
    chosen: { attribute: false },
    log: { attribute: false },
    heap: { attribute: false },
    source: { attribute: false },
    name: { attribute: false },
    drawn: { attribute: false },
    which: { state: true },
    height: { state: true },
  };
  /** The tab that is open, or "". */
  declare tab: DrawerTab | "";
  declare traced: Traced | null;
  /** Call sites that a dump has, in place of a trace. */
  declare kept: Kept | null;
  declare chosen: Part;
  /** Events, the newest first. */
  declare log: readonly Line[];
  declare heap: HeapExports | null;
  declare source: HeapInspector | null;
  declare name: string;
  /** The element that draws the trace, for pictures. */
  declare drawn: Element | null;
  declare private which: Which;
  declare private height: number;

  private alive: Survivors | null = null;
  /** The rows of the last part that was read whole. */
  private leaks: readonly SurvivorRow[] | null = null;

  constructor() {
    super();
    this.tab = "";
    this.traced = null;
    this.kept = null;
    this.chosen = { from: 0, to: 0, end: 0, text: "" };
    this.log = [];
    this.heap = null;
    this.source = null;
    this.name = "";
    this.drawn = null;
    this.which = "live";
    this.height = panes.read("drawer", HEIGHT.first);
  }

  static override styles = [
    base,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-width: 0;
        border-top: 1px solid var(--line);
        background: var(--paper);
      }
      pane-splitter {
        width: 100%;
        margin-bottom: 11px;
      }
      .head {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: 0 1rem;
      }
      .pane {
        height: var(--height);
        padding: 0.5rem 0;
        overflow: auto;
        border-top: 1px solid var(--line);
        container-type: inline-size;
      }
      .pane:focus-visible {
        outline-offset: -2px;
      }
      .choice label {
        min-height: 1.9rem;
        font-size: 0.8125rem;
      }
      .choice legend {
        float: left;
        margin: 0.3rem 0.6rem 0 0;
      }
      .log li {
        padding: 0.1rem 0;
        font: 0.8125rem/1.45 var(--mono);
        overflow-wrap: anywhere;
      }
      .log .bad {
        color: var(--alarm);
      }
      .top {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: 0.3rem 1.5rem;
      }
    `,
  ];

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("traced") && this.traced === null) this.alive = null;
  }

  override render(): TemplateResult {
    const tabs = TABS.map((id) => ({ id, name: en.trace.drawer[id] }));
    return html`
      ${this.tab === ""
        ? nothing
        : html`<pane-splitter
            .size=${this.height}
            .least=${HEIGHT.least}
            .most=${HEIGHT.most}
            .label=${en.trace.drawer.height}
            @resize-pane=${this.onHeight}
          ></pane-splitter>`}
      <div class="head">
        <tab-strip .tabs=${tabs} .chosen=${this.tab} .label=${en.trace.drawer.label} @tab=${this.onTab}></tab-strip>
        <slot></slot>
      </div>
      ${this.tab === ""
        ? nothing
        : html`<div class="pane" role="tabpanel" tabindex="0" aria-label=${en.trace.drawer[this.tab]} style="--height:${this.height}px">${this.open(this.tab)}</div>`}
    `;
  }

  private open(tab: DrawerTab): TemplateResult {
    switch (tab) {
      case "log":
        return this.log.length === 0
          ? html`<p class="small quiet">${en.trace.drawer.empty}</p>`
          : html`<ol class="log">${this.log.map(({ text, ok }) => html`<li class=${ok ? "" : "bad"}>${text}</li>`)}</ol>`;
      case "others":
        void import("./trace-replay");
        return this.traced === null
          ? html`<p class="small quiet">${en.trace.drawer.off}</p>`
          : html`<trace-replay .trace=${this.traced.trace} .now=${this.now}></trace-replay>`;
      case "export":
        return html`<trace-exports .trace=${this.traced?.trace ?? null} .heap=${this.heap} .source=${this.source} .traced=${this.drawn} .name=${this.traced?.name ?? this.name}></trace-exports>`;
      case "sites":
        if (this.kept !== null) return this.keptSites(this.kept);
        return this.traced === null ? html`<p class="small quiet">${en.trace.drawer.off}</p>` : this.sites(this.traced);
      case "leaks":
        return this.traced === null
          ? html`<p class="small quiet">${en.trace.drawer.off}</p>`
          : this.still(this.traced.trace);
    }
  }

  /** The heap that the recorded module has now. */
  private get now(): Now | null {
    const snapshot = this.source?.snapshot;
    const moment = this.source?.moments.at(-1);
    if (snapshot == null || moment === undefined) return null;
    const allocator = snapshot.found === undefined ? en.trace.drawer.kinds[snapshot.kind] : snapshot.found.heaps.map((heap) => heap.allocator).join(", ");
    return { allocator, committed: moment.tracked ? moment.committed : null, largestFree: moment.largestFree };
  }

  /** The blocks that are still live. */
  private still(trace: Trace): TemplateResult {
    const { from, to, end, text } = this.chosen;
    if (this.alive?.trace !== trace) {
      this.alive = new Survivors(trace);
      this.leaks = null;
    }
    if (this.alive.read(end, RECORDS)) this.leaks = this.alive.rows(from, to);
    else setTimeout(() => { this.requestUpdate(); });
    return html`<p class="small quiet">${text}</p>
      ${this.leaks === null ? nothing : html`<trace-leaks .rows=${this.leaks} .lost=${trace.lost}></trace-leaks>`}`;
  }

  private keptSites({ totals, name, rate }: Kept): TemplateResult {
    if (totals.length === 0) return html`<p class="small quiet">${en.trace.sites.none}</p>`;
    return html`<p class="small quiet">${en.dump.sites(bytes(rate))}</p>
      <trace-flames .totals=${totals} .leaks=${true} .name=${name}></trace-flames>`;
  }

  private sites({ trace, samples, name }: Traced): TemplateResult {
    if (samples.length === 0) return html`<p class="small quiet">${trace.rate > 0 && trace.count > 0 ? en.trace.sites.silent : en.trace.sites.none}</p>`;
    const { which, chosen: part } = this;
    const peak = which === "peak" ? peakIn(trace, part.from, part.to) : 0;
    const totals = bySite(choose(samples, { ...part, which, peak }), trace.sites);
    return html`
      <div class="top">
        <p class="small quiet">${part.text}</p>
        <fieldset class="choice">
          <legend class="unseen">${en.trace.sites.which}</legend>
          ${WHICH.map(
            (each) => html`<label><input type="radio" name="which" .checked=${which === each} @change=${() => { this.which = each; }} />${en.trace.sites[each]}</label>`,
          )}
        </fieldset>
      </div>
      ${totals.length === 0
        ? html`<p class="small">${en.trace.sites.none}</p>`
        : html`<trace-flames .totals=${totals} .leaks=${which === "live"} .name=${name} .rate=${bytes(trace.rate)}></trace-flames>`}
    `;
  }

  private readonly onTab = (event: CustomEvent<DrawerTab>): void => {
    // The name of the open tab closes the drawer.
    this.dispatchEvent(new CustomEvent<DrawerTab | "">("tab", { detail: event.detail === this.tab ? "" : event.detail }));
  };

  private readonly onHeight = (event: CustomEvent<number>): void => {
    this.height = event.detail;
    panes.keep("drawer", event.detail);
  };
}

customElements.define("inspect-drawer", InspectDrawer);
