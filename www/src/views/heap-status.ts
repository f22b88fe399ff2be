import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { Diff } from "../model/diff";
import type { Moment } from "../model/history";
import type { Verdict } from "../model/verdict";
import { core as base } from "../styles/base";
import { inspector as en } from "../text/inspector";
import { bytesParts, integer } from "../text/format";

/** A range of moments, and what came and went in it; `null` where one of the two is no longer kept. */
export interface Change {
  readonly from: Moment;
  readonly to: Moment;
  readonly diff: Diff | null;
}

/**
 * One line on the heap: the verdict and four figures of a moment, or what came and went in a range. Fires `travel` with
 * `null` to return to now.
 */
export class HeapStatus extends LitElement {
  static override properties = {
    verdict: { attribute: false },
    figures: { attribute: false },
    back: { attribute: false },
    change: { attribute: false },
    open: { state: true },
  };
  declare verdict: Verdict;
  declare figures: Moment;
  /** The distance from the newest moment; 0 is now. */
  declare back: number;
  declare change: Change | null;
  /** The reasons for the verdict are shown. */
  declare private open: boolean;

  constructor() {
    super();
    this.back = 0;
    this.change = null;
    this.open = false;
  }

  static override styles = [
    base,
    css`
      .line {
        display: flex;
        align-items: center;
        gap: 0 1.25rem;
        min-height: 2.1rem;
      }
      .sentence {
        /* One line, whatever it says: nothing below it moves. */
        flex: 0 1 auto;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        font-size: 1rem;
        font-weight: 650;
        letter-spacing: -0.005em;
      }
      .sentence::before {
        content: "";
        display: inline-block;
        width: 0.6em;
        height: 0.6em;
        margin-right: 0.5em;
        vertical-align: 0.03em;
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
      [data-kind="change"] {
        --tone: var(--came);
      }
      [data-kind="peak"] .sentence::before,
      [data-kind="change"] .sentence::before,
      [data-kind="untracked"] .sentence::before {
        border-radius: 0;
      }
      [data-kind="leak"] .sentence::before,
      [data-kind="fragmentation"] .sentence::before {
        border-radius: 0;
        transform: rotate(45deg) scale(0.85);
      }
      dl {
        display: flex;
        flex: 0 10 auto;
        gap: 0 1.1rem;
        overflow: hidden;
        font-size: 0.8125rem;
      }
      dl > div {
        display: flex;
        align-items: baseline;
        gap: 0.35rem;
        white-space: nowrap;
      }
      dt {
        color: var(--ink-2);
      }
      .number small {
        margin-left: 0.2em;
        font-size: 1em;
      }
      .past {
        display: flex;
        flex: none;
        align-items: center;
        gap: 0 0.3rem;
        font-size: 0.8125rem;
        font-weight: 600;
      }
      button {
        font-size: 0.8125rem;
      }
      .advice {
        max-width: 60rem;
        padding: 0.1rem 0 0.5rem;
        font-size: 0.875rem;
        color: var(--ink-2);
      }
      @container (max-width: 40rem) {
        dl > div:not([data-figure="live"], [data-figure="used"], [data-figure="committed"]) {
          display: none;
        }
        .line {
          flex-wrap: wrap;
        }
        .sentence {
          font-size: 0.9375rem;
          white-space: normal;
        }
      }
    `,
  ];

  override render(): TemplateResult {
    const { change, figures: now } = this;
    const said = change === null ? en.heap.verdict(this.verdict) : en.diff.status(change);
    const { tracked, bounded } = now;
    return html`
      <div data-kind=${change === null ? this.verdict.kind : "change"}>
        <div class="line">
          <p class="sentence">${said.sentence}</p>
          ${change !== null
            ? nothing
            : html`<dl>
                ${this.figure(bounded ? "live" : "used", tracked ? now.live : null)}
                ${tracked ? this.figure("committed", now.committed) : this.figure("memory", now.memory)}
                ${this.figure("largestFree", now.largestFree)}
                ${this.figure("overhead", tracked ? now.meta : null, tracked ? en.heap.share(now.meta, now.committed) : "")}
              </dl>`}
          <button class="plain" aria-expanded=${this.open ? "true" : "false"} @click=${() => { this.open = !this.open; }}>${en.heap.why}</button>
          ${change === null && this.back === 0
            ? nothing
            : html`<div class="past">
                ${change === null ? html`<p>${en.timeline.past(now, this.back)}</p>` : nothing}
                <button class="plain" @click=${() => { this.dispatchEvent(new CustomEvent("travel", { detail: null })); }}>${en.timeline.back}</button>
              </div>`}
        </div>
        ${this.open ? html`<p class="advice">${said.advice}</p>` : nothing}
      </div>
    `;
  }

  private figure(name: keyof typeof en.heap.figures, value: number | null, share = ""): TemplateResult {
    const [label, means] = en.heap.figures[name];
    const [number, unit] = value === null ? ["—", ""] : bytesParts(value);
    const exact = value === null ? en.heap.unknown : `${integer(value)} B`;
    return html`<div data-figure=${name} title=${`${label}: ${value === null ? en.heap.unknown : means}`}>
      <dt>${label}</dt>
      <dd class="number" title=${exact}>${value === null ? en.heap.unknown : html`${number}<small>${unit}${share === "" ? nothing : html` · ${share}`}</small>`}</dd>
    </div>`;
  }
}

customElements.define("heap-status", HeapStatus);
