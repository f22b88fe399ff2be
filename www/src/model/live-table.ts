import { Head, Kind, RECORD_WORDS } from "../wire/trace-layout";
import type { Survivor } from "./trace";

/** Entries at the start; a power of two, as always. */
const FIRST = 1024;

/**
 * The blocks that are live in the course of a recording of any length: their sizes, and the records that gave them.
 *
 * A block from before a loss may have been freed in it. Such blocks are kept apart and are not counted as live.
 */
export class LiveTable {
  /** An address, 0 for none, and what is known of its block. */
  private keys = new Uint32Array(FIRST);
  private sizes = new Uint32Array(FIRST);
  private births = new Float64Array(FIRST);
  private used = 0;
  /** The record from which on nothing is missing. */
  private since = 0;
  /** Live blocks and their bytes. */
  blocks = 0;
  bytes = 0;

  /** The number of blocks that were live before a loss, and may be. */
  get unsure(): number {
    return this.used - this.blocks;
  }

  /** Does what whole records say, the first of which has the number `first`. Refused operations change nothing. */
  apply(words: Uint32Array, first: number): void {
    for (let i = 0; i < words.length; i += RECORD_WORDS) this.record(words, i, first + i / RECORD_WORDS);
  }

  /** Does what one record says, which begins at a word. */
  record(words: Uint32Array, at: number, index: number): void {
    const address = words[at + 1]!;
    switch (Head.kind(words[at]!)) {
      case Kind.Allocate:
      case Kind.Zeroed:
        if (address !== 0) this.begin(address, words[at + 2]!, index);
        break;
      case Kind.Deallocate:
        this.end(address);
        break;
      case Kind.Reallocate:
        if (address === 0) break;
        this.end(words[at + 3]!);
        this.begin(address, words[at + 2]!, index);
        break;
      case Kind.Lost:
        this.since = index;
        this.blocks = this.bytes = 0;
    }
  }

  begin(address: number, size: number, born: number): void {
    if (this.used * 2 >= this.keys.length) this.widen();
    const at = this.find(address);
    if (this.keys[at] === 0) this.used++;
    else this.uncount(at);
    this.put(at, address, size, born);
    if (born >= this.since) {
      this.blocks++;
      this.bytes += size;
    }
  }

  end(address: number): void {
    let hole = this.find(address);
    if (address === 0 || this.keys[hole] === 0) return;
    this.uncount(hole);
    this.used--;
    // Each block behind the hole moves up, so that it is still found.
    const mask = this.keys.length - 1;
    for (let at = (hole + 1) & mask; this.keys[at] !== 0; at = (at + 1) & mask) {
      const home = this.home(this.keys[at]!);
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      this.put(hole, this.keys[at]!, this.sizes[at]!, this.births[at]!);
      hole = at;
    }
    this.keys[hole] = 0;
  }

  /** Returns a table of its own with the same blocks. */
  copy(): LiveTable {
    const copy = new LiveTable();
    copy.keys = this.keys.slice();
    copy.sizes = this.sizes.slice();
    copy.births = this.births.slice();
    copy.used = this.used;
    copy.since = this.since;
    copy.blocks = this.blocks;
    copy.bytes = this.bytes;
    return copy;
  }

  /** Bytes of memory that the table takes. */
  get weight(): number {
    return this.keys.length * 16;
  }

  /** Returns the live blocks, the oldest first; those that only may be live are left out. */
  survivors(): Survivor[] {
    const all: Survivor[] = [];
    this.forEach((block) => all.push(block));
    return all.sort((a, b) => a.born - b.born);
  }

  /** Visits the same blocks in no order. */
  forEach(visit: (block: Survivor) => void): void {
    const { keys, sizes, births, since } = this;
    for (let at = 0; at < keys.length; at++) {
      if (keys[at] !== 0 && births[at]! >= since) visit({ address: keys[at]!, size: sizes[at]!, born: births[at]! });
    }
  }

  private uncount(at: number): void {
    if (this.births[at]! < this.since) return;
    this.blocks--;
    this.bytes -= this.sizes[at]!;
  }

  private put(at: number, address: number, size: number, born: number): void {
    this.keys[at] = address;
    this.sizes[at] = size;
    this.births[at] = born;
  }

  private home(address: number): number {
    return Math.imul(address >>> 2, 0x9e3779b1) >>> (Math.clz32(this.keys.length) + 1);
  }

  /** Returns where an address is, or where there is room for it. */
  private find(address: number): number {
    const { keys } = this;
    const mask = keys.length - 1;
    let at = this.home(address);
    while (keys[at] !== 0 && keys[at] !== address) at = (at + 1) & mask;
    return at;
  }

  private widen(): void {
    const { keys, sizes, births } = this;
    this.keys = new Uint32Array(keys.length * 2);
    this.sizes = new Uint32Array(keys.length * 2);
    this.births = new Float64Array(keys.length * 2);
    for (const [at, address] of keys.entries()) if (address !== 0) this.put(this.find(address), address, sizes[at]!, births[at]!);
  }
}
