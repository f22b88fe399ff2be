import { TapSource, type Tape } from "../inspect/tape";
import { Trace } from "../model/trace";
import { intercept, type SeenInstance } from "../record/intercept";
import type { Described, RecordState } from "./messages";

/** A module of this realm: a page, or a worker. */
export interface Own extends Described {
  /** The page may have dropped it. */
  readonly memory: () => WebAssembly.Memory | undefined;
  readonly source: TapSource | null;
  /** Its recording: the first began with it. */
  tape: Tape | null;
}

/** The modules of a realm, in the order in which they were instantiated. */
export class Modules {
  private readonly all: Own[] = [];
  private count = 0;
  /** Bytes from one sample of call sites to the next; -1 while modules are left as they are. */
  rate: number;
  private readonly undo: () => void;

  constructor(
    wasm: typeof WebAssembly,
    rate: number,
    private readonly onModule: (module: Own) => void,
    /** Makes the trace that records go to. */
    private readonly trace: () => Trace = () => new Trace(),
  ) {
    this.rate = rate;
    this.undo = intercept(wasm, { record: () => this.rate >= 0, onInstance: (seen) => { this.meet(seen); } });
  }

  /** Those that are still there. */
  get list(): readonly Own[] {
    return this.all.filter(({ memory }) => memory() !== undefined);
  }

  get(id: number): Own | undefined {
    return this.all.find((each) => each.id === id);
  }

  /** Takes a memory in that was there before. */
  add(memory: WebAssembly.Memory, from: string, descriptor: number | null = null): void {
    if (this.all.some((each) => each.memory() === memory)) return;
    this.keep({ memory: weakly(memory), from, size: null, descriptor, state: "none", source: null, tape: null });
  }

  /** Leaves WebAssembly as it was. Recordings end. */
  end(): void {
    this.undo();
    for (const { tape } of this.all.splice(0)) tape?.stop();
  }

  private meet({ memory, from, size, exports, tap, refusal }: SeenInstance): void {
    // Two instances that share a memory, as those of libraries that were linked at run time, have one heap.
    if (memory === null || (tap === null && this.all.some((each) => each.memory() === memory))) return;
    const { BONSAI_HEAP } = exports;
    const descriptor = BONSAI_HEAP instanceof WebAssembly.Global ? Number(BONSAI_HEAP.value) : null;
    const source = tap === null ? null : new TapSource(tap, this.trace);
    const state: RecordState = tap !== null ? "recorded" : refusal === null ? "none" : refusal.why === "wide-memory" ? "wide" : "unknown";
    this.keep({ memory: weakly(memory), from, size, descriptor, state, source, tape: source?.start(Math.max(0, this.rate)) ?? null });
  }

  private keep(module: Omit<Own, "id">): void {
    const own = { id: ++this.count, ...module };
    this.all.push(own);
    this.onModule(own);
  }
}

/** A page that drops a module is not kept from it. */
function weakly(memory: WebAssembly.Memory): () => WebAssembly.Memory | undefined {
  const kept = new WeakRef(memory);
  return () => kept.deref();
}
