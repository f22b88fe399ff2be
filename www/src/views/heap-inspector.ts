import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { decode, type Damage } from "../model/decode";
import { History } from "../model/history";
import { fit, windowEnd, type MapWindow } from "../model/map-layout";
import { figures } from "../model/metrics";
import type { Snapshot } from "../model/snapshot";
import { verdict } from "../model/verdict";
import { base } from "../styles/base";
import { tokens } from "../styles/tokens";
import { inspector as en } from "../text/en";
import { MAP_ROWS } from "./heap-map";
import "./heap-block";
import "./heap-headline";
import "./heap-orders";
import "./heap-slabs";
import "./heap-timeline";
import "./heap-tiny";

/** What a module exports that can be inspected: its memory, and the wasm global of `inspectable!`. */
export interface Inspectable {
  readonly memory: WebAssembly.Memory;
  readonly BONSAI_HEAP?: WebAssembly.Global | undefined;
}

/**
 * `<heap-inspector>`: shows the heap of a running module. `attach(instance.exports)` points it at
 * one, `refresh(label)` reads it again. It reads the module's memory and never calls into it.
 */
export class HeapInspector extends LitElement {
  static override properties = {
    snapshot: { state: true },
    damage: { state: true },
    missing: { state: true },
    at: { state: true },
    view: { state: true },
    theme: { state: true },
    said: { state: true },
  };
  declare private snapshot: Snapshot | null;
  declare private damage: Damage | null;
  /** The module has no descriptor. */
  declare private missing: boolean;
  /** The chosen address, or -1: a block is chosen by where it is, so that it stays chosen. */
  declare private at: number;
  declare private view: MapWindow | null;
  /** Counts changes of the colours. */
  declare private theme: number;
  declare private said: string;

  private memory: WebAssembly.Memory | null = null;
  private descriptor = 0;
  private history = new History();
  private readonly dark = matchMedia("(prefers-color-scheme: dark)");
  private readonly contrast = matchMedia("(forced-colors: active)");

  constructor() {
    super();
    this.snapshot = null;
    this.damage = null;
    this.missing = false;
    this.at = -1;
    this.view = null;
    this.theme = 0;
    this.said = "";
  }

  static override styles = [
    tokens,
    base,
    css`
      :host {
        container-type: inline-size;
        background: var(--paper);
      }
      .sheet {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 2.25rem 3.5rem;
      }
      .map {
        grid-area: map;
        min-width: 0;
      }
      heap-headline {
        grid-area: head;
      }
      heap-timeline {
        grid-area: time;
      }
      heap-orders {
        grid-area: orders;
      }
      heap-slabs,
      heap-tiny {
        grid-area: classes;
      }
      .sheet {
        grid-template-areas: "head" "map" "orders" "classes" "time";
      }
      @container (min-width: 52rem) {
        .sheet {
          grid-template-columns: minmax(0, 1.25fr) minmax(0, 1fr);
          grid-template-rows: auto auto auto 1fr;
          grid-template-areas: "head head" "map map" "orders classes" "time classes";
        }
        .sheet[data-kind="bump"] {
          grid-template-areas: "head head" "map map" "time time";
        }
        .sheet[data-kind="buddy"] {
          grid-template-areas: "head head" "map map" "orders time";
        }
        .sheet[data-kind="tiny"] {
          grid-template-areas: "head head" "map map" "classes classes";
        }
      }
      @container (min-width: 90rem) {
        .sheet {
          grid-template-columns: minmax(0, 1.6fr) minmax(0, 1fr);
          grid-template-areas: "head head" "map orders" "map classes" "time classes";
        }
        .sheet[data-kind="tiny"] {
          grid-template-areas: "head head" "map classes" "map .";
        }
        .sheet[data-kind="buddy"] {
          grid-template-areas: "head head" "map orders" "map time" "map .";
        }
        .sheet[data-kind="bump"] {
          grid-template-areas: "head head" "map time" "map .";
        }
      }
      .note {
        margin-bottom: 1.5rem;
      }
      heap-map {
        margin-bottom: 0.8rem;
      }
    `,
  ];

  /** Points the inspector at a module, and forgets what was seen of the one before. */
  attach(exports: Inspectable): void {
    this.memory = exports.memory;
    this.missing = exports.BONSAI_HEAP === undefined;
    this.descriptor = Number(exports.BONSAI_HEAP?.value ?? 0);
    this.history = new History();
    this.snapshot = null;
    this.damage = null;
    this.at = -1;
    this.view = null;
  }

