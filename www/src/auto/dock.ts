import { text } from "../text/auto";
import type { Roster } from "./roster";

/** The panel, as its own script has it. */
export interface Panel {
  readonly element: HTMLElement;
  /** Forgets what it shows. */
  end(): void;
}

export interface PanelOptions {
  readonly roster: Roster;
  readonly close: () => void;
  readonly remove: () => void;
  /** Has modules recorded that are compiled from now on. */
  readonly record: () => void;
  /** Loads the page again with all of its modules recorded; null where this script would not be there again. */
  readonly reload: (() => void) | null;
}

interface DockOptions extends Omit<PanelOptions, "close"> {
  /** Called before the panel opens. */
  readonly opening: () => void;
}

/** Above all of a page but its dialogs. Nothing of the page's styles gets in; `all` leaves out what is said here. */
const STYLE = `
:host {
  all: initial !important;
  color-scheme: light dark !important;
  position: fixed !important;
  inset: auto 0 0 auto !important;
  z-index: 2147483647 !important;
}
:host([data-open]) {
  inset: auto 0 0 0 !important;
}
button {
  position: fixed;
  right: 12px;
  bottom: 12px;
  display: inline-flex;
  align-items: center;
  gap: 7px;
  min-height: 36px;
  padding: 0 12px;
  border: 1px solid light-dark(#8a978f, #64736b);
  border-radius: 18px;
  background: light-dark(#ffffff, #171e1b);
  color: light-dark(#16201b, #e6ece8);
  font: 500 13px/1 -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", system-ui, sans-serif;
  font-variant-numeric: tabular-nums;
  cursor: pointer;
}
button:hover {
  background: light-dark(#e7eeea, #1e2824);
}
button:focus-visible {
  outline: 2px solid light-dark(#165539, #6cc59a);
  outline-offset: 2px;
}
i {
  width: 14px;
  height: 12px;
  background: linear-gradient(90deg, light-dark(#1f5f8b, #4f9dd3) 5px, transparent 5px 6px, light-dark(#869a8e, #5f7268) 6px 9px, transparent 9px 10px, light-dark(#1f5f8b, #4f9dd3) 10px);
}
:host([data-open]) button {
  display: none;
}
@media (forced-colors: active) {
  i {
    background: CanvasText;
  }
}
@media print {
  :host {
    display: none !important;
  }
}`;

/** A button in the corner of the page, and the panel that it opens. It takes no room in the page's layout. */
export class Dock {
  private readonly host = document.createElement("bonsai-heap-inspector");
  private readonly button = document.createElement("button");
  private readonly count = document.createElement("span");
  private readonly unhear: () => void;
  private panel: Panel | null = null;
  private loading = false;

  constructor(
    private readonly options: DockOptions,
    private readonly load: () => Promise<(options: PanelOptions) => Panel>,
  ) {
    const root = this.host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    this.button.type = "button";
    this.button.append(document.createElement("i"), this.count);
    this.button.addEventListener("click", () => { void this.open(); });
    root.append(this.button);
    // Keys that are pressed in here are no shortcuts of the page's.
    for (const type of ["keydown", "keyup", "keypress"] as const) this.host.addEventListener(type, (event) => { event.stopPropagation(); });
    this.unhear = options.roster.hear(() => { this.tell(); });
    this.tell();
    document.documentElement.append(this.host);
  }

  async open(): Promise<void> {
    if (this.loading || this.host.dataset["open"] !== undefined) return;
    this.loading = true;
    this.options.opening();
    try {
      this.panel ??= (await this.load())({ ...this.options, close: () => { this.close(); } });
      this.host.shadowRoot!.append(this.panel.element);
      this.host.dataset["open"] = "";
      this.panel.element.focus();
    } catch (error) {
      this.button.title = text.dock.failed(error instanceof Error ? error.message : String(error));
      this.count.textContent = this.button.title;
    } finally {
      this.loading = false;
    }
  }

  close(): void {
    this.panel?.element.remove();
    delete this.host.dataset["open"];
    this.button.focus();
  }

  end(): void {
    this.unhear();
    this.panel?.end();
    this.host.remove();
  }

  private tell(): void {
    const { length } = this.options.roster.modules;
    this.count.textContent = text.dock.short(length);
    this.button.setAttribute("aria-label", text.dock.open(length));
  }
}
