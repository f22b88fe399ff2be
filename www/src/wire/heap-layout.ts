/**
 * The binary layout of a heap in linear memory: docs/heap-layout.md in names.
 * Nothing else in the page knows a magic number, an offset or a bit of it.
 */

export const MAGIC = 0x534e4f42; // "BONS", little-endian
export const VERSION = 1;
/** Of kind 5; its version 1 is read too. */
export const HEAP_VERSION = 2;
/** Of kind 5 where there are threads: version 2, and shards. */
export const SHARDS_VERSION = 3;
/** The export that a module with `inspectable!` carries; its value is the descriptor's address. */
export const EXPORT = "BONSAI_HEAP";

export const Kind = { Bump: 1, Buddy: 2, Slab: 3, Tiny: 4, Heap: 5 } as const;

/** Indices of the descriptor's words. */
export const Word = {
  magic: 0,
  version: 1,
  kind: 2,
  words: 3,
  committed: 4,
  growths: 5,
} as const;

export const BumpWord = { start: 6, top: 7, end: 8 } as const;
/** A chunk's header: where the chunk before it begins, and where that one's use ended. */
export const Chunk = { previous: 0, previousTop: 4, header: 8 } as const;

export const BuddyWord = { map: 6, entries: 7, origin: 8, granule: 9, capacity: 10 } as const;
export const SlabWord = { classes: 11, sizes: 12 } as const;
export const TinyWord = { heads: 6, classes: 7, largest: 8 } as const;

export const HeapWord = { region: 6, top: 7, end: 8, quick: 9, classes: 10, small: 11 } as const;
export const ShardWord = { shards: 12, count: 13, bytes: 14, lists: 15, latch: 16 } as const;
export const SHARD_WORDS = 17;

/** A shard: its latch, then its lists, each with the address of its first block and a count. */
export const Shard = { latch: 0, lists: 4, list: 8 } as const;
/** The value of a latch while a thread has it. */
export const HELD = 1;
/** The lists of a shard are classes of a heap with this `small`. */
export const SHARD_SMALL = 16;

/** Of version 1 of kind 5. */
export const FirstHeapWord = {
  table: 6,
  origin: 7,
  top: 8,
  end: 9,
  limit: 10,
  newest: 11,
  quick: 12,
  classes: 13,
  small: 14,
} as const;
export const FIRST_HEAP_WORDS = 15;

/** The unit of a heap of kind 5: its positions are numbers of granules from address 0 on. */
export const GRANULE = 16;

/** Two bits a granule, low bits first. */
export const TableBits = {
  perByte: 4,
  /** A block begins here. */
  block: 1,
  /** The first or the last granule of a free run. */
  free: 2,
  at: (byte: number, index: number): number => (byte >>> ((index % 4) * 2)) & 3,
} as const;

/** The record of a region: its first granule, the granules that its table has bits for, the granule of the table. */
export const Region = { origin: 0, cover: 4, table: 8 } as const;

/** The header of a region in version 1: where that of the region before begins, and where that region ended. */
export const FirstRegion = { previous: 0, previousEnd: 4 } as const;

/** The size of the blocks of a class, in granules; `small` as the descriptor has it. */
export function classGranules(index: number, small: number): number {
  if (index <= small) return Math.max(1, index);
  const above = index - small - 1;
  return ((above % 8) + 9) * 2 ** (Math.floor(above / 8) + Math.log2(small) - 3);
}

/** The least number of words of a descriptor, by kind. */
export const WORDS = {
  [Kind.Bump]: 9,
  [Kind.Buddy]: 11,
  [Kind.Slab]: 13,
  [Kind.Tiny]: 9,
  [Kind.Heap]: 12,
} as const;

/** A byte of the buddy map where a block begins. */
export const MapByte = {
  state: (byte: number): number => byte >>> 6,
  order: (byte: number): number => (byte & 0x3f) - 1,
  live: 0,
  free: 1,
  fresh: 2,
  slab: 3,
} as const;

/** Byte offsets in the header of a slab. */
export const SlabHeader = {
  class: 0,
  used: 4,
  fresh: 8,
  free: 12,
  next: 16,
  previous: 20,
  capacity: 24,
  first: 28,
  bytes: 32,
} as const;
