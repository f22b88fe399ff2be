import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { NotBuilt, reason } from "../modules";
import { loadHandles, type Handle, type Handles } from "../subjects";
import { count } from "../model/metrics";
import { random } from "../model/random";
import {
  ALIGNS,
  BLOCK_SIZES,
  COUNTS,
  MOST_OPERATIONS,
  REGIONS,
  SMALLEST,
  type Core,
  type Operation,
  type Scenario,
} from "../model/scenario";
import { Session, type Outcome } from "../model/session";
import { readScenario, writeScenario } from "../model/share";
import { Blocks } from "../model/snapshot";
import { nextOperation } from "../model/workload";
import { base } from "../styles/base";
import { tokens } from "../styles/tokens";
import { en } from "../text/sandbox";
import { bytes, integer } from "../text/format";
import type { Place } from "./place";
import "./sandbox-stage";

/** The core of each kind that the sandbox begins with. */
const CORES = {
  buddy: { kind: "buddy", region: 4096, smallest: 64 },
  slab: { kind: "slab", blockSize: 48, count: 64 },
  bump: { kind: "bump", region: 4096 },
} as const satisfies Record<Core["kind"], Core>;
const KINDS = ["buddy", "slab", "bump"] as const;
const SPEEDS = { slow: 1100, brisk: 350, fast: 60 } as const;
type Speed = keyof typeof SPEEDS;
/** Sentences of the log that are shown. */
const LOG = 40;
/** The address changes no more often: browsers allow two hundred changes in half a minute. */
const SETTLE = 160;

type Loaded =
  | { readonly is: "loading" }
  | { readonly is: "ready"; readonly handles: Handles }
  | { readonly is: "missing" }
  | { readonly is: "failed"; readonly why: string };

/**
 * An allocator by hand: allocate by size, free by pressing a block, or let chance do it; each
 * operation can be undone. Fires `place` when what a link to it should say has changed.
 */
export class SandboxView extends LitElement {
  static override properties = {
    active: { attribute: false },
    link: { attribute: false },
    loaded: { state: true },
    core: { state: true },
    size: { state: true },
    align: { state: true },
    speed: { state: true },
    seed: { state: true },
    running: { state: true },
    trouble: { state: true },
    moment: { state: true },
    motion: { state: true },
  };
  /** True if the view is shown: a hidden one neither loads nor runs. */
  declare active: boolean;
  /** A scenario's link that was followed; none leaves all as it is. */
  declare link: Place | null;
  declare private loaded: Loaded;
  declare private core: Core;
  declare private size: number;
  declare private align: number;
  declare private speed: Speed;
  declare private seed: number;
  declare private running: boolean;
  /** The fault of the link or of the last request; "" if there is none. */
  declare private trouble: string;
  /** Counts changes of the session, which Lit does not see. */
  declare private moment: number;
  declare private motion: "split" | "merge" | "none";

  private handle: Handle | null = null;
  private session: Session | null = null;
  private timer = 0;
  private settling = 0;
  /** True if the address is not up to date. */
  private behind = false;

