import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { buddyOf } from "../model/icicle";
import type { Moment } from "../model/history";
import { pointersTo } from "../model/pointers";
import { State, type Snapshot } from "../model/snapshot";
import { culprit } from "../model/stack";
import { core as base } from "../styles/base";
import { inspector as en } from "../text/inspector";
import { address, bytes, dump } from "../text/format";
import { stateName } from "./names";

const POINTERS = 20;

/** The block that was chosen: what it is, its neighbours, and its first bytes as hex and text. */
export class HeapBlock extends LitElement {
  static override properties = {
    snapshot: { attribute: false },
    chosen: { attribute: false },
    peek: { attribute: false },
    since: { attribute: false },
    requested: { attribute: false },
    thread: { attribute: false },
    site: { attribute: false },
    buffer: { attribute: false },
    asked: { state: true },
  };
  declare snapshot: Snapshot;
  declare chosen: number;
  /** Copies a few bytes out of the module's memory; empty where it has none, `null` for the past. */
  declare peek: (from: number, length: number) => Uint8Array | null;
  /** The moment at which the block was first seen, if it is known. */
  declare since: Moment | null;
  /** The stack that asked for it, innermost first, if it was sampled. */
  declare site: readonly string[] | null;
  /** The bytes that were asked for; `null` if that is known of other blocks only. */
  declare requested: number | null | undefined;
  /** The number of the thread that asked for them; 0 where none is told. */
  declare thread: number;

  /** Returns the memory, in which pointers are looked for; `null` for the past. */
  declare buffer: () => ArrayBufferLike | null;
  /** The block whose pointers are shown. */
  declare private asked: number;

  constructor() {
    super();
    this.asked = -1;
  }

  static readonly BYTES = 64;

  static override styles = [
    base,
    css`
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.25rem 1rem;
      }
      header p {
        flex: 1 1 14rem;
      }
      strong {
        font-weight: 650;
      }
      .neighbours {
        display: flex;
        flex-wrap: wrap;
        gap: 0 2rem;
        margin-top: 0.2rem;
      }
      .neighbours div {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 0 0.3rem;
      }
      button.mono {
        min-height: 1.5rem;
        padding: 0 0.2rem;
      }
      summary {
        cursor: pointer;
        overflow-wrap: anywhere;
      }
      .stack {
        padding-left: 1.5rem;
        list-style: decimal;
        overflow-wrap: anywhere;
      }
      .pointed button {
        margin-left: -0.5rem;
      }
      .bytes {
        margin: 0.5rem 0 0;
        overflow-x: auto;
        font: 0.75rem/1.55 var(--mono);
      }
      .bytes td,
      .bytes th {
        border: 0;
        padding: 0 1.2rem 0 0;
        text-align: left;
        font-family: var(--mono);
        font-size: 0.75rem;
        white-space: pre;
      }
      .bytes table {
        width: auto;
      }
      .bytes th {
        color: var(--ink-2);
      }
    `,
  ];

  override render(): TemplateResult | typeof nothing {
    const { snapshot, chosen } = this;
    const { blocks } = snapshot;
    if (chosen < 0 || chosen >= blocks.count) return nothing;
    const at = blocks.address[chosen]!;
    const size = blocks.size[chosen]!;
    return html`
      <section aria-label=${en.block.label}>
        <header>
          <p>
            <strong class="mono">${address(at)}</strong> · ${bytes(size)} · ${stateName(blocks.state[chosen]!)}
            ${this.context()} ${this.past(size)}
          </p>
          <button class="plain" @click=${() => { this.choose(-1); }}>${en.block.close}</button>
        </header>
        <dl class="neighbours small">
          ${this.neighbour(en.block.before, chosen - 1)} ${this.neighbour(en.block.after, chosen + 1)}
        </dl>
        ${this.caller()} ${blocks.state[chosen] === State.Live ? this.pointed(at) : nothing} ${blocks.state[chosen] === State.Gap ? nothing : this.bytes(at, size)}
      </section>
    `;
  }

