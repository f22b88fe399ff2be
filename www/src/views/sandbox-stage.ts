import { css, html, LitElement, type TemplateResult } from "lit";
import { count } from "../model/metrics";
import { coreFigure } from "../model/sandbox-layout";
import type { Core } from "../model/scenario";
import { Blocks } from "../model/snapshot";
import { base } from "../styles/base";
import { en } from "../text/sandbox";
import { bytes, integer } from "../text/format";
import { blocksTable } from "./sandbox-table";
import "./sandbox-figure";

/**
 * The sandbox's allocator as a figure, and its last operations as text. Fires `free` with the address of a
 * block that was pressed, and `leave` when the keyboard is to go back to the form.
 */
export class SandboxStage extends LitElement {
  static override properties = {
    core: { attribute: false },
    blocks: { attribute: false },
    requested: { attribute: false },
    log: { attribute: false },
    motion: { attribute: false },
    quick: { attribute: false },
    width: { state: true },
  };
  declare core: Core;
  declare blocks: Blocks;
  /** Bytes asked for, by address of what is out. */
  declare requested: ReadonlyMap<number, number>;
  /** Sentences, the newest first. */
  declare log: readonly string[];
  declare motion: "split" | "merge" | "none";
  /** True if more happens than can be read out. */
  declare quick: boolean;
  declare private width: number;

  private readonly resize = new ResizeObserver(([entry]) => {
    this.width = Math.floor(entry?.contentRect.width ?? 0);
  });

  constructor() {
    super();
    this.core = { kind: "buddy", region: 4096, smallest: 64 };
    this.blocks = new Blocks();
    this.requested = new Map();
    this.log = [];
    this.motion = "none";
    this.quick = false;
    this.width = 600;
  }

  static override styles = [
    base,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 1.1rem;
      }
      .sentence {
        min-height: 1.2em;
        font-size: clamp(1.25rem, 1rem + 1.3vw, 1.9rem);
        font-weight: 600;
        line-height: 1.2;
        letter-spacing: -0.015em;
        text-wrap: balance;
        max-width: 36em;
      }
      .measure {
        height: 0;
      }
      .help {
        margin-bottom: 0.7rem;
      }
      dl {
        display: flex;
        flex-wrap: wrap;
        gap: 0 2.25rem;
        border-block: 1px solid var(--line);
        padding: 0.6rem 0;
      }
      dt {
        font-size: 0.8125rem;
        color: var(--ink-2);
      }
      dd {
        font-size: 1.25rem;
        font-weight: 550;
        letter-spacing: -0.015em;
      }
      .logged {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: 0.4rem 1rem;
      }
      .log {
        max-height: 13rem;
        overflow: auto;
        margin-top: 0.4rem;
        font-size: 0.875rem;
        color: var(--ink-2);
      }
      .log li {
        padding: 0.22rem 0;
        border-bottom: 1px solid var(--line);
      }
      .log li:first-child {
        color: var(--ink);
      }
    `,
  ];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resize.disconnect();
  }

  protected override firstUpdated(): void {
    this.resize.observe(this.renderRoot.querySelector(".measure")!);
  }

  override render(): TemplateResult {
    const { core, blocks, requested, log } = this;
    return html`
      <p class="sentence" role="status" aria-live=${this.quick ? "off" : "polite"}>${log[0]}</p>
      <div>
        <p class="quiet small help">${en.sandbox.figure[core.kind]} ${en.sandbox.key[core.kind]}</p>
        <div class="measure"></div>
        <sandbox-figure
          .figure=${coreFigure(core, blocks, Math.max(200, this.width), 34)}
          .requested=${requested}
          .motion=${this.motion}
          @free=${(event: CustomEvent<number>) => { this.dispatchEvent(new CustomEvent("free", { detail: event.detail })); }}
          @leave=${() => { this.dispatchEvent(new CustomEvent("leave")); }}
        ></sandbox-figure>
      </div>
      ${this.numbers(this)}
      <div>
        <div class="logged">
          <h2 id="log">${en.sandbox.log}</h2>
        </div>
        <ol class="log" tabindex="0" aria-labelledby="log">
          ${log.map((sentence) => html`<li>${sentence}</li>`)}
        </ol>
      </div>
      <details class="data">
        <summary>${en.heap.table}</summary>
        ${blocksTable(blocks, requested)}
      </details>
    `;
  }

  private numbers({ blocks, requested }: this): TemplateResult {
    const sums = count(blocks);
    let asked = 0;
    for (const size of requested.values()) asked += size;
    const items: [string, string][] = [
      [en.sandbox.outstanding, integer(requested.size)],
      [en.sandbox.figures.live, bytes(sums.live)],
      [en.sandbox.figures.wasted, bytes(this.core.kind === "bump" ? sums.meta : Math.max(0, sums.live - asked))],
      [en.sandbox.figures.free, bytes(sums.free)],
      [en.sandbox.figures.largest, bytes(sums.largestFree)],
      [en.sandbox.figures.pieces, integer(sums.freeBlocks)],
    ];
    return html`<dl>${items.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
  }
}

customElements.define("sandbox-stage", SandboxStage);
