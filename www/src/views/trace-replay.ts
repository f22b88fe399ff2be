import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { loadAllocator, NotBuilt, reason, type WorkbenchExports } from "../modules";
import { median } from "../model/compare";
import { REPLAYED, type Peer as Allocator } from "../model/replayed";
import { decode } from "../model/decode";
import { figures } from "../model/metrics";
import { Plan } from "../model/trace-plan";
import { replay, type Replayed } from "../model/trace-replay";
import type { Trace } from "../model/trace";
import { base } from "../styles/base";
import { tokens } from "../styles/tokens";
import { en } from "../text/compare";
import { bytes, integer, milliseconds, percent } from "../text/format";

type Outcome =
  | { readonly is: "waiting" }
  | { readonly is: "running"; readonly share: number }
  | { readonly is: "done"; readonly replayed: Replayed; readonly range: readonly [number, number]; readonly largestFree: number | null }
  | { readonly is: "failed"; readonly why: string };

/** The heap that a module has. */
export interface Now {
  readonly allocator: string;
  /** Bytes that it took from memory; `null` where it does not count them. */
  readonly committed: number | null;
  readonly largestFree: number;
}

/** Goes that do not count, as the engine still compiles, and goes that are timed; the allocators take turns. */
const WARM = 2;
const ROUNDS = 5;
/** Above so many operations one go is long enough. */
const LONG = 1_000_000;

/** The runs of one allocator. */
interface Run {
  readonly name: Allocator;
  /** `null` once it has failed. */
  instantiate: (() => WorkbenchExports) | null;
  times: number[];
  last: { readonly calls: WorkbenchExports; readonly replayed: Replayed } | null;
  why: string;
}

function result({ times, last, why }: Run): Outcome {
  if (why !== "" || last === null) return { is: "failed", why };
  const { calls, replayed } = last;
  const decoded = calls.BONSAI_HEAP === undefined ? null : decode(calls.memory.buffer, Number(calls.BONSAI_HEAP.value));
  const largestFree = decoded?.ok === true ? figures(decoded.snapshot).largestFree : null;
  return { is: "done", replayed: { ...replayed, time: median(times) }, range: [Math.min(...times), Math.max(...times)], largestFree };
}

/** The same operations on every allocator of the crate, each in a module of its own. */
export class TraceReplay extends LitElement {
  static override properties = {
    trace: { attribute: false },
    now: { attribute: false },
    plan: { state: true },
    outcomes: { state: true },
    running: { state: true },
  };
  declare trace: Trace;
  /** The heap of the module that was recorded, to stand beside the others. */
  declare now: Now | null;
  declare private plan: Plan | null;
  declare private outcomes: ReadonlyMap<Allocator, Outcome>;
  declare private running: boolean;
  /** A replay that was overtaken by another, or by another trace, ends. */
  private turn = 0;

  constructor() {
    super();
    this.now = null;
    this.plan = null;
    this.outcomes = new Map();
    this.running = false;
  }