  private context(): TemplateResult | typeof nothing {
    const { snapshot, chosen } = this;
    const { blocks, units } = snapshot;
    const slab = snapshot.slabs[blocks.slab[chosen]!];
    if (slab !== undefined) {
      return html`<span class="quiet">${en.block.inSlab(snapshot.classes[slab.class]!, slab.used, slab.capacity)}</span>`;
    }
    const unit = units === null ? -1 : units.find(blocks.address[chosen]!);
    if (units === null || unit < 0 || units.state[unit] === State.Gap) return nothing;
    const buddy = buddyOf(units, unit, snapshot.base);
    const there = blocks.find(buddy.address);
    return html`<span class="quiet">
      ${en.block.buddyAt} ${there < 0 ? html`<span class="mono">${address(buddy.address)}</span>` : this.link(there, buddy.address)}.
      ${units.state[unit] === State.Live ? (buddy.merges ? en.block.buddyFree : en.block.buddyBusy) : nothing}
    </span>`;
  }

  /** Since when it is known, and what was asked for. */
  private past(size: number): TemplateResult | typeof nothing {
    const { since, requested, thread } = this;
    if (since === null && requested === undefined) return nothing;
    return html`<span class="quiet">
      ${since === null ? nothing : en.block.since(since)}
      ${requested === undefined ? nothing : requested === null ? en.block.unasked : en.block.asked(requested, size - requested)}
      ${thread > 0 ? en.block.thread(thread) : nothing}
    </span>`;
  }

  private caller(): TemplateResult | typeof nothing {
    const { site } = this;
    if (site === null) return nothing;
    return html`<details class="small">
      <summary>${en.block.by} <span class="mono">${culprit(site)}</span></summary>
      <ol class="mono stack">${site.map((name) => html`<li>${name}</li>`)}</ol>
    </details>`;
  }

  /** The blocks that hold the block's address, looked for when they are asked for. */
  private pointed(at: number): TemplateResult {
    const open = this.asked === at;
    const { blocks } = this.snapshot;
    const buffer = open ? this.buffer() : null;
    const found = buffer === null ? null : pointersTo(buffer, blocks, this.chosen);
    return html`<div class="small pointed">
      <button class="plain" aria-expanded=${open ? "true" : "false"} @click=${() => { this.asked = open ? -1 : at; }}>${en.block.pointed}</button>
      ${!open
        ? nothing
        : found === null
          ? html`<p class="quiet">${en.block.then}</p>`
          : found.length === 0
            ? html`<p class="quiet">${en.block.unpointed}</p>`
            : html`<ul>
                ${found.slice(0, POINTERS).map(
                  ({ at: word, block }) => html`<li>
                    ${block < 0
                      ? html`<span class="mono">${address(word)}</span> ${en.block.outside}`
                      : html`${this.link(block, blocks.address[block]!)} + ${word - blocks.address[block]!}, ${bytes(blocks.size[block]!)}`}
                  </li>`,
                )}
                ${found.length > POINTERS ? html`<li class="quiet">${en.block.morePointers(found.length - POINTERS)}</li>` : nothing}
              </ul>`}
    </div>`;
  }

  private neighbour(label: string, index: number): TemplateResult {
    const { blocks } = this.snapshot;
    const there = index >= 0 && index < blocks.count;
    return html`<div>
      <dt class="quiet">${label}</dt>
      <dd>
        ${there
          ? html`${this.link(index, blocks.address[index]!)} ${bytes(blocks.size[index]!)} · ${stateName(blocks.state[index]!)}`
          : en.block.nothing}
      </dd>
    </div>`;
  }

  private link(index: number, at: number): TemplateResult {
    return html`<button class="plain mono" @click=${() => { this.choose(index); }}>${address(at)}</button>`;
  }

  private bytes(at: number, size: number): TemplateResult {
    const taken = this.peek(at, Math.min(size, HeapBlock.BYTES));
    if (taken === null) return html`<p class="quiet small">${en.block.then}</p>`;
    if (taken.length === 0) return html``;
    const lines = Array.from({ length: Math.ceil(taken.length / 16) }, (_, i) => i * 16);
    return html`
      <div class="bytes" tabindex="0" role="region" aria-label=${en.block.bytes(taken.length, size)}>
        <table>
          <caption class="unseen">${en.block.bytes(taken.length, size)}</caption>
          ${lines.map((from) => {
            const { hex, text } = dump(taken.subarray(from, from + 16));
            return html`<tr><th scope="row">+${from.toString(16).padStart(2, "0")}</th><td>${hex}</td><td>${text}</td></tr>`;
          })}
        </table>
      </div>
    `;
  }

  private choose(index: number): void {
    this.dispatchEvent(new CustomEvent("choose", { detail: index }));
  }
}

customElements.define("heap-block", HeapBlock);
