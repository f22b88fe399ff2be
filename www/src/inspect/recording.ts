import { agreement, type Agreement } from "../model/agreement";
import { LongTrace } from "../model/long-trace";
import { Requested } from "../model/requested";
import type { Trace } from "../model/trace";
import { knowsBlocks } from "../model/trace-ring";
import { samples, type Sample } from "../model/trace-sites";
import { reason } from "../modules";
import type { SpillingTrace } from "../record/spilling-trace";
import type { TraceWriter } from "../record/trace-writer";
import { en } from "../text/inspect";
import type { HeapInspector, Site } from "../views/heap-inspector";
import type { Recordable, Tape } from "./tape";

/** Milliseconds between two drains. */
const EVERY = 250;
/** Bytes of a sample, from none on. */
export const RATES = [0, 1024, 16_384, 262_144] as const;

const NOTHING: ReadonlyMap<number, number> = new Map();
const UNSAMPLED: ReadonlyMap<number, Site> = new Map();

/**
 * The recording of one module, and what it tells the inspector of the module's blocks: what was asked for them, and by
 * whom.
 */
export class Recording {
  trace: Trace | null = null;
  /** Sentences: the last failure, and the state of the recording. */
  trouble = "";
  said = "";
  /** The agreement of recording and heap at the last look; null where the heap does not tell its blocks apart. */
  known: (Agreement & { readonly lost: number }) | null = null;
  /** The recording in its file, once it has ended: of one that was too long for memory. */
  whole: LongTrace | null = null;
  private tape: Tape | null = null;
  private requested: Requested | null = null;
  private timer = 0;
  private sampled: { readonly count: number; readonly samples: readonly Sample[] } = { count: -1, samples: [] };
  private located: { readonly moment: number; readonly count: number; readonly sites: ReadonlyMap<number, Site> } | null = null;

  /** `source` is null for a module that cannot be recorded. */
  constructor(
    readonly name: string,
    private readonly source: Recordable | null,
    private readonly inspector: HeapInspector,
    private readonly changed: () => void,
  ) {
    inspector.requested = (moment) => this.requested?.at(moment) ?? NOTHING;
    inspector.threads = (moment) => this.requested?.threadsAt(moment) ?? NOTHING;
  }

  get possible(): boolean {
    return this.source !== null;
  }

  get recording(): boolean {
    return this.tape !== null;
  }

  /** Begins a trace; `rate` in bytes a sample of call sites, 0 for none. */
  start(rate: number): void {
    if (this.source === null || this.tape !== null) return;
    const begun = this.source.start(rate);
    if (typeof begun === "string") {
      this.trouble = begun;
      this.changed();
    } else this.adopt(begun);
  }

  /** Goes on with a recording that began before there was an inspector: while the module started. */
  adopt(tape: Tape): void {
    this.trouble = "";
    this.tape = tape;
    this.trace = tape.trace;
    this.whole = null;
    this.requested = new Requested(tape.trace);
    this.known = null;
    this.located = null;
    this.inspector.sites = tape.trace.rate > 0 ? (moment) => this.sitesAt(moment) : null;
    this.said = en.trace.recording;
    this.timer = window.setInterval(() => { this.drain(tape); }, EVERY);
    this.changed();
  }

  stop(): void {
    const { tape } = this;
    if (tape === null) return;
    this.drain(tape);
    // It may have failed just now.
    if (this.tape !== null) this.end();
    this.said = en.trace.recorded(this.count, this.lost);
    this.changed();
    if (this.file !== null) void this.read(this.file);
  }

  /** The file that the recording goes to since it is too long for memory. */
  private get file(): TraceWriter | null {
    const { trace } = this;
    // Not by its class: the script tag and its panel are two files, with a copy of it in each.
    return trace !== null && "file" in trace ? (trace as SpillingTrace).file : null;
  }

  /** True where all of it is at hand: one that is too long for memory has to end first. */
  get savable(): boolean {
    return this.trace !== null && (this.file === null || this.whole !== null);
  }

  get count(): number {
    return this.file?.total ?? this.trace?.count ?? 0;
  }

  get lost(): number {
    return this.file?.lost ?? this.trace?.lost ?? 0;
  }

  /** Reads the file, part by part: others run meanwhile. */
  private async read(file: TraceWriter): Promise<void> {
    const still = (): boolean => this.file === file;
    const say = (text: string): void => {
      if (!still()) return;
      this.said = text;
      this.changed();
    };
    try {
      const long = await LongTrace.open(await file.finish(), (share) => {
        say(en.trace.reading(share));
        return still();
      });
      if (!still() || long === null) return;
      if (!(long instanceof LongTrace)) throw new Error(en.trace.file(this.name, long));
      this.whole = long;
      say(en.trace.recorded(long.count, long.lost));
    } catch (error) {
      say(en.trace.unreadable(this.name, reason(error)));
    }
  }

  /** Runs a call into the module, so that its samples are this recording's. */
  during<T>(run: () => T): T {
    this.tape?.called();
    return run();
  }

  /**
   * Has the heap read again, and before it what was recorded: what was asked for the blocks is known
   * of each moment of a recording.
   */
  look(label: string): void {
    const { inspector, tape } = this;
    if (tape !== null) this.drain(tape);
    inspector.refresh(label);
    inspector.now();
    this.looked();
  }

  /** Keeps what was recorded until the inspector's newest moment. To be called before the module runs again. */
  looked(): void {
    const { inspector, tape } = this;
    if (tape !== null) this.drain(tape);
    const moment = inspector.moments.at(-1);
    if (this.tape === null || this.requested === null || moment === undefined) return;
    this.requested.note(moment.id);
    const { trace } = this.tape;
    const blocks = inspector.snapshot?.blocks;
    // In a file, it is no longer known block by block.
    if (this.file !== null) this.known = null;
    else if (blocks !== undefined && this.tellsBlocks(trace.kind)) this.known = { ...agreement(this.requested.at(moment.id), blocks), lost: trace.lost };
    this.changed();
  }

  private tellsBlocks(kind: number): boolean {
    const found = this.inspector.snapshot?.found;
    return found === undefined ? knowsBlocks(kind) : found.heaps.every(({ sized }) => sized);
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

  private drain(tape: Tape): void {
    const trouble = tape.drain();
    if (trouble !== "") this.fail(trouble);
  }

  private fail(trouble: string): void {
    this.end();
    this.trouble = trouble;
    this.changed();
  }

  private end(): void {
    window.clearInterval(this.timer);
    this.tape?.stop();
    this.tape = null;
  }
}