  static override styles = [
    tokens,
    base,
    css`
      .row {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.6rem 1rem;
      }
      .scroll {
        margin-top: 0.6rem;
      }
      .now > * {
        border-bottom: 2px solid var(--line-2);
      }
      .best {
        font-weight: 700;
      }
      .notes {
        margin-top: 0.5rem;
      }
    `,
  ];

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (!changed.has("trace")) return;
    this.turn++;
    this.running = false;
    this.plan = null;
    this.outcomes = new Map();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.turn++;
    this.running = false;
  }

  private async run(): Promise<void> {
    const turn = ++this.turn;
    this.running = true;
    const plan = Plan.of(this.trace);
    this.plan = plan;
    this.outcomes = new Map(REPLAYED.map((name) => [name, { is: "waiting" }]));
    const runs = await Promise.all(REPLAYED.map((name) => this.load(name)));
    const rounds = plan.count > LONG ? 1 : WARM + ROUNDS;
    for (let round = 0; round < rounds; round++) {
      for (const run of runs) {
        if (turn !== this.turn) return;
        const share = round / rounds;
        await this.goOn(run, plan, turn, (done) => { this.note(run.name, { is: "running", share: share + done / rounds }); });
        if (round === WARM - 1) run.times = [];
      }
    }
    if (turn !== this.turn) return;
    for (const run of runs) this.note(run.name, result(run));
    this.running = false;
  }

  private async load(name: Allocator): Promise<Run> {
    try {
      return { name, instantiate: await loadAllocator(name), times: [], last: null, why: "" };
    } catch (error) {
      const why = error instanceof NotBuilt ? en.replay.missing : reason(error);
      return { name, instantiate: null, times: [], last: null, why };
    }
  }

  /** One go of one allocator, in a new instance. */
  private async goOn(run: Run, plan: Plan, turn: number, progress: (share: number) => void): Promise<void> {
    if (run.instantiate === null) return;
    try {
      const calls = run.instantiate();
      const replayed = await replay([plan], calls, async (done) => {
        progress(done / Math.max(1, plan.count));
        // A turn of the event loop: the page draws, and answers to whoever uses it.
        await new Promise((resolve) => setTimeout(resolve));
        return turn === this.turn;
      });
      if (replayed === null) return;
      run.times.push(replayed.time);
      run.last = { calls, replayed };
    } catch (error) {
      run.instantiate = null;
      run.why = reason(error);
    }
  }

  private note(name: Allocator, outcome: Outcome): void {
    this.outcomes = new Map(this.outcomes).set(name, outcome);
  }

  private stop(): void {
    this.turn++;
    this.running = false;
  }

  override render(): TemplateResult {
    const { plan, running } = this;
    return html`
      <section aria-labelledby="title">
        <div class="row">
          <h2 id="title">${en.replay.title}</h2>
          ${running
            ? html`<button @click=${() => { this.stop(); }}>${en.replay.stop}</button>`
            : html`<button @click=${() => { void this.run(); }}>${en.replay.start}</button>`}
        </div>
        <p class="quiet small">${en.replay.caption}</p>
        ${plan === null ? nothing : this.results(plan)}
        <p class="unseen" role="status">${plan !== null && !running ? en.replay.done(REPLAYED.length) : ""}</p>
      </section>
    `;
  }

  private results(plan: Plan): TemplateResult {
    const done = [...this.outcomes.values()].flatMap((outcome) => (outcome.is === "done" ? [outcome.replayed] : []));
    const least = (of: (replayed: Replayed) => number): number => Math.min(...done.map(of));
    const best = { time: least(({ time }) => time), pages: least(({ pages }) => pages) };
    const notes = en.replay.notes(plan);
    return html`
      <div class="scroll" tabindex="0" role="region" aria-label=${en.heap.tableOf(en.replay.title)}>
        <table>
          <thead><tr>${en.replay.columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
          <tbody>
            ${this.now === null ? nothing : this.present(this.now)}
            ${REPLAYED.map((name) => {
              const outcome = this.outcomes.get(name) ?? { is: "waiting" as const };
              return html`<tr data-allocator=${name}><th scope="row">${en.replay.names[name]}</th>${this.cells(outcome, plan, best)}</tr>`;
            })}
          </tbody>
        </table>
      </div>
      ${notes.length === 0 ? nothing : html`<ul class="notes small quiet">${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
    `;
  }

  private present({ allocator, committed, largestFree }: Now): TemplateResult {
    const { none } = en.replay;
    return html`<tr class="now" data-allocator="now">
      <th scope="row">${en.replay.now(allocator)}</th>
      <td colspan="3">${en.replay.nowTime}</td>
      <td>${committed === null ? en.heap.unknown : bytes(committed)}</td>
      <td>${none}</td>
      <td>${bytes(largestFree)}</td>
      <td>${none}</td>
    </tr>`;
  }

  private cells(outcome: Outcome, plan: Plan, best: { time: number; pages: number }): TemplateResult {
    const { unknown } = en.heap;
    switch (outcome.is) {
      case "waiting":
        return html`<td colspan="7"></td>`;
      case "running":
        return html`<td colspan="7">${percent(outcome.share)}</td>`;
      case "failed":
        return html`<td colspan="7" class="alarm">${outcome.why}</td>`;
      case "done": {
        const { time, pages, growths, refused } = outcome.replayed;
        return html`
          <td class=${time === best.time ? "best" : ""}>${milliseconds(time)}</td>
          <td>${en.replay.range(milliseconds(outcome.range[0]), milliseconds(outcome.range[1]))}</td>
          <td>${en.replay.each((time * 1e6) / Math.max(1, plan.count))}</td>
          <td class=${pages === best.pages ? "best" : ""}>${bytes(pages * 65536)}</td>
          <td>${integer(growths)}</td>
          <td>${outcome.largestFree === null ? unknown : bytes(outcome.largestFree)}</td>
          <td>${integer(refused)}</td>
        `;
      }
    }
  }
}

customElements.define("trace-replay", TraceReplay);
