import { File, Kind, RECORD, RECORD_WORDS } from "../wire/trace-layout";
import { LiveTable } from "./live-table";
import { CourseLine, peakOf, Trace, type Course, type Peak, type Survivor } from "./trace";
import { damagedRecord, readHeader, readSites, type Header, type TraceDamage } from "./trace-file";
import { Samples, type Sample } from "./trace-sites";

/** Records that are read at once: a megabyte, which takes some milliseconds. */
const PART = 65_536;
/** Memory for the moments that reading can begin at. */
const MOST_KEPT = 64 * 2 ** 20;

/** Records in a row. */
export interface Part {
  readonly words: Uint32Array;
  /** The number of the first. */
  readonly first: number;
}

/** The blocks that were live before a record. */
interface Moment {
  readonly at: number;
  readonly live: LiveTable;
}

/** A range of a recording as a trace. */
export interface Window {
  readonly trace: Trace;
  /** By record that stands for a block from before: the number of the record that gave the block. */
  readonly births: readonly number[];
}

/** Hears how much of a file was read, as a share of 1; false ends it. */
export type Progress = (share: number) => boolean;

/**
 * A trace in a file of any length, which is read by range. Opening reads it once, part by part, and keeps what does not
 * grow with it: its course, samples of call sites, and what was live at some moments.
 */
export class LongTrace {
  private constructor(
    readonly file: Blob,
    readonly header: Header,
    readonly sites: string[][],
    readonly course: Course,
    readonly samples: readonly Sample[],
    private readonly moments: readonly Moment[],
    /** The live blocks at the end. */
    private readonly last: LiveTable,
    private readonly top: Peak,
  ) {}

  /** O(records); nothing else runs for the time of a part at most. Null if `progress` ended it. */
  static async open(file: Blob, progress: Progress = () => true): Promise<LongTrace | TraceDamage | null> {
    const header = readHeader(new Uint8Array(await file.slice(0, File.bytes).arrayBuffer()), file.size);
    if ("is" in header) return header;
    const { records, pages, rate } = header;
    const sites = readSites(new Uint8Array(await file.slice(File.bytes + records * RECORD).arrayBuffer()));
    if (sites === null) return { is: "sites" };
    const line = new CourseLine(records, pages);
    const samples = new Samples(sites.length, rate);
    const moments = new Moments();
    for await (const { words, first } of parts(file, 0, records)) {
      const damaged = damagedRecord(words);
      if (damaged >= 0) return { is: "record", index: first + damaged };
      moments.offer(first, line.live);
      line.add(words, first);
      samples.add(words, first);
      if (!progress((first + words.length / RECORD_WORDS) / records)) return null;
    }
    return new LongTrace(file, header, sites, line.done(), samples.all, moments.all, line.live, line.peak);
  }

  get count(): number {
    return this.header.records;
  }

  get lost(): number {
    return this.header.lost;
  }

  /** Returns the records of a range, part by part. */
  parts(from = 0, to = this.count): AsyncGenerator<Part> {
    return parts(this.file, from, to);
  }

  /** Returns the blocks that are live after so many records, the oldest first; as `survivors` of a trace. */
  async survivors(end = this.count): Promise<Survivor[]> {
    return (end === this.count ? this.last : await this.liveAt(end)).survivors();
  }

  /** After how many records of a range most was live. */
  async peakIn(from: number, to: number): Promise<number> {
    if (from === 0 && to === this.count) return this.top.at;
    const live = await this.liveAt(from);
    let peak: Peak = { at: from, bytes: -1 };
    for await (const { words, first } of this.parts(from, to)) peak = peakOf(live, words, first, peak);
    return peak.at;
  }

  /** Returns a range as a trace of its own, which begins with an allocation of each block that was live before. It takes 16 bytes a record. */
  async window(from: number, to: number): Promise<Window> {
    const before = (await this.liveAt(from)).survivors();
    const sampled = new Map(this.samples.filter(({ born, died }) => born < from && (died < 0 || died >= from)).map((sample) => [sample.address, sample]));
    const trace = new Trace(before.length + sampled.size + to - from);
    const { kind, rate } = this.header;
    Object.assign(trace, { kind, rate, pages: this.pagesAt(from), sites: this.sites });
    const births: number[] = [];
    for (const { address, size, born } of before) {
      births.push(born);
      trace.push(Kind.Allocate, address, size, 0);
      const sample = sampled.get(address);
      if (sample === undefined) continue;
      births.push(born);
      trace.push(sample.head, address, sample.size, sample.site);
    }
    for await (const { words } of this.parts(from, to)) {
      trace.append(words);
      for (let i = 0; i < words.length; i += RECORD_WORDS) if ((words[i]! & 0xff) === Kind.Lost) trace.lost += words[i + 2]!;
    }
    return { trace, births };
  }

  private pagesAt(record: number): number {
    const { at, pages } = this.course;
    let found = this.header.pages;
    for (const [i, point] of at.entries()) if (point < record) found = pages[i]!;
    return found;
  }

  /** Returns what is live before a record. O(records from the moment that is kept before it). */
  private async liveAt(record: number): Promise<LiveTable> {
    const moment = this.moments.findLast(({ at }) => at <= record);
    const live = moment?.live.copy() ?? new LiveTable();
    for await (const { words, first } of this.parts(moment?.at ?? 0, record)) live.apply(words, first);
    return live;
  }
}

/** Moments at which reading can begin, evenly spread, in bounded memory. */
class Moments {
  all: Moment[] = [];
  private weight = 0;
  private every = PART;

  offer(at: number, live: LiveTable): void {
    if (at % this.every !== 0) return;
    this.all.push({ at, live: live.copy() });
    this.weight += live.weight;
    // Each second goes where they take too much; one large heap is kept in any case.
    while (this.weight > MOST_KEPT && this.all.length > 1) {
      this.every *= 2;
      this.all = this.all.filter((moment) => moment.at % this.every === 0);
      this.weight = this.all.reduce((sum, moment) => sum + moment.live.weight, 0);
    }
  }
}

async function* parts(file: Blob, from: number, to: number): AsyncGenerator<Part> {
  for (let first = from; first < to; first += PART) {
    const end = Math.min(to, first + PART);
    const bytes = await file.slice(File.bytes + first * RECORD, File.bytes + end * RECORD).arrayBuffer();
    yield { words: new Uint32Array(bytes), first };
  }
}
