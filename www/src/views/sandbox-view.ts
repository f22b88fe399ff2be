import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { loadHandles, NotBuilt, reason, type Handle, type Handles } from "../modules";
import { allocated, bumped, freed, refused, type Happening } from "../model/explain";
import { count } from "../model/metrics";
import { random } from "../model/random";
import { gridFigure, stripFigure, treeFigure, type SandboxFigure } from "../model/sandbox-layout";
import { Blocks, isFree, State } from "../model/snapshot";
import { nextOperation } from "../model/workload";
import { base } from "../styles/base";
import { tokens } from "../styles/tokens";
import { en } from "../text/en";
import { address, bytes, integer } from "../text/format";
import { stateName } from "./names";
import "./sandbox-figure";

const KINDS = ["buddy", "slab", "bump"] as const;
type Kind = (typeof KINDS)[number];
const REGIONS = [1024, 4096, 16384] as const;
const SMALLEST = [16, 32, 64, 128] as const;
const BLOCK_SIZES = [16, 48, 64, 128] as const;
const COUNTS = [16, 64, 256] as const;
const ALIGNS = [1, 4, 8, 16, 32, 64, 128] as const;
const SPEEDS = { slow: 1100, brisk: 350, fast: 60 } as const;
type Speed = keyof typeof SPEEDS;
const LOG = 40;

type Loaded =
  | { readonly is: "loading" }
  | { readonly is: "ready"; readonly handles: Handles }
  | { readonly is: "missing" }
  | { readonly is: "failed"; readonly why: string };

/** An allocator by hand: allocate by size, free by pressing a block, or let chance do it. */
export class SandboxView extends LitElement {
  static override properties = {
    active: { attribute: false },
    loaded: { state: true },
    kind: { state: true },
    region: { state: true },
    smallest: { state: true },
    blockSize: { state: true },
    blockCount: { state: true },
    size: { state: true },
    align: { state: true },
    speed: { state: true },
    seed: { state: true },
    running: { state: true },
    blocks: { state: true },
    log: { state: true },
    width: { state: true },
    motion: { state: true },
  };
  /** Whether the view is the one that is shown: a hidden one neither loads nor runs. */
  declare active: boolean;
  declare private loaded: Loaded;
  declare private kind: Kind;
  declare private region: number;
  declare private smallest: number;
  declare private blockSize: number;
  declare private blockCount: number;
  declare private size: number;
  declare private align: number;
  declare private speed: Speed;
  declare private seed: number;
  declare private running: boolean;
  declare private blocks: Blocks;
  /** Sentences, the newest first. */
  declare private log: readonly string[];
  declare private width: number;
  declare private motion: "split" | "merge" | "none";

  private handle: Handle | null = null;
  /** What was asked for, by address; only of what is out. */
  private readonly requested = new Map<number, number>();
  private dice = random(1);
  private timer = 0;
  private readonly resize = new ResizeObserver(([entry]) => {
    this.width = Math.floor(entry?.contentRect.width ?? 0);
  });

  constructor() {
    super();
    this.active = false;
    this.loaded = { is: "loading" };
    this.kind = "buddy";
    this.region = 4096;
    this.smallest = 64;
    this.blockSize = 48;
    this.blockCount = 64;
    this.size = 100;
    this.align = 8;
    this.speed = "brisk";
    this.seed = 1;
    this.running = false;
    this.blocks = new Blocks();
    this.log = [];
    this.width = 600;
    this.motion = "none";
  }

