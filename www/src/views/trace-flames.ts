import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { styleMap } from "lit/directives/style-map.js";
import { culprit } from "../model/stack";
import { flames, search, withoutPage, type Flame } from "../model/flames";
import { foldedStacks, speedscope } from "../model/export-stacks";
import type { SiteTotal } from "../model/trace-sites";
import { base } from "../styles/base";
import { tokens } from "../styles/tokens";
import { en } from "../text/inspect";
import { bytes, integer, percent } from "../text/format";
import { download } from "./download";

/** Narrower than this part of the whole, a function is not drawn. */
const LEAST = 0.0015;
const ROWS = 200;

/** Which functions asked for the memory: callers above what they call, as wide as their bytes. */
export class TraceFlames extends LitElement {
  static override properties = {
    totals: { attribute: false },
    leaks: { attribute: false },
    name: { attribute: false },
    chosen: { state: true },
    top: { state: true },
    sought: { state: true },
    bottomUp: { state: true },
    page: { state: true },
    tableOpen: { state: true },
  };
  declare totals: readonly SiteTotal[];
  /** These are blocks that are still live. */
  declare leaks: boolean;
  /** The first part of the names of its files. */
  declare name: string;
  /** Index of the function that is chosen, and of the one that the drawing begins with. */
  declare private chosen: number;
  declare private top: number;
  /** A part of a function's name. */
  declare private sought: string;
  /** Callers below what they called. */
  declare private bottomUp: boolean;
  /** Frames of the page that called the module are shown. */
  declare private page: boolean;
  declare private tableOpen: boolean;
  private list: readonly Flame[] = [];

  constructor() {
    super();
    this.totals = [];
    this.leaks = false;
    this.chosen = 0;
    this.top = 0;
    this.name = "sites";
    this.sought = "";
    this.bottomUp = false;
    this.page = false;
    this.tableOpen = false;
  }

  static override styles = [
    tokens,
    base,
    css`
      .tools {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.3rem 0.8rem;
        margin-top: 0.5rem;
        font-size: 0.8125rem;
      }
      .tools input[type="search"] {
        width: 14rem;
        min-height: 1.9rem;
        padding: 0.1rem 0.5rem;
        border: 1px solid var(--line-2);
        border-radius: var(--radius);
        background: var(--sheet);
        font: inherit;
      }
      .tools button {
        min-height: 1.9rem;
        font-size: 0.8125rem;
      }
      .tools label {
        display: inline-flex;
        align-items: center;
        gap: 0.35rem;
      }
      .flames {
        position: relative;
        overflow: hidden;
        margin-top: 0.4rem;
        border: 1px solid var(--line);
        background: var(--sheet);
      }
      .rows {
        position: relative;
      }
      .frame {
        position: absolute;
        overflow: hidden;
        height: 1.3rem;
        padding: 0 0.3rem;
        border: 1px solid var(--sheet);
        border-radius: 2px;
        background: var(--size-1);
        color: var(--ink);
        font: 0.75rem/1.2rem var(--mono);
        text-overflow: ellipsis;
        white-space: nowrap;
        cursor: pointer;
      }
      .frame[data-odd] {
        background: color-mix(in srgb, var(--size-1) 72%, var(--sheet));
      }
      .frame[data-found] {
        background: var(--meta);
        color: var(--on-meta);
      }
      .frame[data-chosen] {
        z-index: 1;
        outline: 2px solid var(--accent);
        outline-offset: -2px;
        font-weight: 700;
      }
      @media (forced-colors: active) {
        .frame {
          border-color: CanvasText;
        }
      }
      .said {
        min-height: 1.5em;
        margin-top: 0.4rem;
        overflow-wrap: anywhere;
      }
      details {
        margin-top: 0.6rem;
      }
      th details {
        margin-top: 0;
      }
      /* Names of functions are longer than a line, and the figures behind them are to be seen. */
      th.word details {
        min-width: 9rem;
        overflow-wrap: anywhere;
        white-space: normal;
      }
      td {
        vertical-align: top;
      }
    `,
  ];

