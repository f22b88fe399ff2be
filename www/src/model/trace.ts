import { Head, Kind, RECORD_WORDS } from "../wire/trace-layout";
import { LiveTable } from "./live-table";

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
  /** The number of the thread, 0 where none is told. */
  readonly thread: number;
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
    thread: Head.thread(head),
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
  /** The threads that asked for them last, by address, where the trace tells threads. */
  readonly threads = new Map<number, number>();
  /** Of all of them. */
  bytes = 0;

  apply({ kind, thread, a, b, c }: TraceRecord): void {
    if (kind === Kind.Allocate || kind === Kind.Zeroed) this.begin(a, b, thread);
    else if (kind === Kind.Deallocate) this.end(a);
    else if (kind === Kind.Reallocate && a !== 0) {
      this.end(c);
      this.begin(a, b, thread);
    }
  }

  private begin(address: number, size: number, thread: number): void {
    if (address === 0) return;
    this.end(address);
    this.sizes.set(address, size);
    if (thread !== 0) this.threads.set(address, thread);
    this.bytes += size;
  }

  private end(address: number): void {
    this.bytes -= this.sizes.get(address) ?? 0;
    this.sizes.delete(address);
    this.threads.delete(address);
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

/**
 * Returns the blocks that are live after so many records, or at the end; the oldest first. Those from before a loss are
 * left out: they may have been freed in it. O(records).
 */
export function survivors(trace: Trace, end = trace.count): Survivor[] {
  const live = new LiveTable();
  live.apply(trace.words.subarray(0, end * RECORD_WORDS), 0);
  return live.survivors();
}

/** The blocks that are live in a trace, found some records at a time: all of a long one would hold the page up. */
export class Survivors {
  private live = new LiveTable();
  private at = 0;

  constructor(readonly trace: Trace) {}

  /** Reads on towards what is live after `end` records, at most so many of them; returns true once it is there. */
  read(end: number, most: number): boolean {
    if (end < this.at) {
      this.live = new LiveTable();
      this.at = 0;
    }
    const to = Math.min(end, this.at + most);
    this.live.apply(this.trace.words.subarray(this.at * RECORD_WORDS, to * RECORD_WORDS), this.at);
    this.at = to;
    return to === end;
  }

  /** Sums up the live blocks that were allocated in a range of records. */
  rows(from: number, to: number): SurvivorRow[] {
    return leaks(this.live, from, to);
  }
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
export function leaks(all: Pick<readonly Survivor[] | LiveTable, "forEach">, from: number, to: number): SurvivorRow[] {
  const rows = new Map<number, { size: number; blocks: number; bytes: number; oldest: number }>();
  all.forEach(({ size, born }: Survivor) => {
    if (born < from || born >= to) return;
    const row = rows.get(size);
    if (row === undefined) rows.set(size, { size, blocks: 1, bytes: size, oldest: born });
    else {
      row.blocks++;
      row.bytes += size;
      if (born < row.oldest) row.oldest = born;
    }
  });
  return [...rows.values()].sort((a, b) => b.bytes - a.bytes || a.oldest - b.oldest);
}

/** After how many records of a part of the trace most was live. O(records). */
export function peakIn(trace: Trace, from: number, to: number): number {
  const live = new LiveTable();
  live.apply(trace.words.subarray(0, from * RECORD_WORDS), 0);
  return peakOf(live, trace.words.subarray(from * RECORD_WORDS, to * RECORD_WORDS), from, { at: from, bytes: -1 }).at;
}

/** The moment at which most was live so far: after how many records, and the bytes. */
export interface Peak {
  readonly at: number;
  readonly bytes: number;
}

/** Applies records, the first of which has the number `first`, and returns the peak if there was a higher one. */
export function peakOf(live: LiveTable, words: Uint32Array, first: number, peak: Peak): Peak {
  let { at, bytes } = peak;
  for (let i = 0; i < words.length; i += RECORD_WORDS) {
    const index = first + i / RECORD_WORDS;
    live.record(words, i, index);
    if (live.bytes > bytes) {
      at = index + 1;
      bytes = live.bytes;
    }
  }
  return { at, bytes };
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
  /** The records that say that others are missing there. What was live before is not counted behind them. */
  readonly losses: readonly number[];
}

/** Points of a course, where nobody asks for more or fewer. */
const POINTS = 512;

/** Follows the course of a trace, part by part. */
export class CourseLine {
  readonly live = new LiveTable();
  private readonly every: number;
  private readonly at: Float64Array;
  private readonly bytes: Float64Array;
  private readonly blocks: Float64Array;
  private readonly pages: Float64Array;
  private readonly losses: number[] = [];
  private readonly marks: { readonly at: number; readonly time: number }[] = [{ at: 0, time: 0 }];
  private point = 0;
  /** The highest so far. */
  peak: Peak = { at: 0, bytes: 0 };

  /** `count` records will come; memory has so many pages at first. Points are evenly spread, and the last record is one. */
  constructor(
    private readonly count: number,
    private memory: number,
    points = POINTS,
  ) {
    this.every = Math.max(1, Math.ceil(count / points));
    const column = (): Float64Array => new Float64Array(Math.ceil(count / this.every));
    [this.at, this.bytes, this.blocks, this.pages] = [column(), column(), column(), column()];
  }

  /** Follows the next records, the first of which has the number `first`. */
  add(words: Uint32Array, first: number): void {
    const { live, every, count } = this;
    for (let i = 0; i < words.length; i += RECORD_WORDS) {
      const index = first + i / RECORD_WORDS;
      const kind = Head.kind(words[i]!);
      live.record(words, i, index);
      if (kind === Kind.Grow) this.memory = words[i + 2]!;
      else if (kind === Kind.Mark) this.marks.push({ at: index, time: words[i + 1]! });
      else if (kind === Kind.Lost) this.losses.push(index);
      if (live.bytes > this.peak.bytes) this.peak = { at: index + 1, bytes: live.bytes };
      if ((index + 1) % every === 0 || index === count - 1) {
        this.at[this.point] = index;
        this.bytes[this.point] = live.bytes;
        this.blocks[this.point] = live.blocks;
        this.pages[this.point] = this.memory;
        this.point++;
      }
    }
  }

  done(): Course {
    const { at, marks } = this;
    const time = new Float64Array(at.length);
    let mark = 0;
    for (let i = 0; i < at.length; i++) {
      while (mark < marks.length - 2 && marks[mark + 1]!.at < at[i]!) mark++;
      const from = marks[mark]!;
      const to = marks[mark + 1];
      // Without marks, a microsecond a record: an axis, and no more.
      time[i] =
        to === undefined
          ? from.time + (at[i]! - from.at) / 1000
          : from.time + ((to.time - from.time) * Math.min(at[i]! - from.at, to.at - from.at)) / Math.max(1, to.at - from.at);
    }
    return { at, live: this.bytes, blocks: this.blocks, pages: this.pages, time, peak: this.peak.bytes, losses: this.losses };
  }
}

/** O(records) in time. Points are as many as asked for, evenly spread, and the last record. */
export function course(trace: Trace, points = POINTS): Course {
  const line = new CourseLine(trace.count, trace.pages, points);
  line.add(trace.words.subarray(0, trace.count * RECORD_WORDS), 0);
  return line.done();
}
