import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { styleMap } from "lit/directives/style-map.js";
import { culprit, flames, type Flame, type SiteTotal } from "../model/trace-sites";
import { base } from "../styles/base";
import { tokens } from "../styles/tokens";
import { en } from "../text/en";
import { bytes, integer, percent } from "../text/format";

/** Narrower than this part of the whole, a function is not drawn. */
const LEAST = 0.0015;
const ROWS = 200;

/** Which functions asked for the memory: callers above what they call, as wide as their bytes. */
export class TraceFlames extends LitElement {
  static override properties = { totals: { attribute: false }, leaks: { attribute: false }, chosen: { state: true }, top: { state: true }, open: { state: true } };
  declare totals: readonly SiteTotal[];
  /** Whether these are what is still live. */
  declare leaks: boolean;
  /** Index of the function that is chosen, and of the one that the drawing begins with. */
  declare private chosen: number;
  declare private top: number;
  declare private open: boolean;
  private list: readonly Flame[] = [];

  constructor() {
    super();
    this.totals = [];
    this.leaks = false;
    this.chosen = 0;
    this.top = 0;
    this.open = true;
  }

  static override styles = [
    tokens,
    base,
    css`
      .flames {
        position: relative;
        overflow: hidden auto;
        max-height: 26rem;
        margin-top: 0.6rem;
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
        min-height: 3em;
        margin-top: 0.4rem;
        overflow-wrap: anywhere;
      }
      details {
        margin-top: 0.6rem;
      }
      .scroll {
        max-height: 20rem;
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

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has("totals")) return;
    this.list = flames(this.totals, en.trace.sites.root);
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
    const text = this.say(chosen);
    return html`
      <div
        class="flames"
        role="slider"
        tabindex="0"
        aria-label=${en.trace.sites.flames}
        aria-valuemin="0"
        aria-valuemax=${this.list.length - 1}
        aria-valuenow=${this.chosen}
        aria-valuetext=${text}
        @keydown=${this.onKey}
      >
        <div class="rows" style=${styleMap({ height: `${depth * 1.35}rem` })}>
          ${shown.map(({ flame, index }) => this.frame(flame, index, whole))}
        </div>
      </div>
      ${this.top === 0 ? nothing : html`<button class="out" @click=${() => { this.top = this.list[this.top]!.parent; }}>${en.trace.sites.out}</button>`}
      <p class="said small" aria-hidden="true">${text}</p>
      <p class="small quiet">${en.trace.sites.keys}</p>
      <details open @toggle=${(event: Event) => { this.open = (event.target as HTMLDetailsElement).open; }}>
        <summary>${en.trace.sites.table(this.leaks)}</summary>
        ${this.open ? this.table() : nothing}
      </details>
    `;
  }

  /** Whether a function is drawn where `whole` is the widest: what it calls, and who called it. */
  private within(flame: Flame, whole: Flame): boolean {
    return flame.depth >= whole.depth && flame.from >= whole.from && flame.from < whole.from + whole.bytes;
  }

  private frame(flame: Flame, index: number, whole: Flame): TemplateResult {
    const share = (value: number): string => `${((100 * value) / whole.bytes).toFixed(3)}%`;
    const place = {
      left: share(flame.from - whole.from),
      width: share(Math.min(flame.bytes, whole.bytes)),
      top: `${(flame.depth - whole.depth) * 1.35}rem`,
    };
    return html`<div
      class="frame"
      style=${styleMap(place)}
      title=${this.say(flame)}
      ?data-odd=${flame.depth % 2 === 1}
      ?data-chosen=${index === this.chosen}
      @click=${() => { this.chosen = index; }}
      @dblclick=${() => { this.top = index; }}
    >${flame.name}</div>`;
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
    const shown = this.totals.slice(0, ROWS);
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${en.trace.sites.table(this.leaks)}>
      <table>
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
      </table>
    </div>`;
  }
}

customElements.define("trace-flames", TraceFlames);
