import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { NotBuilt, reason } from "../modules";
import { loadHandles, type Handle, type Handles } from "../subjects";
import { count } from "../model/metrics";
import { random } from "../model/random";
import { MOST_OPERATIONS, type Core, type Operation, type Scenario } from "../model/scenario";
import { Session, type Outcome } from "../model/session";
import { readScenario, writeScenario } from "../model/share";
import { Blocks } from "../model/snapshot";
import { nextOperation } from "../model/workload";
import { base } from "../styles/base";
import { sandbox } from "../styles/sandbox";
import { tokens } from "../styles/tokens";
import { en } from "../text/sandbox";
import type { Place } from "./place";
import { CORES, sandboxControls, SPEEDS, type Speed } from "./sandbox-controls";
import "./sandbox-stage";

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

  static override styles = [tokens, base, sandbox];

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
    const blocks = session?.blocks ?? new Blocks();
    const requested = session?.requested ?? new Map<number, number>();
    const quick = running && this.speed === "fast";
    return html`
      <div class="split">
        ${this.controls()}
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

  private controls(): TemplateResult {
    const { core, session, size, align, speed, seed, running } = this;
    return sandboxControls({
      core,
      size,
      align,
      speed,
      seed,
      running,
      usable: session !== null,
      at: session?.at ?? 0,
      operations: session?.operations.length ?? 0,
      choose: (chosen) => { this.choose(chosen); },
      set: (fields) => { Object.assign(this, fields); },
      allocate: () => {
        if (Number.isInteger(this.size) && this.size > 0) this.perform({ do: "allocate", size: this.size, align: this.align });
      },
      reset: () => { this.perform({ do: "reset" }); },
      undo: () => { this.undo(); },
      redo: () => { this.redo(); },
      toggle: () => { this.toggle(); },
      step: () => { this.step(); },
    });
  }

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
