import type { Blocks } from "../model/snapshot";

/**
 * What all formats share: how a memory is read, and what a heap in it is.
 *
 * A format finds a heap by consistency: sizes, bits, links and ends must agree over the whole chain.
 * It needs no names and calls nothing.
 */

/** Chains of fewer blocks may be accidents, so a heap of fewer blocks is never certain. */
export const LEAST_CERTAIN = 12;

/** A heap that was found. */
export interface Heap {
  /** The name of the allocator, as its users know it. */
  readonly allocator: string;
  /** The allocator's own words confirm the chain of blocks, and the chain is no accident. */
  readonly certain: boolean;
  /** The first byte of the first piece, and the byte behind the last piece. */
  readonly start: number;
  readonly end: number;
  /**
   * Tiles `start .. end`. A block begins at the address that the allocator returned, and ends where
   * the next one begins: the last `header` bytes of it are the allocator's.
   */
  readonly blocks: Blocks;
  /** Bytes of each live or free block that the allocator needs for itself. */
  readonly header: number;
  /** Sizes of live blocks are known; if not, only their sum is, and neighbours are told apart by guess. */
  readonly sized: boolean;
  /** Reads the same heap again, in time proportional to its blocks; null if it is no longer there as it was. */
  readonly again: (memory: Memory) => Heap | null;
}

/** One moment of a memory. Growth detaches buffers, so each reading makes one. */
export class Memory {
  readonly words: Uint32Array;
  readonly ints: Int32Array;
  readonly bytes: Uint8Array;
  /** Two words each: nothing is 0, or -0. */
  readonly doubles: Float64Array;
  /** In bytes, whole words only. */
  readonly length: number;

  constructor(readonly buffer: ArrayBufferLike) {
    const count = Math.floor(buffer.byteLength / 4);
    this.words = new Uint32Array(buffer, 0, count);
    this.ints = new Int32Array(buffer, 0, count);
    this.doubles = new Float64Array(buffer, 0, Math.floor(buffer.byteLength / 8));
    this.bytes = new Uint8Array(buffer);
    this.length = 4 * count;
  }

  /** The word at an address; 0 where there is no whole word. */
  word(address: number): number {
    return address >= 0 && address + 4 <= this.length && address % 4 === 0 ? this.words[address / 4]! : 0;
  }
}

export const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;