  static override styles = [
    tokens,
    base,
    css`
      .split {
        display: grid;
        gap: 2rem clamp(2rem, 3.5vw, 4rem);
        grid-template-columns: minmax(0, 1fr);
      }
      @media (min-width: 64rem) {
        .split {
          grid-template-columns: minmax(19rem, 24rem) minmax(0, 1fr);
        }
      }
      aside,
      .stage {
        display: grid;
        gap: 1.1rem;
        align-content: start;
        min-width: 0;
      }
      .lead {
        color: var(--ink-2);
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        align-items: end;
        gap: 0.6rem 0.75rem;
      }
      .row.split-controls {
        border-top: 1px solid var(--line);
        padding-top: 1.1rem;
      }
      input[type="number"] {
        width: 6.5rem;
      }
      .about {
        margin-top: 0.35rem;
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
    this.stop();
    this.resize.disconnect();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("active")) return;
    if (!this.active) this.stop();
    else if (this.loaded.is === "loading" && this.handle === null) void this.load();
  }

  protected override updated(): void {
    const measure = this.renderRoot.querySelector(".measure");
    if (measure !== null) this.resize.observe(measure);
  }

  private async load(): Promise<void> {
    try {
      this.loaded = { is: "ready", handles: await loadHandles() };
      this.begin();
    } catch (error) {
      this.loaded = error instanceof NotBuilt ? { is: "missing" } : { is: "failed", why: reason(error) };
    }
  }

  // Operations

  /** A new allocator of the chosen kind and sizes. */
  private begin(): void {
    if (this.loaded.is !== "ready") return;
    const { handles } = this.loaded;
    this.stop();
    this.handle?.free();
    this.handle = null;
    this.requested.clear();
    this.dice = random(this.seed);
    this.motion = "none";
    try {
      switch (this.kind) {
        case "buddy":
          this.handle = handles.buddy(this.region, this.smallest);
          this.log = [en.sandbox.start.buddy(this.region)];
          break;
        case "slab":
          this.handle = handles.slab(this.blockSize, this.blockCount);
          this.log = [en.sandbox.start.slab(this.blockCount, this.blockSize)];
          break;
        case "bump":
          this.handle = handles.bump(this.region);
          this.log = [en.sandbox.start.bump(this.region)];
      }
      this.blocks = this.handle.blocks();
    } catch (error) {
      this.blocks = new Blocks();
      this.log = [en.sandbox.refusedInput(reason(error))];
    }
  }

  private allocate(size: number, align: number): void {
    const { handle, blocks: before } = this;
    if (handle === null) return;
    let at: number;
    try {
      at = handle.allocate(size, align);
    } catch (error) {
      this.say(this.fits(size) ? en.sandbox.refusedInput(reason(error)) : this.tell(refused(before, size)));
      return;
    }
    this.blocks = handle.blocks();
    this.requested.set(at, size);
    const happening =
      this.kind === "bump" ? bumped(before, this.blocks, at, size) : allocated(before, this.blocks, at, size);
    this.motion = "split";
    this.say(this.tell(happening));
  }

  /** Whether some free block is large enough: if so, a refusal has another reason than room. */
  private fits(size: number): boolean {
    for (let i = 0; i < this.blocks.count; i++) {
      if (isFree(this.blocks.state[i]!) && this.blocks.size[i]! >= size) return true;
    }
    return false;
  }

  private release(at: number): void {
    const { handle, blocks: before } = this;
    if (handle === null) return;
    try {
      handle.deallocate(at);
    } catch (error) {
      this.say(en.sandbox.refusedInput(reason(error)));
      return;
    }
    this.requested.delete(at);
    this.blocks = handle.blocks();
    this.motion = "merge";
    this.say(this.tell(freed(before, this.blocks, at)));
  }

  private reset(): void {
    if (this.handle === null) return;
    const out = this.requested.size;
    this.handle.reset();
    this.requested.clear();
    this.blocks = this.handle.blocks();
    this.motion = "merge";
    this.say(this.tell({ did: "reset", freed: out }));
  }

  private tell(happening: Happening): string {
    return en.sandbox.happened[this.kind](happening);
  }

  private say(sentence: string): void {
    this.log = [sentence, ...this.log].slice(0, LOG);
  }

  // The workload

  private step(): void {
    const sums = count(this.blocks);
    const all = sums.live + sums.free;
    const largest = this.kind === "slab" ? this.blockSize : Math.max(this.smallest, this.region / 8);
    const operation = nextOperation(this.dice, {
      live: this.requested.size,
      used: all === 0 ? 0 : sums.live / all,
      largest,
    });
    if (operation.do === "allocate") this.allocate(operation.size, 8);
    else {
      const at = [...this.requested.keys()][operation.pick];
      if (at !== undefined) this.release(at);
    }
  }

  private toggle(): void {
    if (this.running) this.stop();
    else {
      this.running = true;
      this.tick();
    }
  }

  private tick(): void {
    this.step();
    this.timer = window.setTimeout(() => { this.tick(); }, SPEEDS[this.speed]);
  }

  private stop(): void {
    window.clearTimeout(this.timer);
    this.running = false;
  }

  // What is shown

  override render(): TemplateResult {
    switch (this.loaded.is) {
      case "loading":
        return html`<p class="quiet" role="status">${en.sandbox.loading}</p>`;
      case "missing":
        return html`<p class="note error" role="alert">${en.sandbox.missing}</p>`;
      case "failed":
        return html`<p class="note error" role="alert">${en.sandbox.failed(this.loaded.why)}</p>`;
      case "ready":
        return this.bench();
    }
  }

  private bench(): TemplateResult {
    const usable = this.handle !== null;
    return html`
      <div class="split">
        <aside>
          <p class="lead">${en.sandbox.lead}</p>
          <fieldset class="choice">
            <legend>${en.sandbox.allocator}</legend>
            ${KINDS.map(
              (kind) => html`<label>
                <input
                  type="radio"
                  name="kind"
                  value=${kind}
                  .checked=${kind === this.kind}
                  @change=${() => { this.kind = kind; this.begin(); }}
                />
                ${en.sandbox.allocators[kind].name}
              </label>`,
            )}
            <p class="about quiet small">${en.sandbox.allocators[this.kind].about}</p>
          </fieldset>
          <div class="row">
            ${this.kind === "slab"
              ? html`${this.pick(en.sandbox.blockSize, BLOCK_SIZES, this.blockSize, (value) => { this.blockSize = value; }, bytes)}
                ${this.pick(en.sandbox.blocks, COUNTS, this.blockCount, (value) => { this.blockCount = value; }, integer)}`
              : this.pick(en.sandbox.region, REGIONS, this.region, (value) => { this.region = value; }, bytes)}
            ${this.kind === "buddy"
              ? this.pick(en.sandbox.smallest, SMALLEST, this.smallest, (value) => { this.smallest = value; }, bytes)
              : nothing}
          </div>
          <form class="row split-controls" @submit=${this.onSubmit}>
            <label class="field">
              <span>${en.sandbox.size}</span>
              <input
                id="size"
                type="number"
                min="1"
                max="65536"
                step="1"
                required
                .value=${String(this.size)}
                @input=${(event: Event) => { this.size = (event.target as HTMLInputElement).valueAsNumber; }}
              />
            </label>
            <label class="field">
              <span>${en.sandbox.align}</span>
              <select @change=${(event: Event) => { this.align = Number((event.target as HTMLSelectElement).value); }}>
                ${ALIGNS.map((align) => html`<option value=${align} .selected=${align === this.align}>${align}</option>`)}
              </select>
            </label>
            <button class="primary" ?disabled=${!usable}>${en.sandbox.allocate}</button>
            <button type="button" ?disabled=${!usable} @click=${() => { this.reset(); }}>${en.sandbox.reset}</button>
          </form>
          <div class="row split-controls" role="group" aria-label=${en.sandbox.workload}>
            <span class="quiet small" style="width:100%">${en.sandbox.workload}</span>
            <button ?disabled=${!usable} aria-pressed=${this.running} @click=${() => { this.toggle(); }}>
              ${this.running ? en.sandbox.pause : en.sandbox.play}
            </button>
            <button ?disabled=${!usable || this.running} @click=${() => { this.step(); }}>${en.sandbox.step}</button>
            <label class="field">
              <span>${en.sandbox.speed}</span>
              <select @change=${(event: Event) => { this.speed = (event.target as HTMLSelectElement).value as Speed; }}>
                ${(Object.keys(SPEEDS) as Speed[]).map(
                  (speed) => html`<option value=${speed} .selected=${speed === this.speed}>${en.sandbox.speeds[speed]}</option>`,
                )}
              </select>
            </label>
            <label class="field">
              <span>${en.sandbox.seed}</span>
              <input type="number" style="width:4.5rem" min="0" max="999999" .value=${String(this.seed)} @change=${this.onSeed} />
            </label>
          </div>
        </aside>
        <section class="stage" aria-label=${en.sandbox.title}>
          <p class="sentence" role="status" aria-live=${this.running && this.speed === "fast" ? "off" : "polite"}>${this.log[0]}</p>
          <div>
          <p class="quiet small help">${en.sandbox.figure[this.kind]} ${en.sandbox.key[this.kind]}</p>
          <div class="measure"></div>
          <sandbox-figure
            .figure=${this.figure()}
            .requested=${new Map(this.requested)}
            .motion=${this.running && this.speed === "fast" ? "none" : this.motion}
            @free=${(event: CustomEvent<number>) => { this.release(event.detail); }}
            @leave=${() => { this.renderRoot.querySelector<HTMLInputElement>("#size")?.focus(); }}
          ></sandbox-figure>
          </div>
          ${this.numbers()}
          <div>
            <h2 id="log">${en.sandbox.log}</h2>
            <ol class="log" tabindex="0" aria-labelledby="log">
              ${this.log.map((sentence) => html`<li>${sentence}</li>`)}
            </ol>
          </div>
          <details class="data">
            <summary>${en.heap.table}</summary>
            ${this.table()}
          </details>
        </section>
      </div>
    `;
  }

  private figure(): SandboxFigure {
    const width = Math.max(200, this.width);
    switch (this.kind) {
      case "buddy":
        return treeFigure(this.blocks, this.region, this.smallest, width, 34);
      case "slab":
        return gridFigure(this.blocks, width, 44, 34);
      case "bump":
        return stripFigure(this.blocks, width, 84);
    }
  }

  private numbers(): TemplateResult {
    const sums = count(this.blocks);
    let asked = 0;
    for (const size of this.requested.values()) asked += size;
    const items: [string, string][] = [
      [en.sandbox.outstanding, integer(this.requested.size)],
      [en.sandbox.figures.live, bytes(sums.live)],
      [en.sandbox.figures.wasted, bytes(this.kind === "bump" ? sums.meta : Math.max(0, sums.live - asked))],
      [en.sandbox.figures.free, bytes(sums.free)],
      [en.sandbox.figures.largest, bytes(sums.largestFree)],
      [en.sandbox.figures.pieces, integer(sums.freeBlocks)],
    ];
    return html`<dl>${items.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
  }

  private table(): TemplateResult {
    const { blocks } = this;
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${en.sandbox.figureLabel}>
      <table>
        <thead><tr>${en.sandbox.columns.map((name, i) => html`<th scope="col" class=${i === 2 ? "word" : ""}>${name}</th>`)}</tr></thead>
        <tbody>
          ${Array.from({ length: blocks.count }, (_, i) => {
            const asked = blocks.state[i] === State.Live ? this.requested.get(blocks.address[i]!) : undefined;
            return html`<tr>
              <th scope="row" class="mono">${address(blocks.address[i]!)}</th>
              <td>${integer(blocks.size[i]!)}</td>
              <td class="word">${stateName(blocks.state[i]!)}</td>
              <td>${asked === undefined ? "" : integer(asked)}</td>
            </tr>`;
          })}
        </tbody>
      </table>
    </div>`;
  }

  /** A choice among sizes; another size means another allocator. */
  private pick(
    label: string,
    values: readonly number[],
    chosen: number,
    set: (value: number) => void,
    write: (value: number) => string,
  ): TemplateResult {
    const onChange = (event: Event): void => {
      set(Number((event.target as HTMLSelectElement).value));
      this.begin();
    };
    return html`<label class="field">
      <span>${label}</span>
      <select @change=${onChange}>
        ${values.map((value) => html`<option value=${value} .selected=${value === chosen}>${write(value)}</option>`)}
      </select>
    </label>`;
  }

  private readonly onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (Number.isInteger(this.size) && this.size > 0) this.allocate(this.size, this.align);
  };

  private readonly onSeed = (event: Event): void => {
    const value = (event.target as HTMLInputElement).valueAsNumber;
    this.seed = Number.isInteger(value) && value >= 0 ? value : 1;
    this.dice = random(this.seed);
  };
}

customElements.define("sandbox-view", SandboxView);
