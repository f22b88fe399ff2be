import { heapKind, Recorder } from "../model/trace-ring";
import { SpillingTrace } from "../record/spilling-trace";
import { captureStack, SiteTable } from "../model/trace-sites";
import type { HeapExports } from "../modules";
import { en } from "../text/inspect";
import type { Recordable, Tape } from "./tape";

declare global {
  /** The hook that a traced module calls for a sample: keeps the stack, and returns its number. */
  var bonsaiSite: ((size: number) => number) | undefined;
}

/** The recording whose module was called last: samples of all modules come through one hook, and are its. */
let called: { readonly recorder: Recorder; readonly sites: SiteTable } | null = null;

const hook = (): number => {
  if (called === null) return 0;
  const { recorder, sites } = called;
  // Before its ring is full.
  if (recorder.waiting > recorder.room / 2) recorder.drain();
  return sites.take(captureStack(hook));
};

/** Records a module that keeps a ring of records in its memory: one with `traceable!`. */
export class RingSource implements Recordable {
  constructor(private readonly exports: HeapExports) {}

  start(rate: number): Tape | string {
    const { BONSAI_TRACE, BONSAI_HEAP, memory } = this.exports;
    const recorder = Recorder.attach(memory, Number(BONSAI_TRACE?.value), undefined, new SpillingTrace());
    if (!(recorder instanceof Recorder)) return en.trace.ring(recorder);
    const own = { recorder, sites: new SiteTable(true) };
    called = own;
    // Before a rate is set: the module calls it without asking whether it is there.
    globalThis.bonsaiSite = hook;
    recorder.start(heapKind(memory.buffer, Number(BONSAI_HEAP?.value ?? 0)), rate);
    recorder.trace.sites = own.sites.stacks;
    return {
      trace: recorder.trace,
      drain: () => {
        const drained = recorder.drain();
        if (!drained.ok) return en.trace.ring(drained.damage);
        return recorder.refused ? en.trace.noMemory : "";
      },
      stop: () => {
        recorder.stop();
        if (called === own) called = null;
      },
      called: () => { called = own; },
    };
  }
}