  constructor() {
    super();
    this.active = false;
    this.link = null;
    this.loaded = { is: "loading" };
    this.core = CORES.buddy;
    this.size = 100;
    this.align = 8;
    this.speed = "brisk";
    this.seed = 1;
    this.running = false;
    this.trouble = "";
    this.moment = 0;
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
        width: 100%;
        margin-top: 0.35rem;
      }
      .place {
        align-self: center;
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    // On the window: after a click on blank paper nothing of the sandbox has the focus.
    addEventListener("keydown", this.onKey);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("keydown", this.onKey);
    this.stop();
    this.settle();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("active")) {
      if (!this.active) {
        this.stop();
        this.settle();
      } else if (this.loaded.is === "loading" && this.handle === null) void this.load();
    }
    if (changed.has("link") && this.loaded.is === "ready") this.follow();
  }

  private async load(): Promise<void> {
    try {
      this.loaded = { is: "ready", handles: await loadHandles() };
      this.begin(this.core);
      this.follow();
    } catch (error) {
      this.loaded = error instanceof NotBuilt ? { is: "missing" } : { is: "failed", why: reason(error) };
    }
  }

  // Links

  /** Shows the scenario of the link, or says what is wrong with that and begins anew. */
  private follow(): void {
    const query = this.link?.query ?? "";
    // Coming back to the view is no reason to begin anew.
    if (query === "" || query === writeScenario(this.scenario())) return;
    const link = readScenario(query);
    this.behind = false;
    this.begin(link.ok ? link.value.core : CORES.buddy);
    if (!link.ok) this.trouble = en.share.fault(link.fault);
    else this.session?.restore(link.value.operations, link.value.at);
    this.moment++;
  }

  private scenario(): Scenario {
    const { core, session } = this;
    return { core, operations: session?.operations ?? [], at: session?.at ?? 0 };
  }

  /** Brings the address up to date, if it is behind. */
  settle(): void {
    if (!this.behind) return;
    this.behind = false;
    this.dispatchEvent(new CustomEvent<Place>("place", { detail: { query: writeScenario(this.scenario()), entry: "same" } }));
  }

  /** At once, or, if it changed a moment ago, as soon as it may. */
  private changed(): void {
    this.moment++;
    this.behind = true;
    if (this.settling !== 0) return;
    this.settle();
    this.settling = window.setTimeout(() => {
      this.settling = 0;
      this.settle();
    }, SETTLE);
  }

  // Operations

  /** A new allocator. */
  private begin(core: Core): void {
    if (this.loaded.is !== "ready") return;
    this.stop();
    this.core = core;
    this.motion = "none";
    this.trouble = "";
    this.session = null;
    this.handle?.free();
    this.handle = null;
    try {
      this.handle = this.loaded.handles(core);
      this.session = new Session(this.handle, core.kind === "bump");
    } catch (error) {
      this.trouble = en.sandbox.refusedInput(reason(error));
    }
  }

  private choose(core: Core): void {
    this.begin(core);
    this.changed();
  }

  private perform(operation: Operation): void {
    const { session } = this;
    if (session === null) return;
    if (session.at >= MOST_OPERATIONS) {
      this.stop();
      this.trouble = en.sandbox.full(MOST_OPERATIONS);
      return;
    }
    this.trouble = "";
    session.perform(operation);
    this.motion = operation.do === "allocate" ? "split" : "merge";
    this.changed();
  }

  private release(at: number): void {
    const block = this.session?.numberAt(at) ?? -1;
    if (block >= 0) this.perform({ do: "free", block });
  }

  private undo(): void {
    this.stop();
    if (this.session?.undo() !== true) return;
    this.trouble = "";
    this.motion = "merge";
    this.changed();
  }

  private redo(): void {
    this.stop();
    if (this.session?.redo() !== true) return;
    this.motion = "split";
    this.changed();
  }

  private tell(outcome: Outcome): string {
    if (outcome.did === "rejected") return en.sandbox.refusedInput(outcome.why);
    return en.sandbox.happened[this.core.kind](outcome);
  }

  private start(): string {
    const { core } = this;
    switch (core.kind) {
      case "buddy":
        return en.sandbox.start.buddy(core.region);
      case "slab":
        return en.sandbox.start.slab(core.count, core.blockSize);
      case "bump":
        return en.sandbox.start.bump(core.region);
    }
  }

  /** Sentences, the newest first. */
  private log(): string[] {
    const outcomes = this.session?.outcomes ?? [];
    const shown = outcomes.slice(-LOG).reverse().map((outcome) => this.tell(outcome));
    return outcomes.length < LOG ? [...shown, this.start()] : shown;
  }

  // The workload

  /** The next operation follows from the seed and the number of operations: after an undo, it is the same again. */
  private step(): void {
    const { core, session } = this;
    if (session === null) return;
    const sums = count(session.blocks);
    const all = sums.live + sums.free;
    const largest =
      core.kind === "slab" ? core.blockSize : Math.max(core.kind === "buddy" ? core.smallest : 64, core.region / 8);
    const { requested } = session;
    const operation = nextOperation(random(this.seed * (MOST_OPERATIONS + 1) + session.at), {
      live: requested.size,
      used: all === 0 ? 0 : sums.live / all,
      largest,
    });
    if (operation.do === "allocate") this.perform({ ...operation, align: 8 });
    else {
      const at = [...requested.keys()][operation.pick];
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
    if (this.running) this.timer = window.setTimeout(() => { this.tick(); }, SPEEDS[this.speed]);
  }

  private stop(): void {
    window.clearTimeout(this.timer);
    this.running = false;
  }

  // Rendering

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
    const { core, session, running } = this;
    const usable = session !== null;
    const blocks = session?.blocks ?? new Blocks();
    const requested = session?.requested ?? new Map<number, number>();
    const quick = running && this.speed === "fast";
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
                  .checked=${kind === core.kind}
                  @change=${() => { this.choose(CORES[kind]); }}
                />
                ${en.sandbox.allocators[kind].name}
              </label>`,
            )}
            <p class="about quiet small">${en.sandbox.allocators[core.kind].about}</p>
          </fieldset>
          <div class="row">
            ${core.kind === "slab"
              ? html`${this.pick(en.sandbox.blockSize, BLOCK_SIZES, core.blockSize, (blockSize) => ({ ...core, blockSize }), bytes)}
                ${this.pick(en.sandbox.blocks, COUNTS, core.count, (count) => ({ ...core, count }), integer)}`
              : this.pick(en.sandbox.region, REGIONS, core.region, (region) => ({ ...core, region }), bytes)}
            ${core.kind === "buddy"
              ? this.pick(en.sandbox.smallest, SMALLEST, core.smallest, (smallest) => ({ ...core, smallest }), bytes)
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
            <button type="button" ?disabled=${!usable} @click=${() => { this.perform({ do: "reset" }); }}>${en.sandbox.reset}</button>
          </form>
          <div class="row" role="group" aria-label=${en.sandbox.history}>
            <button ?disabled=${(session?.at ?? 0) === 0} title=${en.sandbox.keys} @click=${() => { this.undo(); }}>${en.sandbox.undo}</button>
            <button
              ?disabled=${session === null || session.at === session.operations.length}
              title=${en.sandbox.keys}
              @click=${() => { this.redo(); }}
            >
              ${en.sandbox.redo}
            </button>
            <span class="quiet small place">${en.sandbox.place(session?.at ?? 0, session?.operations.length ?? 0)}</span>
          </div>
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
          ${this.trouble === "" ? nothing : html`<p class="note error" role="alert">${this.trouble}</p>`}
          <sandbox-stage
            .core=${core}
            .blocks=${blocks}
            .requested=${requested}
            .log=${this.log()}
            .motion=${quick ? "none" : this.motion}
            .quick=${quick}
            @free=${(event: CustomEvent<number>) => { this.release(event.detail); }}
            @leave=${() => { this.renderRoot.querySelector<HTMLInputElement>("#size")?.focus(); }}
          ></sandbox-stage>
        </section>
      </div>
    `;
  }

  /** A choice among sizes; another size means another allocator. */
  private pick(
    label: string,
    values: readonly number[],
    chosen: number,
    core: (value: number) => Core,
    write: (value: number) => string,
  ): TemplateResult {
    const onChange = (event: Event): void => {
      this.choose(core(Number((event.target as HTMLSelectElement).value)));
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
    const { size, align } = this;
    if (Number.isInteger(size) && size > 0) this.perform({ do: "allocate", size, align });
  };

  private readonly onSeed = (event: Event): void => {
    const value = (event.target as HTMLInputElement).valueAsNumber;
    this.seed = Number.isInteger(value) && value >= 0 ? value : 1;
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    // A field of the form undoes its own text.
    if (!this.active || event.composedPath()[0] instanceof HTMLInputElement || event.altKey || !(event.ctrlKey || event.metaKey)) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    if (key === "y" || event.shiftKey) this.redo();
    else this.undo();
  };
}

customElements.define("sandbox-view", SandboxView);
