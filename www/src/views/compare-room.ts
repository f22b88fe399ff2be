import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { base } from "../styles/base";
import { en } from "../text/compare";
import "./compare-view";
import type { CompareView } from "./compare-view";
import type { Traced } from "./inspect-drawer";
import type { Place } from "./place";
import "./trace-replay";

/** The room Compare: what is run, and on which allocators. Fires `place`. */
export class CompareRoom extends LitElement {
  static override properties = { active: { attribute: false }, link: { attribute: false }, traced: { attribute: false }, what: { state: true } };
  declare active: boolean;
  declare link: Place | null;
  /** A trace that was brought here from the room Inspect. */
  declare traced: Traced | null;
  declare private what: "load" | "trace";

  constructor() {
    super();
    this.active = false;
    this.link = null;
    this.traced = null;
    this.what = "load";
  }

  static override styles = base;

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("traced") && this.traced !== null) this.what = "trace";
  }

  /** Tells the drawings that the page changed its colours. */
  recolor(): void {
    this.renderRoot.querySelector<CompareView>("compare-view")?.recolor();
  }

  override render(): TemplateResult {
    const { traced, what } = this;
    const option = (each: "load" | "trace", text: string): TemplateResult => html`<label>
      <input type="radio" name="what" .checked=${what === each} @change=${() => { this.what = each; }} />${text}
    </label>`;
    return html`
      ${traced === null
        ? nothing
        : html`<fieldset class="choice"><legend>${en.compare.what}</legend>${option("trace", en.compare.trace(traced.name))}${option("load", en.compare.load)}</fieldset>`}
      ${traced === null ? nothing : html`<trace-replay ?hidden=${what !== "trace"} .trace=${traced.trace}></trace-replay>`}
      <compare-view
        ?hidden=${what !== "load"}
        .active=${this.active && what === "load"}
        .link=${this.link}
        @place=${(event: CustomEvent<Place>) => { this.dispatchEvent(new CustomEvent<Place>("place", { detail: event.detail })); }}
      ></compare-view>
    `;
  }
}

customElements.define("compare-room", CompareRoom);
