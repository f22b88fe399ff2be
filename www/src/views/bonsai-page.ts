import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { fileKind, FIRST_BYTES } from "../model/file-kind";
import { joinHash, splitHash } from "../model/share";
import { base } from "../styles/base";
import { tokens } from "../styles/tokens";
import { en } from "../text/en";
import "./compare-view";
import type { CompareView } from "./compare-view";
import "./module-drop";
import "./program-view";
import "./sandbox-view";
import "./tour-view";
import type { ModuleDrop } from "./module-drop";
import type { Place } from "./place";
import type { ProgramView } from "./program-view";

const VIEWS = ["program", "module", "sandbox", "tours", "compare"] as const;
type View = (typeof VIEWS)[number];
const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

/** The page: its views, one shown at a time by the address's hash, and its colours. */
export class BonsaiPage extends LitElement {
  static override properties = {
    view: { state: true },
    link: { state: true },
    unknown: { state: true },
    theme: { state: true },
    dropping: { state: true },
  };
  declare private view: View;
  /** What the address says of the view, once it was followed there. */
  declare private link: Place | null;
  /** The view that the address names, if there is none of that name. */
  declare private unknown: string;
  /** What a link to each view says. */
  private readonly queries = new Map<View, string>();
  declare private theme: Theme;
  declare private dropping: boolean;

  constructor() {
    super();
    this.view = "program";
    this.link = null;
    this.unknown = "";
    this.dropping = false;
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
        --side: max(clamp(1rem, 3vw, 2.5rem), (100vw - 165rem) / 2);
        min-height: 100vh;
        background: var(--paper);
      }
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: stretch;
        gap: 0 2rem;
        padding: 0 var(--side);
        border-bottom: 1px solid var(--line);
      }
      .name {
        display: flex;
        align-items: center;
        gap: 0.55rem;
        padding: 0.7rem 0;
        font-size: 1rem;
        font-weight: 650;
        letter-spacing: -0.01em;
      }
      .name svg {
        width: 1.35rem;
        height: 1.35rem;
      }
      .name .leaf {
        fill: var(--accent);
      }
      .name .block {
        fill: var(--live);
      }
      nav {
        display: flex;
        gap: 0.25rem;
      }
      nav a {
        display: flex;
        align-items: center;
        padding: 0.7rem 0.8rem;
        margin-bottom: -1px;
        white-space: nowrap;
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
      .theme {
        display: flex;
        align-items: center;
        gap: 0.5rem;
        margin-left: auto;
        font-size: 0.8125rem;
        color: var(--ink-2);
      }
      .theme select {
        min-height: 1.9rem;
        color: var(--ink);
      }
      main {
        padding: clamp(1.1rem, 2.4vw, 2rem) var(--side) 3rem;
      }
      .drop {
        position: fixed;
        inset: 0.75rem;
        z-index: 10;
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
      @media (max-width: 64rem) {
        header {
          gap: 0 0.75rem;
        }
        nav {
          order: 3;
          flex-wrap: wrap;
          gap: 0 1.1rem;
          width: 100%;
        }
        nav a {
          padding: 0.4rem 0;
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
        <h1 class="name">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <path class="leaf" d="M3 4h26v6H3z"></path>
            <path class="leaf" d="M3 12h12v6H3z"></path>
            <path class="block" d="M17 12h12v6H17z"></path>
            <path class="block" d="M9 20h6v8H9z"></path>
          </svg>
          ${en.page.name}
        </h1>
        <nav aria-label=${en.page.views}>
          ${VIEWS.map(
            (view) => html`<a href=${joinHash(view, this.queries.get(view) ?? "")} aria-current=${this.view === view ? "page" : nothing}>${en.page[view]}</a>`,
          )}
        </nav>
        <label class="theme">
          ${en.page.theme.label}
          <select @change=${this.onTheme}>
            ${THEMES.map((theme) => html`<option value=${theme} ?selected=${theme === this.theme}>${en.page.theme[theme]}</option>`)}
          </select>
        </label>
      </header>
      <main>
        ${this.unknown === "" ? nothing : html`<p class="note error" role="alert">${en.share.fault({ why: "view", found: this.unknown })}</p>`}
        <program-view ?hidden=${this.view !== "program"}></program-view>
        <module-drop ?hidden=${this.view !== "module"}></module-drop>
        <sandbox-view
          ?hidden=${this.view !== "sandbox"}
          .active=${this.view === "sandbox"}
          .link=${this.linkOf("sandbox")}
          @place=${(event: CustomEvent<Place>) => { this.onPlace("sandbox", event.detail); }}
        ></sandbox-view>
        <tour-view
          ?hidden=${this.view !== "tours"}
          .active=${this.view === "tours"}
          .link=${this.linkOf("tours")}
          @place=${(event: CustomEvent<Place>) => { this.onPlace("tours", event.detail); }}
        ></tour-view>
        <compare-view
          ?hidden=${this.view !== "compare"}
          .active=${this.view === "compare"}
          .link=${this.linkOf("compare")}
          @place=${(event: CustomEvent<Place>) => { this.onPlace("compare", event.detail); }}
        ></compare-view>
      </main>
      ${this.dropping ? html`<div class="drop">${en.program.dropNow}</div>` : nothing}
    `;
  }

  private linkOf(view: View): Place | null {
    return this.view === view ? this.link : null;
  }

  private follow(): void {
    const { view, query } = splitHash(location.hash);
    const known = VIEWS.find((name) => name === view);
    this.unknown = known === undefined ? view : "";
    this.view = known ?? VIEWS[0];
    this.queries.set(this.view, query);
    this.link = { query, entry: "same" };
  }

  private onPlace(view: View, { query, entry }: Place): void {
    this.queries.set(view, query);
    this.requestUpdate();
    if (view !== this.view) return;
    const hash = joinHash(view, query);
    if (entry === "new") history.pushState(null, "", hash);
    else history.replaceState(null, "", hash);
  }

  private readonly onHash = (): void => {
    this.follow();
  };

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
    void this.take(files);
  };

  /** Gives files to the view that they are for, and shows it. */
  private async take(files: readonly File[]): Promise<void> {
    const kinds = await Promise.all(files.map(kindOf));
    const root = this.renderRoot;
    if (kinds.includes("module")) {
      this.go("module");
      void root.querySelector<ModuleDrop>("module-drop")?.take(files);
      return;
    }
    this.go("program");
    const program = root.querySelector<ProgramView>("program-view");
    if (kinds[0] === "trace") program?.openTrace(files[0]!);
    else void program?.read(files[0]!);
  }

  private go(view: View): void {
    if (view !== this.view) location.hash = joinHash(view, this.queries.get(view) ?? "");
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
    this.renderRoot.querySelector<ProgramView>("program-view")?.recolor();
    this.renderRoot.querySelector<ModuleDrop>("module-drop")?.recolor();
    this.renderRoot.querySelector<CompareView>("compare-view")?.recolor();
  };
}

/** A file that cannot be read is of the kind that its name says; its view tells why it cannot. */
async function kindOf(file: File): Promise<ReturnType<typeof fileKind>> {
  try {
    return fileKind(file.name, new Uint8Array(await file.slice(0, FIRST_BYTES).arrayBuffer()));
  } catch {
    return fileKind(file.name, new Uint8Array());
  }
}

customElements.define("bonsai-page", BonsaiPage);
