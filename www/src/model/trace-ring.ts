import { Kind as HeapKind, MAGIC as HEAP_MAGIC, Word as HeapWord } from "../wire/heap-layout";
import {
  Control,
  CONTROLS,
  Head,
  Kind,
  MAGIC,
  OLDEST,
  RECORD,
  RECORD_WORDS,
  Switch,
  VERSION,
  Word,
  WORDS,
} from "../wire/trace-layout";
import { Trace } from "./trace";

/** A fault of a trace in a module's memory. */
export type RingDamage =
  | { readonly is: "magic" }
  | { readonly is: "version"; readonly version: number; readonly known: number }
  | { readonly is: "sizes" }
  | { readonly is: "outside"; readonly what: "descriptor" | "control" | "ring" }
  | { readonly is: "capacity"; readonly capacity: number }
  | { readonly is: "counts" };

export type Drained =
  | { readonly ok: true; readonly records: number; readonly lost: number }
  | { readonly ok: false; readonly damage: RingDamage };

/** The trace of a running module, read and ruled through its memory, with no call into it. */
export class Recorder {
  /** Milliseconds, at the start of the recording. */
  private began = 0;
  private control = 0;
  private capacity = 0;

  private constructor(
    private readonly memory: { readonly buffer: ArrayBufferLike },
    private readonly now: () => number,
    readonly trace: Trace,
  ) {}

  /** Finds the trace whose descriptor is at that address. */
  static attach(
    memory: { readonly buffer: ArrayBufferLike },
    descriptor: number,
    now: () => number = () => performance.now(),
    trace = new Trace(),
  ): Recorder | RingDamage {
    const { buffer } = memory;
    if (!fits(buffer, descriptor, WORDS * 4)) return { is: "outside", what: "descriptor" };
    const words = new Uint32Array(buffer, descriptor, WORDS);
    if (words[Word.magic] !== MAGIC) return { is: "magic" };
    const version = words[Word.version]!;
    if (version < OLDEST || version > VERSION) return { is: "version", version, known: VERSION };
    if (words[Word.words]! < WORDS || words[Word.record] !== RECORD) return { is: "sizes" };
    const recorder = new Recorder(memory, now, trace);
    recorder.capacity = words[Word.capacity]!;
    recorder.control = words[Word.control]!;
    const { capacity, control } = recorder;
    if (capacity === 0 || (capacity & (capacity - 1)) !== 0) return { is: "capacity", capacity };
    if (!fits(buffer, control, CONTROLS * 4)) return { is: "outside", what: "control" };
    return recorder;
  }

  /** The control words, over the buffer of this moment: growth detaches the one before. */
  private words(): Uint32Array {
    return new Uint32Array(this.memory.buffer, this.control, CONTROLS);
  }

  /** Begins to record; what waited in the ring from before is forgotten. `rate`: bytes a sample of
   * call sites, 0 none; only for modules whose hook is in place. */
  start(kind: number, rate = 0): void {
    const words = this.words();
    words[Control.read] = words[Control.written]!;
    words[Control.lost] = 0;
    words[Control.rate] = rate;
    words[Control.state] = Switch.on;
    this.began = this.now();
    this.trace.kind = kind;
    this.trace.rate = rate;
    this.trace.pages = this.memory.buffer.byteLength / 65536;
  }

  stop(): void {
    const words = this.words();
    words[Control.state] = Switch.off;
    words[Control.rate] = 0;
  }

  get recording(): boolean {
    return this.words()[Control.state] === Switch.on;
  }

  /** There was no memory for the ring. */
  get refused(): boolean {
    return this.words()[Control.state] === Switch.refused;
  }

  /** The number of records that the ring holds. */
  get room(): number {
    return this.capacity;
  }

  /** The number of records that wait to be drained. */
  get waiting(): number {
    const words = this.words();
    return (words[Control.written]! - words[Control.read]!) >>> 0;
  }

  /** Takes over what the module wrote since the last time. */
  drain(): Drained {
    const words = this.words();
    const ring = words[Control.ring]!;
    const written = words[Control.written]!;
    const read = words[Control.read]!;
    const lost = words[Control.lost]!;
    const waiting = (written - read) >>> 0;
    if (ring === 0 && waiting === 0) return { ok: true, records: 0, lost: 0 };
    if (waiting > this.capacity) return { ok: false, damage: { is: "counts" } };
    if (!fits(this.memory.buffer, ring, this.capacity * RECORD)) {
      return { ok: false, damage: { is: "outside", what: "ring" } };
    }
    const { trace } = this;
    if (trace.count === 0 && words[Control.pages]! > trace.pages) {
      // The ring's own pages are not the program's.
      trace.pages = words[Control.pages]!;
    }
    if (lost > 0) {
      trace.push(Kind.Lost, 0, lost, 0);
      trace.lost += lost;
    }
    const from = read & (this.capacity - 1);
    const first = Math.min(waiting, this.capacity - from);
    this.copy(ring, from, first);
    this.copy(ring, 0, waiting - first);
    if (waiting + lost > 0) trace.push(Kind.Mark, Math.max(0, Math.round(this.now() - this.began)), 0, 0);
    words[Control.read] = written;
    words[Control.lost] = 0;
    return { ok: true, records: waiting, lost };
  }

  private copy(ring: number, from: number, count: number): void {
    if (count === 0) return;
    const records = new Uint32Array(this.memory.buffer, ring + from * RECORD, count * RECORD_WORDS);
    for (let i = 0; i < records.length; i += RECORD_WORDS) {
      const kind = Head.kind(records[i]!);
      // Memory that was overwritten: better no record than one that no reader takes.
      if (kind < Kind.Allocate || kind > Kind.Site || Head.align(records[i]!) > Head.most) {
        this.trace.push(Kind.Lost, 0, 1, 0);
        this.trace.lost++;
      } else this.trace.push(records[i]!, records[i + 1]!, records[i + 2]!, records[i + 3]!);
    }
  }
}

const fits = (buffer: ArrayBufferLike, at: number, bytes: number): boolean =>
  at > 0 && at % 4 === 0 && at + bytes <= buffer.byteLength;

/** The kind of the heap whose descriptor is at that address, 0 if there is none. */
export function heapKind(buffer: ArrayBufferLike, descriptor: number): number {
  const words = (HeapWord.kind + 1) * 4;
  if (!fits(buffer, descriptor, words)) return 0;
  const descriptors = new Uint32Array(buffer, descriptor, HeapWord.kind + 1);
  return descriptors[HeapWord.magic] === HEAP_MAGIC ? descriptors[HeapWord.kind]! : 0;
}

/** Tells whether a heap of that kind tells each live block from the next: a bump heap sees chunks, a tiny one what is free. */
export const knowsBlocks = (kind: number): boolean =>
  kind === HeapKind.Buddy || kind === HeapKind.Slab || kind === HeapKind.Heap;
