import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { joinHash, splitHash } from "../model/share";
import { base } from "../styles/base";
import { tokens } from "../styles/tokens";
import { en } from "../text/page";
import type { Traced } from "./inspect-drawer";
import type { CompareRoom } from "./compare-room";
import type { InspectRoom, Texted } from "./inspect-room";
import type { LearnRoom } from "./learn-room";
import type { Place } from "./place";
import "./file-button";
import "./share-link";

/** Each room is loaded when it is entered. */
const LOAD = {
  inspect: () => import("./inspect-room"),
  learn: () => import("./learn-room"),
  compare: () => import("./compare-room"),
} as const;
type Room = keyof typeof LOAD;
const ROOMS = Object.keys(LOAD) as Room[];
/** The rooms of places that links name, those of older links among them. */
const PLACES: Readonly<Record<string, Room>> = {
  inspect: "inspect",
  program: "inspect",
  module: "inspect",
  learn: "learn",
  tours: "learn",
  sandbox: "learn",
  compare: "compare",
};
const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

/** A room, as the page sees it. */
interface Recoloured {
  recolor?(): void;
}

/** The page: its rooms, one shown at a time by the address's hash, and its colours. */
export class BonsaiPage extends LitElement {
  static override properties = {
    room: { state: true },
    link: { state: true },
    unknown: { state: true },
    entered: { state: true },
    failed: { state: true },
    theme: { state: true },
    dropping: { state: true },
    helping: { state: true },
    traced: { state: true },
  };
  declare private room: Room;
  /** The place that the address names, once it was followed there. */
  declare private link: Place | null;
  /** The place that the address names, if there is none of that name. */
  declare private unknown: string;
  /** Rooms that are loaded. */
  declare private entered: ReadonlySet<Room>;
  declare private failed: string;
  declare private theme: Theme;
  declare private dropping: boolean;
  declare private helping: boolean;
  /** A trace to compare allocators on. */
  declare private traced: Traced | null;
  /** The hash of each room. */
  private readonly hashes = new Map<Room, string>();

  constructor() {
    super();
    this.room = "inspect";
    this.link = null;
    this.unknown = "";
    this.entered = new Set();
    this.failed = "";
    this.dropping = false;
    this.helping = false;
    this.traced = null;
    this.follow();
    this.theme = THEMES.find((theme) => theme === document.documentElement.dataset["theme"]) ?? "auto";
  }

