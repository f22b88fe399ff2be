/** One moment of one heap, decoded. Everything that is drawn or counted comes from this. */

/**
 * The use of a range of addresses. `Fresh` is free and known to be zero; `Waiting` is free, kept in
 * a quick list as it was, and merged with its free neighbours before the heap grows; `Unknown` is
 * memory of a heap that keeps no record of its live blocks. `Slab` stands only in `Snapshot.units`. Outside of heaps that
 * were found by search, `Stack` and `Static` are the parts that the module's file tells of, `Data` is other memory that something was
 * written to, and `Unused` is memory that was grown and never used.
 */
export const State = { Live: 0, Free: 1, Meta: 2, Gap: 3, Fresh: 4, Unknown: 5, Slab: 6, Waiting: 7, Data: 8, Unused: 9, Stack: 10, Static: 11 } as const;
export type State = (typeof State)[keyof typeof State];
export const STATES = 12;

export const isFree = (state: number): boolean =>
  state === State.Free || state === State.Fresh || state === State.Waiting;

/** Blocks in address order, as columns: a heap may have a million of them. */
export class Blocks {
  address: Uint32Array;
  size: Uint32Array;
  state: Uint8Array;
  /** Index into `Snapshot.slabs` of the slab that holds the block, or -1. */
  slab: Int32Array;
  count = 0;

  constructor(capacity = 256) {
    this.address = new Uint32Array(capacity);
    this.size = new Uint32Array(capacity);
    this.state = new Uint8Array(capacity);
    this.slab = new Int32Array(capacity);
  }

  push(address: number, size: number, state: State, slab = -1): void {
    if (this.count === this.address.length) this.widen();
    const i = this.count++;
    this.address[i] = address;
    this.size[i] = size;
    this.state[i] = state;
    this.slab[i] = slab;
  }

  /** Lengthens the last block if it is of the same state and ends where this one begins. */
  extend(address: number, size: number, state: State): void {
    const i = this.count - 1;
    if (i >= 0 && this.state[i] === state && this.end(i) === address) this.size[i]! += size;
    else this.push(address, size, state);
  }

  end(index: number): number {
    return this.address[index]! + this.size[index]!;
  }

  /** Index of the block that contains the address, or -1. */
  find(address: number): number {
    const i = this.lowerBound(address);
    return i >= 0 && address < this.end(i) ? i : -1;
  }

  /** Index of the last block that begins at or below the address, or -1. */
  lowerBound(address: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const mid = (low + high) >>> 1;
      if (this.address[mid]! <= address) low = mid + 1;
      else high = mid;
    }
    return low - 1;
  }

  private widen(): void {
    const length = this.address.length * 2;
    const copy = <T extends Uint32Array | Uint8Array | Int32Array>(to: T, from: T): T => {
      to.set(from);
      return to;
    };
    this.address = copy(new Uint32Array(length), this.address);
    this.size = copy(new Uint32Array(length), this.size);
    this.state = copy(new Uint8Array(length), this.state);
    this.slab = copy(new Int32Array(length), this.slab);
  }
}

/**
 * Visits the free pieces in address order, each as large as the heap can make it: a block that waits
 * counts as one with the free blocks beside it.
 */
export function eachFree(blocks: Blocks, visit: (size: number, address: number) => void): void {
  const { state, size, address, count } = blocks;
  for (let i = 0; i < count; ) {
    if (!isFree(state[i]!)) {
      i++;
      continue;
    }
    let piece = size[i]!;
    const at = address[i]!;
    let next = i + 1;
    for (; next < count && isFree(state[next]!); next++) {
      if (state[next] !== State.Waiting && state[next - 1] !== State.Waiting) break;
      piece += size[next]!;
    }
    visit(piece, at);
    i = next;
  }
}

export interface Slab {
  readonly address: number;
  readonly size: number;
  /** Index into `Snapshot.classes`. */
  readonly class: number;
  readonly used: number;
  readonly capacity: number;
  /** Bytes that hold no block: header, and the tail that no block fits in. */
  readonly overhead: number;
}

/** A list of free blocks of one size: a tiny heap's class, or a quick list of a heap. */
export interface FreeList {
  readonly size: number;
  readonly free: number;
}

export type HeapKind = "bump" | "buddy" | "slab" | "tiny" | "heap" | "foreign";

/** The result of a search in a memory. */
export interface Found {
  readonly heaps: readonly {
    readonly allocator: string;
    /** No accident, and no damage; see the formats. */
    readonly certain: boolean;
    /** The number of live blocks is known, not estimated. */
    readonly sized: boolean;
    readonly live: number;
  }[];
  /** Pages of the memory; those that are partly heap count as heap. */
  readonly pages: { readonly all: number; readonly data: number; readonly heap: number; readonly unused: number };
}

export interface Snapshot {
  readonly kind: HeapKind;
  /** Bytes obtained; `null` where the heap does not count them. */
  readonly committed: number | null;
  /** Bytes of the linear memory that the heap was read from. */
  readonly memory: number;
  /** The number of times that memory grew; `null` where nobody counts. */
  readonly growths: number | null;
  /** The addresses that `blocks` tiles: `start .. end`. */
  readonly start: number;
  readonly end: number;
  readonly blocks: Blocks;
  /** Buddy and slab heaps: the buddy's own blocks, a slab as one block. */
  readonly units: Blocks | null;
  /** Smallest size of a unit, in bytes. */
  readonly granule: number;
  /** The origin of alignment: units stand at multiples of their size from here. */
  readonly base: number;
  readonly slabs: readonly Slab[];
  /** Block size of each class. */
  readonly classes: readonly number[];
  /** Tiny: every class; heap: the quick lists that are not empty. */
  readonly lists: readonly FreeList[];
  /** Heaps of other allocators, of the kind `foreign`. */
  readonly found?: Found | undefined;
}
