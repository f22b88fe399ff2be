import { css, html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import { base } from "../styles/base";
import { en } from "../text/tours";
import type { Place } from "./place";
import "./sandbox-view";
import type { SandboxView } from "./sandbox-view";
import "./tour-view";

type Part = "tours" | "sandbox";

/** The room Learn: lessons in their order, and the sandbox that each of them ends in. Fires `place`. */
export class LearnRoom extends LitElement {
  static override properties = { active: { attribute: false }, link: { attribute: false }, shown: { state: true } };
  declare active: boolean;
  declare link: Place | null;
  declare private shown: Part;

  constructor() {
    super();
    this.active = false;
    this.link = null;
    this.shown = "tours";
  }

  static override styles = [
    base,
    css`
      nav {
        display: flex;
        gap: 1.25rem;
        margin-bottom: 1.25rem;
      }
      nav a {
        display: inline-flex;
        align-items: center;
        min-height: 2.25rem;
        border-bottom: 2px solid transparent;
        color: var(--ink-2);
        text-decoration: none;
      }
      nav a:hover {
        color: var(--ink);
      }
      nav a[aria-current="true"] {
        border-bottom-color: var(--accent);
        color: var(--ink);
        font-weight: 600;
      }
    `,
  ];

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("link") && this.link !== null) this.shown = this.link.name === "sandbox" ? "sandbox" : "tours";
  }

  /** Brings the address up to date. */
  settle(): void {
    this.renderRoot.querySelector<SandboxView>("sandbox-view")?.settle();
  }

  override render(): TemplateResult {
    const { shown: part, active } = this;
    const place = (name: Part) => (event: CustomEvent<Place>): void => {
      this.dispatchEvent(new CustomEvent<Place>("place", { detail: { ...event.detail, name } }));
    };
    return html`
      <nav aria-label=${en.tours.parts}>
        <a href="#tours" aria-current=${part === "tours" ? "true" : "false"}>${en.tours.title}</a>
        <a href="#sandbox" aria-current=${part === "sandbox" ? "true" : "false"}>${en.sandbox.title}</a>
      </nav>
      <tour-view
        ?hidden=${part !== "tours"}
        .active=${active && part === "tours"}
        .link=${part === "tours" ? this.link : null}
        @place=${place("tours")}
      ></tour-view>
      <sandbox-view
        ?hidden=${part !== "sandbox"}
        .active=${active && part === "sandbox"}
        .link=${part === "sandbox" ? this.link : null}
        @place=${place("sandbox")}
      ></sandbox-view>
    `;
  }
}

customElements.define("learn-room", LearnRoom);
