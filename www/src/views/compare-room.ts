import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { Refused } from "../inspect/dropped-module";
import { openFiles } from "../inspect/opened";
import { START } from "../model/compare";
import { isLoad, writeComparison } from "../model/share";
import { base } from "../styles/base";
import { en } from "../text/compare";
import type { CompareFile } from "./compare-file";
import type { Traced } from "./inspect-drawer";
import type { Texted } from "./inspect-room";
import type { Place } from "./place";

/** The kinds of comparison. Each is loaded when it is chosen. */
const LOAD = {
  file: () => import("./compare-file"),
  trace: () => import("./trace-replay"),
  load: () => import("./compare-view"),
} as const;
type What = keyof typeof LOAD;

/** The room Compare: what is run, and on which allocators. Fires `place`, and `elsewhere` with files that are for another room. */
export class CompareRoom extends LitElement {
  static override properties = {
    active: { attribute: false },
    link: { attribute: false },
    traced: { attribute: false },
    what: { state: true },
    trouble: { state: true },
  };
  declare active: boolean;
  declare link: Place | null;
  /** A trace to compare on. */
  declare traced: Traced | null;
  declare private what: What;
  declare private trouble: string;
  /** The query of each place. */
  private readonly queries = new Map<What, string>();

  constructor() {
    super();
    this.active = false;
    this.link = null;
    this.traced = null;
    this.what = "file";
    this.trouble = "";
  }

  static override styles = [
    base,
    css`
      .what {
        display: flex;
        flex-wrap: wrap;
        gap: 0.2rem 1.1rem;
        margin: 0 0 0.8rem;
        padding: 0;
        border: 0;
        font-size: 0.875rem;
      }
      .what legend {
        float: left;
        padding: 0;
        margin-right: 0.3rem;
        line-height: 1.75rem;
        color: var(--ink-2);
      }
      .what label {
        display: inline-flex;
        align-items: center;
        gap: 0.35rem;
        min-height: 1.75rem;
      }
    `,
  ];

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("link") && this.link !== null) {
      const { query } = this.link;
      if (query !== "" || this.what !== "trace") this.what = isLoad(query) ? "load" : "file";
      this.queries.set(this.what, query);
      this.trouble = "";
    }
    if (changed.has("traced") && this.traced !== null) this.what = "trace";
  }

  /** Tells the drawings that the page changed its colours. */
  recolor(): void {
    for (const part of this.renderRoot.querySelectorAll<LitElement & { recolor?(): void }>("compare-file, compare-view")) part.recolor?.();
  }

  /** Takes a text. */
  async take({ source, sampled }: Texted): Promise<void> {
    this.what = "file";
    await Promise.all([LOAD.file(), this.updateComplete]);
    this.renderRoot.querySelector<CompareFile>("compare-file")?.take(source, sampled);
  }

  /** Takes a text or a trace; files of another kind are for another room. */
  async open(files: readonly File[]): Promise<void> {
    this.trouble = "";
    try {
      const opened = await openFiles(files, null);
      if (opened.is === "text") {
        await this.take({ source: opened.source, sampled: "" });
        return;
      }
      if (opened.is === "trace") {
        this.traced = { trace: opened.trace, samples: [], name: opened.name };
        return;
      }
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // A module that was refused is told of where modules are.
      if (!files.some(({ name }) => /\.(wasm|m?js)$/i.test(name))) {
        this.trouble = error.message;
        return;
      }
    }
    this.dispatchEvent(new CustomEvent<readonly File[]>("elsewhere", { detail: files }));
  }

  private choose(what: What): void {
    this.what = what;
    if (what !== "trace") this.say({ query: this.queries.get(what) ?? (what === "load" ? writeComparison(START) : ""), entry: "same" });
  }

  private say(place: Place): void {
    this.dispatchEvent(new CustomEvent<Place>("place", { detail: place }));
  }

  private onPlace(what: What, place: Place): void {
    this.queries.set(what, place.query);
    if (what === this.what) this.say(place);
  }

  override render(): TemplateResult {
    const { traced, what, active } = this;
    void LOAD[what]();
    const option = (each: What, text: string): TemplateResult => html`<label>
      <input type="radio" name="what" .checked=${what === each} @change=${() => { this.choose(each); }} />${text}
    </label>`;
    const place = (each: What) => (event: CustomEvent<Place>): void => { this.onPlace(each, event.detail); };
    return html`
      <fieldset class="what">
        <legend>${en.compare.what}</legend>
        ${option("file", en.compare.file)}${traced === null ? nothing : option("trace", en.compare.trace(traced.name))}${option("load", en.compare.load)}
      </fieldset>
      ${this.trouble === "" ? nothing : html`<p class="note error" role="alert">${this.trouble}</p>`}
      <compare-file
        ?hidden=${what !== "file"}
        .active=${active && what === "file"}
        .link=${what === "file" ? (this.queries.get("file") ?? null) : null}
        @place=${place("file")}
        @files=${(event: CustomEvent<File[]>) => { void this.open(event.detail); }}
      ></compare-file>
      ${traced === null ? nothing : html`<trace-replay ?hidden=${what !== "trace"} .trace=${traced.trace}></trace-replay>`}
      <compare-view
        ?hidden=${what !== "load"}
        .active=${active && what === "load"}
        .link=${what === "load" ? (this.queries.get("load") ?? null) : null}
        @place=${place("load")}
      ></compare-view>
    `;
  }
}

customElements.define("compare-room", CompareRoom);
