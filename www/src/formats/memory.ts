import { copier, PIECE, sieveOf, type Copier, type Sieve } from "./sieve";

/** The memory that is searched: a running module's memory, which need not be copied, or bytes. */
export type Source = WebAssembly.Memory | ArrayBufferLike;

/** The last address that the sieve counts with, and one more. */
const MOST = 2 ** 32 - 16;

/** Groups of a page that may lead nowhere before the rest of it is looked at for the first chunks of segments only. */
export const Tries = { some: 32, all: 2 ** 16 } as const;
export type Tries = (typeof Tries)[keyof typeof Tries];

/** One moment of a memory. Growth detaches buffers, so each reading makes one. */
export class Memory {
  readonly buffer: ArrayBufferLike;
  readonly words: Uint32Array;
  /** In bytes, whole words only. */
  readonly length: number;
  private imported: Sieve | null | undefined;

  constructor(private readonly source: Source) {
    this.buffer = "buffer" in source ? source.buffer : source;
    const count = Math.floor(this.buffer.byteLength / 4);
    this.words = new Uint32Array(this.buffer, 0, count);
    this.length = 4 * count;
  }

  /** The word at an address; 0 where there is no whole word. */
  word(address: number): number {
    return address >= 0 && address + 4 <= this.length && address % 4 === 0 ? this.words[address / 4]! : 0;
  }

  /**
   * The next 16 bytes of `from .. to` that may begin a heap, with `Mark`s in the low bits; else `to`. All in steps of 16. In a page
   * that led nowhere as often as `tries` says, of chunks only those are looked at that begin a segment.
   */
  mayBegin(from: number, to: number, tries: Tries): number {
    const length = Math.min(this.length, MOST);
    return this.pass(from, to, ({ sieve }, at, end, base, size) => sieve(at, end, base, size, length, tries));
  }

  /** The address of the next 16 bytes of `from .. to` with a word of `low` to `high`; else `to`. All in steps of 16. */
  seek(from: number, to: number, low: number, high: number): number {
    return this.pass(from, to, ({ seek }, at, end, base) => seek(at, end, base, low, high - low));
  }

  /** Goes over memory a piece at a time, until something is found: engines make faster code of what is called often. */
  private pass(from: number, to: number, find: (sieve: Sieve, at: number, end: number, base: number, size: number) => number): number {
    this.imported ??= this.source === this.buffer ? null : sieveOf(this.source as WebAssembly.Memory);
    const last = Math.min(to, Math.floor(Math.min(this.length, MOST) / 16) * 16);
    for (let at = from; at < last; ) {
      const base = Math.floor(at / PIECE) * PIECE;
      const end = Math.min(last, base + PIECE);
      const found =
        (this.imported === null
          ? find(this.copied(base), at, end, base, PIECE)
          : find(this.imported, at, end, 0, Math.min(this.length, MOST))) >>> 0;
      if (found !== end) return found;
      at = end;
    }
    return to;
  }

  private copied(base: number): Sieve {
    copies ??= copier();
    if (inCopy.of !== this || inCopy.base !== base) {
      const bytes = new Uint8Array(this.buffer, base, Math.min(PIECE, this.buffer.byteLength - base));
      copies.piece.set(bytes);
      copies.piece.fill(0, bytes.length);
      inCopy = { of: this, base };
    }
    return copies;
  }
}

let copies: Copier | null = null;
/** Which piece of which memory the copier has. */
let inCopy: { readonly of: Memory | null; readonly base: number } = { of: null, base: 0 };
