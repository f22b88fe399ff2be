import { Requested } from "../model/requested";
import type { Trace } from "../model/trace";
import { heapKind, knowsBlocks, Recorder } from "../model/trace-ring";
import { captureStack, samples, SiteTable, type Sample } from "../model/trace-sites";
import type { HeapExports } from "../modules";
import { en } from "../text/inspect";
import type { HeapInspector, Site } from "../views/heap-inspector";

/** Milliseconds between two drains of the ring. */
const EVERY = 250;
/** Bytes of a sample, from none on. */
export const RATES = [0, 1024, 16_384, 262_144] as const;
/** A longer trace is not kept: it would be no file that this page opens. */
const MOST_RECORDS = 8_000_000;

const NOTHING: ReadonlyMap<number, number> = new Map();
const UNSAMPLED: ReadonlyMap<number, Site> = new Map();

declare global {
  /** The hook that a traced module calls for a sample: keeps the stack, and returns its number. */
  var bonsaiSite: ((size: number) => number) | undefined;
}

/**
 * The recording of one module, and what it tells the inspector of the module's blocks: what was asked for them, and by
 * whom. Samples of all modules come through one hook; they count for the module that was called last.
 */
export class Recording {
  private static called: Recording | null = null;

  trace: Trace | null = null;
  /** Sentences: the last failure, and the state of the recording. */
  trouble = "";
  said = "";
  /** Of how many blocks is known what was asked for them, and how many there are; at the last look. */
  known: { readonly blocks: number; readonly all: number; readonly lost: number } | null = null;
  private recorder: Recorder | null = null;
  private requested: Requested | null = null;
  private sites = new SiteTable(true);
  private timer = 0;
  private sampled: { readonly count: number; readonly samples: readonly Sample[] } = { count: -1, samples: [] };
  private located: { readonly moment: number; readonly count: number; readonly sites: ReadonlyMap<number, Site> } | null = null;

  constructor(
    readonly name: string,
    private readonly exports: HeapExports,
    private readonly inspector: HeapInspector,
    private readonly changed: () => void,
  ) {
    inspector.requested = (moment) => this.requested?.at(moment) ?? NOTHING;
  }

  get possible(): boolean {
    return this.exports.BONSAI_TRACE !== undefined;
  }

  get recording(): boolean {
    return this.recorder !== null;
  }

  /** Begins a trace; `rate` in bytes a sample of call sites, 0 for none. */
  start(rate: number): void {
    const { BONSAI_TRACE, BONSAI_HEAP, memory } = this.exports;
    if (BONSAI_TRACE === undefined || this.recorder !== null) return;
    const found = Recorder.attach(memory, Number(BONSAI_TRACE.value));
    if (!(found instanceof Recorder)) {
      this.trouble = en.trace.ring(found);
      this.changed();
      return;
    }
    this.sites = new SiteTable(true);
    Recording.called = this;
    // Before a rate is set: the module calls it without asking whether it is there.
    globalThis.bonsaiSite = hook;
    found.start(heapKind(memory.buffer, Number(BONSAI_HEAP?.value ?? 0)), rate);
    this.trouble = "";
    this.recorder = found;
    this.trace = found.trace;
    this.trace.sites = this.sites.stacks;
    this.requested = new Requested(found.trace);
    this.known = null;
    this.located = null;
    this.inspector.sites = rate > 0 ? (moment) => this.sitesAt(moment) : null;
    this.said = en.trace.recording;
    this.timer = window.setInterval(() => { this.drain(found); }, EVERY);
    this.changed();
  }

  stop(): void {
    const { recorder } = this;
    if (recorder === null) return;
    recorder.stop();
    this.drain(recorder);
    this.end();
    if (this.trace !== null) this.said = en.trace.recorded(this.trace.count, this.trace.lost);
    this.changed();
  }

  /** Runs a call into the module, so that its samples are this recording's. */
  during<T>(run: () => T): T {
    Recording.called = this;
    return run();
  }

  /**
   * Has the heap read again, and before it what was recorded: what was asked for the blocks is known
   * of each moment of a recording.
   */
  look(label: string): void {
    const { inspector, recorder } = this;
    if (recorder !== null) this.drain(recorder);
    inspector.refresh(label);
    inspector.now();
    const moment = inspector.moments.at(-1);
    if (this.recorder === null || this.requested === null || moment === undefined) return;
    this.requested.note(moment.id);
    const { kind, lost } = this.recorder.trace;
    if (knowsBlocks(kind)) this.known = { blocks: this.requested.at(moment.id).size, all: moment.liveBlocks, lost };
    this.changed();
  }

  /** The records of the trace up to a moment; all of them where it is not known. */
  recordsAt(moment: number): number {
    return this.requested?.recordsAt(moment) ?? this.trace?.count ?? 0;
  }

  /** All samples of the trace so far. O(records), once. */
  get samples(): readonly Sample[] {
    const { trace } = this;
    if (trace === null) return [];
    if (this.sampled.count !== trace.count) this.sampled = { count: trace.count, samples: samples(trace) };
    return this.sampled.samples;
  }

  private sitesAt(moment: number): ReadonlyMap<number, Site> {
    const { trace } = this;
    if (trace === null) return UNSAMPLED;
    if (this.located?.moment === moment && this.located.count === trace.count) return this.located.sites;
    const at = this.recordsAt(moment);
    const sites = new Map<number, Site>();
    for (const { site, address, size, born, died, weight } of this.samples) {
      if (born < at && (died < 0 || died >= at)) sites.set(address, { stack: trace.sites[site - 1] ?? [], weight, size });
    }
    this.located = { moment, count: trace.count, sites };
    return sites;
  }

  private drain(recorder: Recorder): void {
    const drained = recorder.drain();
    if (!drained.ok) this.fail(en.trace.ring(drained.damage));
    else if (recorder.refused) this.fail(en.trace.noMemory);
    else if (recorder.trace.count > MOST_RECORDS) {
      recorder.stop();
      this.fail(en.trace.long(recorder.trace.count));
    }
  }

  private fail(trouble: string): void {
    this.end();
    this.trouble = trouble;
    this.changed();
  }

  private end(): void {
    window.clearInterval(this.timer);
    this.recorder = null;
  }

  /** Keeps the stack of the hook's caller for the module that runs, and empties its ring before that is full. */
  static take(stack: () => string): number {
    const { called } = Recording;
    if (called?.recorder == null) return 0;
    if (called.recorder.waiting > called.recorder.room / 2) called.recorder.drain();
    return called.sites.take(stack());
  }
}

const hook = (): number => Recording.take(() => captureStack(hook));
