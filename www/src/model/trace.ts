import { Head, Kind, RECORD_WORDS } from "../wire/trace-layout";

/** The requests of a program to its allocator, record by record (docs/trace-format.md). */
export class Trace {
  /** Four words a record; those behind `count` are nothing. */
  words: Uint32Array;
  count = 0;
  /** The allocator, numbered as in docs/heap-layout.md; 0 if unknown. */
  kind = 0;
  /** Pages of linear memory at the start. */
  pages = 0;
  /** Bytes between two samples of call sites; 0 if there are none. */
  rate = 0;
  /** The number of records that are missing. */
  lost = 0;
  /** Functions of each site's stack, innermost first; site `n` of a record is element `n - 1`. */
  sites: string[][] = [];

  constructor(capacity = 1024) {
    this.words = new Uint32Array(capacity * RECORD_WORDS);
  }

  push(head: number, a: number, b: number, c: number): void {
    this.reserve(1);
    const at = this.count++ * RECORD_WORDS;
    this.words[at] = head;
    this.words[at + 1] = a;
    this.words[at + 2] = b;
    this.words[at + 3] = c;
  }

  /** Appends whole records. */
  append(records: Uint32Array): void {
    this.reserve(records.length / RECORD_WORDS);
    this.words.set(records, this.count * RECORD_WORDS);
    this.count += records.length / RECORD_WORDS;
  }

  private reserve(more: number): void {
    const needed = (this.count + more) * RECORD_WORDS;
    if (needed <= this.words.length) return;
    const wider = new Uint32Array(Math.max(needed, this.words.length * 2));
    wider.set(this.words);
    this.words = wider;
  }
}

/** One record, for who is not in a hurry. */
export interface TraceRecord {
  readonly kind: number;
  readonly align: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

export function recordAt(trace: Trace, index: number): TraceRecord {
  const at = index * RECORD_WORDS;
  const head = trace.words[at]!;
  return {
    kind: Head.kind(head),
    align: 2 ** Head.align(head),
    a: trace.words[at + 1]!,
    b: trace.words[at + 2]!,
    c: trace.words[at + 3]!,
  };
}

export const RecordKind = Kind;

/** The blocks that are live in the course of a trace, and what was asked for them. */
export class Live {
  /** In bytes, by address. */
  readonly sizes = new Map<number, number>();
  /** Of all of them. */
  bytes = 0;

  apply({ kind, a, b, c }: TraceRecord): void {
    if (kind === Kind.Allocate || kind === Kind.Zeroed) this.begin(a, b);
    else if (kind === Kind.Deallocate) this.end(a);
    else if (kind === Kind.Reallocate && a !== 0) {
      this.end(c);
      this.begin(a, b);
    }
  }

  private begin(address: number, size: number): void {
    if (address === 0) return;
    this.end(address);
    this.sizes.set(address, size);
    this.bytes += size;
  }

  private end(address: number): void {
    this.bytes -= this.sizes.get(address) ?? 0;
    this.sizes.delete(address);
  }
}

/** A block that is live at the end of a trace. */
export interface Survivor {
  readonly address: number;
  /** The requested size, in bytes. */
  readonly size: number;
  /** The record that gave it its address and size. */
  readonly born: number;
}

/** Returns the blocks that are live after so many records, or at the end; the oldest first. O(records). */
export function survivors(trace: Trace, end = trace.count): Survivor[] {
  const live = new Live();
  const born = new Map<number, number>();
  for (let i = 0; i < end; i++) {
    const record = recordAt(trace, i);
    live.apply(record);
    if (record.kind <= Kind.Reallocate && record.kind !== Kind.Deallocate) born.set(record.a, i);
  }
  return Array.from(live.sizes, ([address, size]) => ({ address, size, born: born.get(address)! })).sort((a, b) => a.born - b.born);
}

/** Survivors of one size. */
export interface SurvivorRow {
  readonly size: number;
  readonly blocks: number;
  readonly bytes: number;
  /** The record that gave the oldest of them. */
  readonly oldest: number;
}

/** Sums up the blocks that were allocated in a range of records and are live at the end, by size, the most bytes first. */
export function leaks(all: readonly Survivor[], from: number, to: number): SurvivorRow[] {
  const rows = new Map<number, { size: number; blocks: number; bytes: number; oldest: number }>();
  for (const { size, born } of all) {
    if (born < from || born >= to) continue;
    const row = rows.get(size) ?? { size, blocks: 0, bytes: 0, oldest: born };
    rows.set(size, row);
    row.blocks++;
    row.bytes += size;
  }
  return [...rows.values()].sort((a, b) => b.bytes - a.bytes);
}

/** After how many records of a part of the trace most was live. O(records). */
export function peakIn(trace: Trace, from: number, to: number): number {
  const live = new Live();
  let [peak, most] = [from, -1];
  for (let i = 0; i < to; i++) {
    live.apply(recordAt(trace, i));
    if (i >= from && live.bytes > most) {
      peak = i + 1;
      most = live.bytes;
    }
  }
  return peak;
}

/** The requested bytes in the course of a trace, at so many points. */
export interface Course {
  /** Index of the record at each point. */
  readonly at: Float64Array;
  readonly live: Float64Array;
  readonly blocks: Float64Array;
  readonly pages: Float64Array;
  /** Milliseconds since the start; between two marks, in proportion. */
  readonly time: Float64Array;
  readonly peak: number;
}

/** O(records) in time. Points are as many as asked for, evenly spread, and the last record. */
export function course(trace: Trace, points = 512): Course {
  const every = Math.max(1, Math.ceil(trace.count / points));
  const count = trace.count === 0 ? 0 : Math.ceil(trace.count / every);
  const column = (): Float64Array => new Float64Array(count);
  const [at, live, counts, pages, time] = [column(), column(), column(), column(), column()];
  const blocks = new Live();
  let peak = 0;
  let memory = trace.pages;
  const marks: { at: number; time: number }[] = [{ at: 0, time: 0 }];
  let point = 0;
  for (let i = 0; i < trace.count; i++) {
    const record = recordAt(trace, i);
    blocks.apply(record);
    if (record.kind === Kind.Grow) memory = record.b;
    else if (record.kind === Kind.Mark) marks.push({ at: i, time: record.a });
    if (blocks.bytes > peak) peak = blocks.bytes;
    if ((i + 1) % every === 0 || i === trace.count - 1) {
      at[point] = i;
      live[point] = blocks.bytes;
      counts[point] = blocks.sizes.size;
      pages[point] = memory;
      point++;
    }
  }
  let mark = 0;
  for (let i = 0; i < count; i++) {
    while (mark < marks.length - 2 && marks[mark + 1]!.at < at[i]!) mark++;
    const from = marks[mark]!;
    const to = marks[mark + 1];
    // Without marks, a microsecond a record: an axis, and no more.
    time[i] =
      to === undefined
        ? from.time + (at[i]! - from.at) / 1000
        : from.time + ((to.time - from.time) * Math.min(at[i]! - from.at, to.at - from.at)) / Math.max(1, to.at - from.at);
  }
  return { at, live, blocks: counts, pages, time, peak };
}
