import { fileHeader, sitesBytes } from "../model/trace-file";
import { Kind, RECORD_WORDS } from "../wire/trace-layout";
import type { Store } from "./store";
import type { Sink } from "./tap";

/** Records in a segment: eight megabytes. */
const SEGMENT = 524_288;
/** Segments that wait for a slow store before some are lost: a quarter of a gigabyte. */
const MOST_WAITING = 32;

/** The facts on a recording that its header has. */
export interface About {
  /** The allocator, numbered as in docs/heap-layout.md; 0 if unknown. */
  readonly kind: number;
  /** Pages of linear memory at the start. */
  readonly pages: number;
  /** Bytes between two samples of call sites; 0 if there are none. */
  readonly rate: number;
}

/** Segments that a store could not keep are null. */
interface Waiting {
  readonly words: Uint32Array<ArrayBuffer> | null;
  readonly records: number;
}

/**
 * Writes a recording of any length into a store, as a trace (docs/trace-format.md). What the store cannot keep is marked
 * in its place as lost.
 */
export class TraceWriter implements Sink {
  /** Records that are in the file, or on their way. */
  records = 0;
  /** Records that are missing. */
  lost = 0;
  private segment: Uint32Array<ArrayBuffer>;
  private filled = 0;
  private readonly queue: Waiting[] = [];
  private writing: Promise<void> | null = null;
  /** The reason why the file could not be ended, or "". */
  failure = "";
  /** Records that are missing before the next segment. */
  private gap = 0;

  constructor(
    private readonly store: Store,
    private readonly about: About,
    /** The call sites, as they are at the end. */
    private readonly sites: readonly (readonly string[])[] = [],
    private readonly size = SEGMENT,
  ) {
    this.segment = new Uint32Array(size * RECORD_WORDS);
  }

  /** The number of records, those included that wait for their segment to be full. */
  get total(): number {
    return this.records + this.filled / RECORD_WORDS;
  }

  append(records: Uint32Array): void {
    for (let from = 0; from < records.length; ) {
      const part = records.subarray(from, from + this.segment.length - this.filled);
      this.segment.set(part, this.filled);
      this.filled += part.length;
      from += part.length;
      if (this.filled === this.segment.length) this.flush();
    }
    for (let i = 0; i < records.length; i += RECORD_WORDS) if ((records[i]! & 0xff) === Kind.Lost) this.lost += records[i + 2]!;
  }

  /** Ends the recording. The store has all of it when this returns, unless it answers with promises. */
  async finish(): Promise<Blob> {
    this.flush();
    while (this.writing !== null) await this.writing;
    const end = this.gap === 0 ? new Uint8Array() : bytesOf(this.lostRecord());
    const sites = sitesBytes(this.sites);
    const tail = new Uint8Array(end.length + sites.length);
    tail.set(end);
    tail.set(sites, end.length);
    try {
      return await this.store.finish(fileHeader({ ...this.about, records: this.records, lost: this.lost, sites: sites.length }), tail);
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
      throw error;
    }
  }

  /** Ends it, and keeps nothing. */
  async discard(): Promise<void> {
    this.queue.length = 0;
    while (this.writing !== null) await this.writing;
    await this.store.discard();
  }

  private flush(): void {
    if (this.filled === 0) return;
    const records = this.filled / RECORD_WORDS;
    const words = this.queue.length < MOST_WAITING ? this.segment.subarray(0, this.filled) : null;
    this.records += records;
    this.queue.push({ words, records });
    if (words !== null) this.segment = new Uint32Array(this.size * RECORD_WORDS);
    this.filled = 0;
    if (this.writing === null) this.write();
  }

  /** Hands the segments that wait to the store, one after the other. */
  private write(): void {
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) {
      const { words, records } = next;
      const kept = words === null ? false : this.store.put(this.marked(words));
      if (typeof kept === "boolean") this.settle(kept, words, records);
      else {
        this.writing = kept.catch(() => false).then((done) => {
          this.settle(done, words, records);
          this.writing = null;
          this.write();
        });
        return;
      }
    }
  }

  /** Returns a segment with a mark in front of it for what is missing there. */
  private marked(words: Uint32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    if (this.gap === 0) return bytesOf(words);
    const all = new Uint32Array(RECORD_WORDS + words.length);
    all.set(this.lostRecord());
    all.set(words, RECORD_WORDS);
    return bytesOf(all);
  }

  private lostRecord = (): Uint32Array<ArrayBuffer> => Uint32Array.of(Kind.Lost, 0, Math.min(this.gap, 0xffff_ffff), 0);

  private settle(kept: boolean, words: Uint32Array | null, records: number): void {
    if (kept) {
      this.gap = 0;
      return;
    }
    // One record more for the mark, if there is none yet; marks that were in it count what they said.
    let [missing, marks] = [records, 0];
    for (let i = 0; words !== null && i < words.length; i += RECORD_WORDS) {
      if ((words[i]! & 0xff) !== Kind.Lost) continue;
      marks += words[i + 2]!;
      missing--;
    }
    this.records += (this.gap === 0 ? 1 : 0) - records;
    this.lost += missing;
    this.gap += missing + marks;
  }
}

const bytesOf = (words: Uint32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
