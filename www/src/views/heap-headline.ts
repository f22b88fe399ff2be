import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { Figures } from "../model/metrics";
import type { Verdict } from "../model/verdict";
import { core as base } from "../styles/base";
import { inspector as en } from "../text/en";
import { bytesParts, integer } from "../text/format";

/** The verdict in a sentence, and four numbers with what they mean. */
export class HeapHeadline extends LitElement {
  static override properties = {
    verdict: { attribute: false },
    figures: { attribute: false },
  };
  declare verdict: Verdict;
  declare figures: Figures;

  static override styles = [
    base,
    css`
      .sentence {
        font-size: clamp(1.375rem, 1rem + 1.9cqi, 2.125rem);
        font-weight: 600;
        line-height: 1.18;
        letter-spacing: -0.018em;
        text-wrap: balance;
        max-width: 34em;
      }
      .sentence::before {
        content: "";
        display: inline-block;
        width: 0.5em;
        height: 0.5em;
        margin-right: 0.4em;
        vertical-align: 0.1em;
        background: var(--tone);
        border-radius: 50%;
      }
      [data-kind="healthy"] {
        --tone: var(--accent);
      }
      [data-kind="empty"],
      [data-kind="used"],
      [data-kind="untracked"] {
        --tone: var(--line-2);
      }
      [data-kind="peak"] {
        --tone: var(--meta);
      }
      [data-kind="leak"],
      [data-kind="fragmentation"] {
        --tone: var(--alarm);
      }
      [data-kind="peak"] .sentence::before,
      [data-kind="untracked"] .sentence::before {
        border-radius: 0;
      }
      [data-kind="leak"] .sentence::before,
      [data-kind="fragmentation"] .sentence::before {
        border-radius: 0;
        transform: rotate(45deg) scale(0.85);
      }
      .advice {
        margin-top: 0.5rem;
        max-width: 44rem;
        color: var(--ink-2);
      }
      dl {
        display: grid;
        grid-template-columns: repeat(4, minmax(0, 1fr));
        margin-top: 1.5rem;
        border-block: 1px solid var(--line);
      }
      dl > div {
        padding: 0.75rem 1rem 0.8rem;
        border-left: 1px solid var(--line);
      }
      dl > div:first-child {
        padding-left: 0;
        border-left: 0;
      }
      dt {
        font-size: 0.8125rem;
        color: var(--ink-2);
      }
      .number {
        font-size: clamp(1.25rem, 0.9rem + 1.2cqi, 1.875rem);
        font-weight: 550;
        letter-spacing: -0.02em;
        line-height: 1.25;
        white-space: nowrap;
      }
      .number small {
        font-size: 0.55em;
        font-weight: 500;
        letter-spacing: 0;
        margin-left: 0.2em;
        color: var(--ink-2);
      }
      .means {
        font-size: 0.75rem;
        line-height: 1.35;
        color: var(--ink-2);
      }
      @container (max-width: 46rem) {
        dl {
          grid-template-columns: repeat(2, minmax(0, 1fr));
        }
        dl > div {
          padding-inline: 0.75rem 0.5rem;
        }
        dl > div:nth-child(odd) {
          padding-left: 0;
          border-left: 0;
        }
        dl > div:nth-child(n + 3) {
          border-top: 1px solid var(--line);
        }
      }
    `,
  ];

  override render(): TemplateResult {
    const { sentence, advice } = en.heap.verdict(this.verdict);
    const now = this.figures;
    const { tracked, bounded } = now;
    return html`
      <div data-kind=${this.verdict.kind}>
        <p class="sentence">${sentence}</p>
        <p class="advice">${advice}</p>
      </div>
      <dl>
        ${this.figure(bounded ? "live" : "used", tracked ? now.live : null)}
        ${tracked ? this.figure("committed", now.committed) : this.figure("memory", now.memory)}
        ${this.figure("largestFree", now.largestFree)}
        ${this.figure("overhead", tracked ? now.meta : null, tracked ? en.heap.share(now.meta, now.committed) : "")}
      </dl>
    `;
  }

  private figure(name: keyof typeof en.heap.figures, value: number | null, share = ""): TemplateResult {
    const [label, means] = en.heap.figures[name];
    const [number, unit] = value === null ? ["—", ""] : bytesParts(value);
    const exact = value === null ? en.heap.unknown : `${integer(value)} B`;
    return html`<div data-figure=${name}>
      <dt>${label}</dt>
      <dd class="number" title=${exact}>${number}<small>${unit}${share === "" ? nothing : html` · ${share}`}</small></dd>
      <dd class="means">${value === null ? en.heap.unknown : means}</dd>
    </div>`;
  }
}

customElements.define("heap-headline", HeapHeadline);
