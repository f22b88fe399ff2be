import { css, LitElement, html, nothing, svg, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { SandboxFigure as Figure, Tile } from "../model/sandbox-layout";
import { State } from "../model/snapshot";
import { base } from "../styles/base";
import { en } from "../text/sandbox";
import { bytes, integer } from "../text/format";
import { stateName } from "./names";

const CLASSES: Record<number, string> = {
  [-1]: "split",
  [State.Live]: "live",
  [State.Free]: "free",
  [State.Fresh]: "free",
  [State.Waiting]: "waiting",
  [State.Meta]: "meta",
  [State.Gap]: "gap",
  [State.Data]: "gap",
  [State.Unused]: "gap",
  [State.Stack]: "gap",
  [State.Static]: "gap",
};

/**
 * The blocks of a sandbox's allocator as shapes that can be reached and pressed. Fires `free` with
 * the address of a live block, and `leave` when Escape asks to go back to the form.
 */
export class SandboxFigure extends LitElement {
  static override properties = {
    figure: { attribute: false },
    requested: { attribute: false },
    motion: { attribute: false },
    passive: { type: Boolean, reflect: true },
    marked: { attribute: false },
    name: { attribute: false },
    exact: { attribute: false },
    focused: { state: true },
  };
  declare figure: Figure;
  /** Bytes asked for, by address of the block. */
  declare requested: ReadonlyMap<number, number>;
  /** The motion of new shapes: out of the one above (a split), or of those below (a merge). */
  declare motion: "split" | "merge" | "none";
  /** A figure to look at: no block can be freed. */
  declare passive: boolean;
  /** Addresses of blocks to outline. */
  declare marked: ReadonlySet<number>;
  /** The description of the figure for a screen reader. */
  declare name: string;
  /** True if sizes are written to the byte. */
  declare exact: boolean;
  /** Key of the tile that Tab reaches. */
  declare private focused: string;

  private known = new Set<string>();
  private refocus: number | null = null;

  constructor() {
    super();
    this.figure = { tiles: [], width: 0, height: 0 };
    this.requested = new Map();
    this.motion = "none";
    this.passive = false;
    this.marked = new Set();
    this.name = en.sandbox.figureLabel;
    this.exact = true;
    this.focused = "";
  }

  static override styles = [
    base,
    css`
      svg {
        display: block;
        overflow: visible;
        max-width: 100%;
      }
      rect {
        transition:
          fill 0.25s,
          x 0.2s,
          width 0.2s;
      }
      .split > .box {
        fill: none;
        stroke: var(--line-2);
        stroke-dasharray: 3 3;
      }
      .live > .box {
        fill: var(--live);
      }
      .free > .box {
        fill: url(#free);
        stroke: var(--free-mark);
      }
      .waiting > .box {
        fill: url(#waiting);
        stroke: var(--waiting-mark);
      }
      .meta > .box {
        fill: url(#meta);
      }
      .gap > .box {
        fill: none;
        stroke: var(--gap);
      }
      .waste {
        fill: url(#waste);
      }
      g {
        outline: none;
      }
      :host(:not([passive])) .live {
        cursor: pointer;
      }
      .mark {
        fill: none;
        stroke: var(--ink);
        stroke-width: 2;
        pointer-events: none;
      }
      :host(:not([passive])) .live:hover > .box {
        fill: var(--live-2);
      }
      g:focus-visible > .box {
        stroke: var(--ink);
        stroke-width: 3;
        stroke-dasharray: none;
      }
      text {
        font: 0.75rem var(--sans);
        font-variant-numeric: tabular-nums;
        pointer-events: none;
        dominant-baseline: central;
        text-anchor: middle;
        fill: var(--on-free);
      }
      .live text {
        fill: var(--on-live);
        font-weight: 600;
      }
      .split text {
        fill: var(--ink-2);
      }
      .new-split {
        animation: fall 0.35s cubic-bezier(0.2, 0.7, 0.2, 1) backwards;
      }
      .new-merge {
        animation: rise 0.35s cubic-bezier(0.2, 0.7, 0.2, 1) backwards;
      }
      @keyframes fall {
        from {
          opacity: 0;
          transform: translateY(-24px);
        }
      }
      @keyframes rise {
        from {
          opacity: 0;
          transform: translateY(24px);
        }
      }
    `,
  ];

  protected override willUpdate(): void {
    const { tiles } = this.figure;
    // Whoever comes by Tab comes to a block that can be freed, if there is one.
    const inside = this.shadowRoot?.activeElement != null;
    if (!inside || !tiles.some((tile) => tile.key === this.focused)) {
      this.focused = (tiles.find((tile) => tile.state === State.Live) ?? tiles[0])?.key ?? "";
    }
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (!changed.has("figure")) return;
    this.known = new Set(this.figure.tiles.map((tile) => tile.key));
    if (this.refocus === null) return;
    // The block that was freed may have become part of a larger one.
    const at = this.refocus;
    this.refocus = null;
    const holder = this.figure.tiles.find((t) => t.index >= 0 && at >= t.address && at < t.address + t.size);
    if (holder !== undefined) this.focusOn(holder);
  }

  override render(): TemplateResult {
    const { tiles, width, height } = this.figure;
    return html`
      <svg
        width=${width}
        height=${height}
        viewBox="0 0 ${width} ${height}"
        role="group"
        aria-label=${this.name}
        @keydown=${this.onKey}
        @click=${this.onClick}
      >
        <defs>
          <pattern id="free" width="7" height="7" patternUnits="userSpaceOnUse">
            <rect width="7" height="7" style="fill:var(--free)"></rect>
            <circle cx="3" cy="3" r="0.8" style="fill:var(--free-mark)"></circle>
          </pattern>
          <pattern id="waiting" width="5" height="10" patternUnits="userSpaceOnUse" patternTransform="rotate(-20)">
            <rect width="5" height="10" style="fill:var(--free)"></rect>
            <rect width="1.6" height="10" style="fill:var(--waiting-mark)"></rect>
          </pattern>
          <pattern id="meta" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="6" height="6" style="fill:var(--meta)"></rect>
            <rect width="1.5" height="6" style="fill:var(--meta-mark)"></rect>
          </pattern>
          <pattern id="waste" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="5" height="5" style="fill:var(--slab)"></rect>
            <rect width="1" height="5" style="fill:var(--slab-mark)"></rect>
          </pattern>
        </defs>
        ${repeat(tiles, (tile) => tile.key, (tile) => this.tile(tile))}
      </svg>
    `;
  }

  private tile(tile: Tile): TemplateResult {
    const live = tile.state === State.Live;
    const asked = live ? (this.requested.get(tile.address) ?? null) : null;
    // However little was asked for, some of the block is shown as in use.
    const share = asked === null ? 1 : Math.min(1, Math.max(asked / tile.size, Math.min(1, 4 / tile.width)));
    const name = tile.state === -1 ? en.state.split : stateName(tile.state);
    const fresh = this.known.size > 0 && !this.known.has(tile.key) && this.motion !== "none";
    const label = this.label(tile, asked);
    const description = en.sandbox.block(tile.address, tile.size, name, asked, this.exact);
    return svg`<g
      class="${CLASSES[tile.state] ?? "free"} ${fresh ? `new-${this.motion}` : ""}"
      role=${this.passive ? "img" : "button"}
      data-key=${tile.key}
      data-state=${name}
      data-size=${tile.size}
      aria-disabled=${this.passive ? nothing : live ? "false" : "true"}
      tabindex=${tile.key === this.focused ? 0 : -1}
    >
      <title>${description}</title>
      <rect class="box" x=${tile.x + 0.5} y=${tile.y + 0.5} width=${Math.max(0.5, tile.width - 1)} height=${tile.height - 1}></rect>
      ${
        share < 1
          ? svg`<rect class="waste" x=${tile.x + tile.width * share} y=${tile.y} width=${tile.width * (1 - share)} height=${tile.height}></rect>`
          : nothing
      }
      ${
        tile.index >= 0 && this.marked.has(tile.address)
          ? svg`<rect class="mark" x=${tile.x + 1} y=${tile.y + 1} width=${Math.max(1, tile.width - 2)} height=${tile.height - 2}></rect>`
          : nothing
      }
      ${label === "" ? nothing : svg`<text aria-hidden="true" x=${tile.x + (tile.width * share) / 2} y=${tile.y + tile.height / 2}>${label}</text>`}
    </g>`;
  }

  private label(tile: Tile, asked: number | null): string {
    const text = (this.exact ? integer : bytes)(asked ?? tile.size);
    const room = asked === null ? tile.width : (tile.width * asked) / tile.size;
    return room > text.length * 7 + 6 ? text : "";
  }

  private tileOf(event: Event): Tile | undefined {
    const key = (event.target as Element).closest<SVGGElement>("g[data-key]")?.dataset["key"];
    return this.figure.tiles.find((tile) => tile.key === key);
  }

  private press(tile: Tile): void {
    if (this.passive || tile.state !== State.Live) return;
    this.dispatchEvent(new CustomEvent("free", { detail: tile.address }));
  }

  private readonly onClick = (event: MouseEvent): void => {
    const tile = this.tileOf(event);
    if (tile === undefined) return;
    this.focused = tile.key;
    this.press(tile);
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const tile = this.tileOf(event);
    if (tile === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const { tiles } = this.figure;
    const here = tiles.indexOf(tile);
    const covers = (a: Tile, b: Tile): boolean => a.x <= b.x + 1 && a.x + a.width >= b.x + 1;
    const inRow = (step: number): Tile | undefined => {
      const row = tiles.filter((t) => t.y === tile.y);
      return row[row.indexOf(tile) + step] ?? tiles[here + step];
    };
    const moves: Record<string, () => Tile | undefined> = {
      ArrowRight: () => inRow(1),
      ArrowLeft: () => inRow(-1),
      ArrowUp: () => tiles.filter((t) => t.y < tile.y && covers(t, tile)).sort((a, b) => b.y - a.y)[0],
      ArrowDown: () => tiles.filter((t) => t.y > tile.y && covers(tile, t)).sort((a, b) => a.y - b.y || a.x - b.x)[0],
      Home: () => tiles[0],
      End: () => tiles[tiles.length - 1],
    };
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      if (!this.passive) this.refocus = tile.address;
      this.press(tile);
    } else if (event.key === "Escape") {
      this.dispatchEvent(new CustomEvent("leave"));
    } else {
      const move = moves[event.key];
      if (move === undefined) return;
      event.preventDefault();
      const to = move();
      if (to !== undefined) this.focusOn(to);
    }
  };

  private focusOn(tile: Tile): void {
    this.focused = tile.key;
    void this.updateComplete.then(() => {
      this.renderRoot.querySelector<SVGGElement>(`g[data-key="${tile.key}"]`)?.focus();
    });
  }
}

customElements.define("sandbox-figure", SandboxFigure);