  private get sites(): readonly SiteTotal[] {
    return this.page ? this.totals : withoutPage(this.totals);
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!["totals", "bottomUp", "page"].some((name) => changed.has(name))) return;
    this.list = flames(this.sites, en.trace.sites.root, { bottomUp: this.bottomUp, folded: true });
    this.chosen = 0;
    this.top = 0;
  }

  override render(): TemplateResult {
    const whole = this.list[this.top]!;
    const chosen = this.list[this.chosen]!;
    const shown = this.list
      .map((flame, index) => ({ flame, index }))
      .filter(({ flame }) => this.within(flame, whole) && flame.bytes >= whole.bytes * LEAST);
    const depth = Math.max(0, ...shown.map(({ flame }) => flame.depth - whole.depth)) + 1;
    const { found, bytes: size } = search(this.list, this.sought);
    return html`
      <div class="tools">
        <input
          type="search"
          aria-label=${en.trace.sites.search}
          placeholder=${en.trace.sites.search}
          .value=${this.sought}
          @input=${(event: Event) => { this.sought = (event.target as HTMLInputElement).value; }}
        />
        <span role="status" class="quiet">${this.sought.trim() === "" ? nothing : en.trace.sites.found(found.size, bytes(size), percent(size / Math.max(1, this.list[0]!.bytes)))}</span>
        <label><input type="checkbox" .checked=${this.bottomUp} @change=${(event: Event) => { this.bottomUp = (event.target as HTMLInputElement).checked; }} />${en.trace.sites.bottomUp}</label>
        <label><input type="checkbox" .checked=${!this.page} @change=${(event: Event) => { this.page = !(event.target as HTMLInputElement).checked; }} />${en.trace.sites.hide}</label>
        <button aria-pressed=${this.tableOpen ? "true" : "false"} @click=${() => { this.tableOpen = !this.tableOpen; }}>${en.heap.table}</button>
        <button class="plain" @click=${() => { download(`${this.name}.folded`, "text/plain", [foldedStacks(this.sites)]); }}>${en.trace.sites.folded}</button>
        <button class="plain" @click=${() => { download(`${this.name}.speedscope.json`, "application/json", [JSON.stringify(speedscope(this.sites, this.name))]); }}>${en.trace.sites.speedscope}</button>
        ${this.top === 0 ? nothing : html`<button class="out" @click=${() => { this.top = this.list[this.top]!.parent; }}>${en.trace.sites.out}</button>`}
      </div>
      ${this.tableOpen
        ? this.table()
        : html`<div
              class="flames"
              role="tree"
              tabindex="0"
              aria-label=${en.trace.sites.flames}
              aria-activedescendant=${`flame-${this.chosen}`}
              aria-describedby="keys"
              @keydown=${this.onKey}
            >
              <div class="rows" role="none" style=${styleMap({ height: `${depth * 1.35}rem` })}>
                ${shown.map(({ flame, index }) => this.frame(flame, index, whole, found))}
              </div>
            </div>
            <p class="said small">${this.say(chosen)}</p>
            <p id="keys" class="small quiet">${en.trace.sites.keys}</p>`}
    `;
  }

  /** Tells whether a function is drawn where `whole` is the widest. */
  private within(flame: Flame, whole: Flame): boolean {
    return flame.depth >= whole.depth && flame.from >= whole.from && flame.from < whole.from + whole.bytes;
  }

  private frame(flame: Flame, index: number, whole: Flame, found: ReadonlySet<number>): TemplateResult {
    const share = (value: number): string => `${((100 * value) / Math.max(1, whole.bytes)).toFixed(3)}%`;
    const place = {
      left: share(flame.from - whole.from),
      width: share(Math.min(flame.bytes, whole.bytes)),
      top: `${(flame.depth - whole.depth) * 1.35}rem`,
    };
    return html`<div
      class="frame"
      role="treeitem"
      id=${`flame-${index}`}
      aria-level=${flame.depth + 1}
      aria-selected=${index === this.chosen ? "true" : "false"}
      aria-label=${this.say(flame)}
      style=${styleMap(place)}
      title=${`${flame.chain.join(" → ")}\n${this.say(flame)}`}
      ?data-odd=${flame.depth % 2 === 1}
      ?data-found=${found.has(index)}
      ?data-chosen=${index === this.chosen}
      @click=${() => { this.chosen = index; }}
      @dblclick=${() => { this.top = index; }}
    >${flame.chain.join(" → ")}</div>`;
  }

  private say(flame: Flame): string {
    const all = this.list[0]!.bytes;
    return en.trace.sites.frame(flame.name, bytes(flame.bytes), percent(all === 0 ? 0 : flame.bytes / all), integer(Math.round(flame.blocks)));
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const next = this.step(event.key);
    if (event.key === "Enter") this.top = this.chosen;
    else if (event.key === "Escape") this.top = 0;
    else if (next < 0) return;
    else {
      this.chosen = next;
      // Out of the part that is drawn: draw more.
      if (!this.within(this.list[next]!, this.list[this.top]!)) this.top = 0;
      void this.updateComplete.then(() => {
        this.renderRoot.querySelector("[data-chosen]")?.scrollIntoView({ block: "nearest" });
      });
    }
    event.preventDefault();
  };

  /** The function that a key leads to: up and down the calls, left and right among siblings. */
  private step(key: string): number {
    const { list, chosen } = this;
    const { parent } = list[chosen]!;
    const siblings = list.flatMap((flame, i) => (flame.parent === parent ? [i] : []));
    const at = siblings.indexOf(chosen);
    switch (key) {
      case "ArrowUp":
        return Math.max(0, parent);
      case "ArrowDown": {
        const child = list.findIndex((flame) => flame.parent === chosen);
        return child < 0 ? chosen : child;
      }
      case "ArrowRight":
        return siblings[Math.min(siblings.length - 1, at + 1)]!;
      case "ArrowLeft":
        return siblings[Math.max(0, at - 1)]!;
      case "Home":
        return 0;
      default:
        return -1;
    }
  }

  private table(): TemplateResult {
    const shown = this.sites.slice(0, ROWS);
    return html`<table>
      <caption class="unseen">${en.trace.sites.table(this.leaks)}</caption>
      <thead><tr>${en.trace.sites.columns.map((name, i) => html`<th scope="col" class=${i === 0 ? "word" : ""}>${name}</th>`)}</tr></thead>
      <tbody>
        ${shown.map(
          ({ stack, samples, blocks, bytes: size }) => html`<tr>
            <th scope="row" class="word"><details><summary class="mono">${culprit(stack)}</summary><ol class="mono small">${stack.map((name) => html`<li>${name}</li>`)}</ol></details></th>
            <td>${bytes(size)}</td>
            <td>${integer(Math.round(blocks))}</td>
            <td>${integer(samples)}</td>
          </tr>`,
        )}
      </tbody>
    </table>`;
  }
}

customElements.define("trace-flames", TraceFlames);