  static override styles = [
    tokens,
    base,
    css`
      :host {
        /* The inspector fills what the page has for it. */
        --around: 0;
        --beyond: visible;
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        grid-template-rows: auto minmax(0, 1fr);
        height: 100dvh;
        background: var(--paper);
      }
      header {
        display: flex;
        align-items: stretch;
        gap: 0 1.5rem;
        padding: 0 0.9rem;
        border-bottom: 1px solid var(--line);
        background: var(--sheet);
      }
      .name {
        display: flex;
        align-items: center;
        gap: 0.5rem;
        font-size: 0.9375rem;
        font-weight: 650;
        letter-spacing: -0.01em;
      }
      .name svg {
        width: 1.2rem;
        height: 1.2rem;
      }
      .name .leaf {
        fill: var(--accent);
      }
      .name .block {
        fill: var(--live);
      }
      nav {
        display: flex;
        gap: 0.1rem;
      }
      nav a {
        display: flex;
        align-items: center;
        min-height: 2.6rem;
        padding: 0 0.8rem;
        margin-bottom: -1px;
        border-bottom: 3px solid transparent;
        color: var(--ink-2);
        text-decoration: none;
      }
      nav a:hover {
        color: var(--ink);
      }
      nav a[aria-current] {
        color: var(--ink);
        font-weight: 600;
        border-bottom-color: var(--accent);
      }
      .yours {
        display: flex;
        align-items: center;
        gap: 0.6rem;
        min-width: 0;
        margin-left: auto;
        font-size: 0.8125rem;
        color: var(--ink-2);
      }
      .yours span {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .yours file-button {
        flex: none;
        min-height: 1.8rem;
        font-size: 0.8125rem;
        font-weight: 600;
        color: var(--accent);
      }
      .end {
        display: flex;
        align-items: center;
        gap: 0.5rem;
        font-size: 0.8125rem;
      }
      .end select,
      .end button,
      share-link {
        min-height: 1.8rem;
        color: var(--ink);
      }
      .skip {
        position: absolute;
        z-index: 30;
        top: -4rem;
        left: 0.5rem;
        padding: 0.5rem 0.9rem;
        background: var(--sheet);
        color: var(--accent);
      }
      .skip:focus {
        top: 0.5rem;
      }
      main {
        position: relative;
        min-width: 0;
        min-height: 0;
        overflow: auto;
      }
      main:focus {
        outline: none;
      }
      .wait {
        padding: 1rem 0.9rem;
      }
      .page {
        padding: clamp(1rem, 2vw, 1.75rem) max(clamp(1rem, 3vw, 2.5rem), (100vw - 100rem) / 2) 3rem;
      }
      .page.wide {
        padding-inline: clamp(0.9rem, 2vw, 2rem);
      }
      .drop {
        position: fixed;
        inset: 0.75rem;
        z-index: 40;
        display: grid;
        place-items: center;
        padding: 1rem;
        border: 3px dashed var(--accent);
        border-radius: 6px;
        background: color-mix(in srgb, var(--paper) 88%, transparent);
        font-size: 1.5rem;
        font-weight: 600;
        text-align: center;
        pointer-events: none;
      }
      .help {
        position: fixed;
        z-index: 40;
        top: 3rem;
        right: 0.9rem;
        width: min(30rem, calc(100vw - 1.5rem));
        padding: 0.9rem 1.1rem;
        border: 1px solid var(--line-2);
        border-radius: 6px;
        background: var(--sheet);
        box-shadow: 0 6px 24px rgb(0 0 0 / 0.18);
      }
      .help dl {
        display: grid;
        grid-template-columns: max-content minmax(0, 1fr);
        gap: 0.25rem 1rem;
        margin: 0.5rem 0 0.8rem;
        font-size: 0.8125rem;
      }
      @media (max-width: 48rem), (max-height: 34rem) {
        :host {
          display: block;
          height: auto;
          min-height: 100dvh;
        }
        main {
          overflow: visible;
        }
        header {
          flex-wrap: wrap;
          gap: 0 0.5rem;
          padding: 0 0.75rem;
        }
        .name {
          min-height: 2.4rem;
        }
        nav {
          order: 3;
        }
        nav a {
          min-height: 2.4rem;
          padding: 0 0.6rem;
        }
        .yours {
          order: 4;
        }
        .yours span {
          display: none;
        }
        .end {
          margin-left: auto;
        }
        .end {
          flex-wrap: wrap;
        }
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    this.replaceChildren();
    addEventListener("hashchange", this.onHash);
    addEventListener("dragover", this.onDrag);
    addEventListener("dragleave", this.onDragLeave);
    addEventListener("drop", this.onDrop);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.onHash);
    removeEventListener("dragover", this.onDrag);
    removeEventListener("dragleave", this.onDragLeave);
    removeEventListener("drop", this.onDrop);
  }

  override render(): TemplateResult {
    return html`
      <header>
        <a class="skip" href="#" @click=${this.onSkip}>${en.page.skip}</a>
        <h1 class="name">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <path class="leaf" d="M3 4h26v6H3z"></path>
            <path class="leaf" d="M3 12h12v6H3z"></path>
            <path class="block" d="M17 12h12v6H17z"></path>
            <path class="block" d="M9 20h6v8H9z"></path>
          </svg>
          ${en.page.name}
        </h1>
        <nav aria-label=${en.page.rooms}>
          ${ROOMS.map(
            (room) => html`<a href=${this.hashes.get(room) ?? `#${room}`} aria-current=${this.room === room ? "page" : nothing}>${en.page[room]}</a>`,
          )}
        </nav>
        <div class="yours">
          <file-button .label=${en.page.yours} .several=${true} @files=${(event: CustomEvent<File[]>) => { void this.open(event.detail); }}></file-button>
          <span>${en.page.yoursAbout}</span>
        </div>
        <div class="end">
          <share-link @settle=${() => { for (const room of this.renderRoot.querySelectorAll<InspectRoom | LearnRoom>("inspect-room, learn-room")) room.settle(); }}></share-link>
          <button aria-expanded=${this.helping ? "true" : "false"} @click=${() => { this.helping = !this.helping; }}>${en.page.help}</button>
          <select aria-label=${en.page.theme.label} title=${en.page.theme.label} @change=${this.onTheme}>
            ${THEMES.map((theme) => html`<option value=${theme} ?selected=${theme === this.theme}>${en.page.theme[theme]}</option>`)}
          </select>
        </div>
      </header>
      <main tabindex="-1">
        ${this.unknown === "" ? nothing : html`<p class="note error" role="alert">${en.share.fault({ why: "view", found: this.unknown })}</p>`}
        ${this.failed === "" ? nothing : html`<p class="note error" role="alert">${en.page.failed(this.failed)}</p>`}
        ${this.entered.has(this.room) || this.failed !== "" ? nothing : html`<p class="wait quiet" role="status">${en.page.loading}</p>`}
        ${this.rooms()}
      </main>
      ${this.dropping ? html`<div class="drop">${en.page.dropNow}</div>` : nothing} ${this.helping ? this.help() : nothing}
    `;
  }

  private rooms(): TemplateResult {
    const { room, entered } = this;
    const place = (of: Room) => (event: CustomEvent<Place & { readonly name?: string }>): void => { this.onPlace(of, event.detail); };
    return html`
      ${entered.has("inspect")
        ? html`<inspect-room
            ?hidden=${room !== "inspect"}
            .active=${room === "inspect"}
            .link=${this.linkOf("inspect")}
            @place=${place("inspect")}
            @compare=${(event: CustomEvent<Traced>) => { this.compare(event.detail); }}
            @compare-text=${(event: CustomEvent<Texted>) => { void this.compareText(event.detail); }}
          ></inspect-room>`
        : nothing}
      ${entered.has("learn")
        ? html`<learn-room class="page" ?hidden=${room !== "learn"} .active=${room === "learn"} .link=${this.linkOf("learn")} @place=${place("learn")}></learn-room>`
        : nothing}
      ${entered.has("compare")
        ? html`<compare-room
            class="page wide"
            ?hidden=${room !== "compare"}
            .active=${room === "compare"}
            .link=${this.linkOf("compare")}
            .traced=${this.traced}
            @place=${place("compare")}
            @elsewhere=${(event: CustomEvent<readonly File[]>) => { void this.inspect(event.detail); }}
          ></compare-room>`
        : nothing}
    `;
  }

  private help(): TemplateResult {
    return html`<section class="help" aria-label=${en.page.help}>
      <h2>${en.page.help}</h2>
      <dl>${en.page.keys.map(([keys, what]) => html`<dt class="mono">${keys}</dt><dd>${what}</dd>`)}</dl>
      <button @click=${() => { this.helping = false; }}>${en.page.close}</button>
    </section>`;
  }

  private linkOf(room: Room): Place | null {
    return this.room === room ? this.link : null;
  }

  private follow(): void {
    const { view, query } = splitHash(location.hash);
    const name = view === "" ? "inspect" : view;
    const known = PLACES[name];
    this.unknown = known === undefined ? view : "";
    this.room = known ?? "inspect";
    if (known !== undefined) this.hashes.set(known, joinHash(name, query));
    this.link = { name: known === undefined ? "inspect" : name, query: known === undefined ? "" : query, entry: "same" };
    void this.enter(this.room);
  }

  private async enter(room: Room): Promise<void> {
    if (this.entered.has(room)) return;
    this.failed = "";
    try {
      await LOAD[room]();
      this.entered = new Set([...this.entered, room]);
    } catch (error) {
      this.failed = error instanceof Error ? error.message : String(error);
    }
  }

  private onPlace(room: Room, { name, query, entry }: Place): void {
    const hash = joinHash(name ?? room, query);
    this.hashes.set(room, hash);
    this.requestUpdate();
    if (room !== this.room) return;
    if (entry === "new") history.pushState(null, "", hash);
    else history.replaceState(null, "", hash);
  }

  private readonly onHash = (): void => {
    this.follow();
  };

  private readonly onSkip = (event: Event): void => {
    event.preventDefault();
    this.renderRoot.querySelector<HTMLElement>("main")?.focus();
  };

  private go(room: Room): void {
    if (room !== this.room) location.hash = this.hashes.get(room) ?? `#${room}`;
  }

