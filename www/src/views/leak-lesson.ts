import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { SUSPECTS } from "../inspect/shop";
import { base } from "../styles/base";
import { en } from "../text/leak-lesson";

/** The lesson on leaks, beside the real inspector: says what to do next, and sees when it was done. */
export class LeakLesson extends LitElement {
  static override properties = {
    called: { attribute: false },
    ranged: { attribute: false },
    answer: { state: true },
  };
  /** Names of moments of the heap, the oldest first. */
  declare called: readonly string[];
  /** True if a range of moments is chosen. */
  declare ranged: boolean;
  declare private answer: string;

  constructor() {
    super();
    this.called = [];
    this.ranged = false;
    this.answer = "";
  }

  static override styles = [
    base,
    css`
      :host {
        display: block;
        padding: 0.6rem 0;
        border-bottom: 1px solid var(--line);
      }
      h2 {
        font-size: 0.9375rem;
        font-weight: 600;
      }
      ol {
        display: flex;
        flex-wrap: wrap;
        gap: 0.15rem 1.5rem;
        margin: 0.25rem 0 0;
        padding: 0;
        list-style: none;
        font-size: 0.8125rem;
      }
      li {
        color: var(--ink-2);
      }
      li[aria-current] {
        color: var(--ink);
        font-weight: 600;
      }
      fieldset {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.25rem 1rem;
        margin: 0.4rem 0 0;
        padding: 0;
        border: 0;
        font-size: 0.8125rem;
      }
      legend {
        float: left;
        padding: 0;
        font-weight: 600;
      }
      label {
        display: inline-flex;
        align-items: center;
        gap: 0.35rem;
        min-height: 1.5rem;
      }
      p {
        margin-top: 0.25rem;
        font-size: 0.8125rem;
      }
    `,
  ];

  override render(): TemplateResult {
    const browsed = this.called.findIndex((label) => label.startsWith("browse"));
    const bought = this.called.findIndex((label, at) => at > browsed && label.startsWith("checkout"));
    const done = [browsed >= 0, browsed >= 0 && bought >= 0, browsed >= 0 && bought >= 0 && this.ranged];
    const now = done.indexOf(false);
    return html`
      <h2>${en.title}</h2>
      <ol>
        ${en.steps.map((text, i) => html`<li aria-current=${i === now ? "step" : nothing}>${done[i] === true ? en.done(text) : text}</li>`)}
      </ol>
      ${now < 0 || this.answer !== "" ? this.question() : nothing}
    `;
  }

  private question(): TemplateResult {
    const [right] = SUSPECTS;
    return html`
      <fieldset>
        <legend>${en.question}</legend>
        ${[...SUSPECTS].sort().map(
          (name) => html`<label>
            <input type="radio" name="suspect" value=${name} .checked=${name === this.answer} @change=${() => { this.answer = name; }} />
            <code>${name}</code>
          </label>`,
        )}
      </fieldset>
      <p role="status">
        ${this.answer === "" ? nothing : html`<strong>${this.answer === right ? en.right : en.wrong}</strong> ${en.because[this.answer as (typeof SUSPECTS)[number]]}`}
        ${this.answer === right ? html`<a href="#sandbox">${en.next}</a>` : nothing}
      </p>
    `;
  }
}

customElements.define("leak-lesson", LeakLesson);
