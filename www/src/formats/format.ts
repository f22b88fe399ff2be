import type { Blocks } from "../model/snapshot";
import type { Memory } from "./memory";

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

export const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;