  /** Takes a trace to the room that compares allocators on it. */
  private compare(traced: Traced): void {
    this.traced = traced;
    this.go("compare");
  }

  /** Takes a text there. */
  private async compareText(texted: Texted): Promise<void> {
    await (await this.roomOf("compare"))?.take(texted);
  }

  /** Enters a room, and returns it once it is there. */
  private async roomOf<R extends "inspect" | "compare">(room: R): Promise<(R extends "inspect" ? InspectRoom : CompareRoom) | null> {
    this.go(room);
    await this.enter(room);
    await this.updateComplete;
    return this.renderRoot.querySelector(`${room}-room`);
  }

  // Files that are dropped, anywhere

  private readonly onDrag = (event: DragEvent): void => {
    if (event.dataTransfer?.types.includes("Files") !== true) return;
    event.preventDefault();
    this.dropping = true;
  };

  private readonly onDragLeave = (event: DragEvent): void => {
    if (event.relatedTarget === null) this.dropping = false;
  };

  private readonly onDrop = (event: DragEvent): void => {
    this.dropping = false;
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    void this.open(files);
  };

  private async open(files: readonly File[]): Promise<void> {
    if (this.room !== "compare") return this.inspect(files);
    await (await this.roomOf("compare"))?.open(files);
  }

  private async inspect(files: readonly File[]): Promise<void> {
    await (await this.roomOf("inspect"))?.open(files);
  }

  private readonly onTheme = (event: Event): void => {
    const value = (event.target as HTMLSelectElement).value as Theme;
    this.theme = value;
    document.documentElement.dataset["theme"] = value;
    try {
      localStorage.setItem("theme", value);
    } catch {
      // A page that may store nothing forgets the choice; nothing else is lost.
    }
    for (const room of this.renderRoot.querySelectorAll<LitElement & Recoloured>("main > *")) room.recolor?.();
  };
}

customElements.define("bonsai-page", BonsaiPage);
