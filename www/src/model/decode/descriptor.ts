import type { FreeList, Slab, Snapshot } from "../snapshot";
import type { Reader } from "./reader";

/** All of a snapshot but the memory that it is from. */
export type Heap = Omit<Snapshot, "memory">;

/** The words of a heap that was found, checked as far as all kinds have them. */
export interface Descriptor {
  readonly reader: Reader;
  /** The word of an index. */
  readonly word: (index: number) => number;
  /** The value behind a word that holds an address. */
  readonly behind: (index: number) => number;
  readonly committed: number | null;
  readonly growths: number | null;
}

/** The parts of a snapshot that a kind of heap may lack. */
export const NOTHING = {
  start: 0,
  end: 0,
  units: null,
  granule: 1,
  base: 0,
  slabs: [] as readonly Slab[],
  classes: [] as readonly number[],
  lists: [] as readonly FreeList[],
} as const;

/** Room for so many blocks at most is made before the first is read: a map of garbage seems to hold many. */
export const MOST_AT_ONCE = 2 ** 20;