  /** Reads the heap again; `label` says what the program has just done. */
  refresh(label: string): void {
    if (this.memory === null || this.missing) return;
    // A new buffer each time: the one before is detached if memory grew.
    const decoded = decode(this.memory.buffer, this.descriptor);
    if (!decoded.ok) {
      this.damage = decoded.damage;
      this.said = en.damage(decoded.damage);
      return;
    }
    this.damage = null;
    this.snapshot = decoded.snapshot;
    const now = figures(decoded.snapshot);
    this.history.add({ ...now, label });
    this.said = en.heap.read(label, now);
    if (this.view !== null) {
      const whole = fit(decoded.snapshot.start, decoded.snapshot.end, MAP_ROWS);
      if (this.view.bytesPerRow >= whole.bytesPerRow) this.view = null;
    }
    this.requestUpdate();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.dark.addEventListener("change", this.recolor);
    this.contrast.addEventListener("change", this.recolor);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.dark.removeEventListener("change", this.recolor);
    this.contrast.removeEventListener("change", this.recolor);
  }

  /** To be called where the page changes its colours by other means than the system's. */
  readonly recolor = (): void => {
    this.theme++;
  };

  override render(): TemplateResult {
    return html`
      <p class="unseen" role="status">${this.said}</p>
      ${this.missing ? html`<p class="note error">${en.heap.noDescriptor}</p>` : nothing}
      ${this.damage === null ? nothing : html`<p class="note error">${en.damage(this.damage)}</p>`}
      ${this.snapshot === null
        ? this.missing || this.damage !== null
          ? nothing
          : html`<p class="quiet">${en.heap.none}</p>`
        : this.sheet(this.snapshot)}
    `;
  }

  private sheet(snapshot: Snapshot): TemplateResult {
    const view = this.view ?? fit(snapshot.start, snapshot.end, MAP_ROWS);
    const chosen = this.at < 0 ? -1 : snapshot.blocks.find(this.at);
    return html`
      <div class="sheet" data-kind=${snapshot.kind}>
        <heap-headline .verdict=${verdict(this.history)} .figures=${figures(snapshot)}></heap-headline>
        <div class="map">
            <heap-map
              .snapshot=${snapshot}
              .chosen=${chosen}
              .view=${this.view}
              .theme=${this.theme}
              @choose=${this.onChoose}
              @look=${this.onLook}
            ></heap-map>
            <heap-block .snapshot=${snapshot} .chosen=${chosen} .peek=${this.peek} @choose=${this.onChoose}></heap-block>
        </div>
          ${snapshot.units === null
            ? nothing
            : html`<heap-orders
                .snapshot=${snapshot}
                .at=${this.at}
                .from=${Math.max(view.start, snapshot.start)}
                .to=${Math.min(windowEnd(view), snapshot.end)}
                .theme=${this.theme}
                @choose-address=${this.onChooseAddress}
              ></heap-orders>`}
          ${snapshot.kind === "slab"
            ? html`<heap-slabs .snapshot=${snapshot} .at=${this.at} @choose-address=${this.onChooseAddress}></heap-slabs>`
            : nothing}
          ${snapshot.kind === "tiny" ? html`<heap-tiny .snapshot=${snapshot}></heap-tiny>` : nothing}
        ${snapshot.kind === "tiny"
          ? nothing
          : html`<heap-timeline .moments=${this.history.moments.slice()} .forgotten=${this.history.forgotten}></heap-timeline>`}
      </div>
    `;
  }

  private readonly peek = (from: number, length: number): Uint8Array => {
    const buffer = this.memory?.buffer;
    if (buffer === undefined || from + length > buffer.byteLength) return new Uint8Array();
    return new Uint8Array(buffer, from, length).slice();
  };

  private readonly onChoose = (event: CustomEvent<number>): void => {
    this.at = this.snapshot?.blocks.address[event.detail] ?? -1;
    if (event.detail < 0) this.at = -1;
  };

  private readonly onChooseAddress = (event: CustomEvent<number>): void => {
    this.at = event.detail;
  };

  private readonly onLook = (event: CustomEvent<MapWindow | null>): void => {
    this.view = event.detail;
  };
}

customElements.define("heap-inspector", HeapInspector);
