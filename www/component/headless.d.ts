export type BlockState = "live" | "free";

export interface Block {
  /** The address that the allocator returned, or would return. */
  readonly address: number;
  /** Bytes that a caller may use. */
  readonly size: number;
  readonly state: BlockState;
}

export interface Tally {
  readonly blocks: number;
  readonly bytes: number;
}

/** A heap that was found in a memory. Sizes and addresses are in bytes. */
export interface Heap {
  /** One of `ALLOCATORS`; of bonsai_alloc with the name of the heap. */
  readonly allocator: string;
  /**
   * Words outside of the chain of blocks agree with it, and it has a dozen blocks or more. A heap
   * that is not certain may be an accident of the data, damaged, or too small to tell.
   */
  readonly certain: boolean;
  readonly start: number;
  readonly end: number;
  readonly live: Tally;
  readonly free: Tally;
  readonly largestFree: number;
  /**
   * The allocator keeps the size of each live block. If not (talc; runs of pages of wasmalloc), live
   * bytes are right, and the number of live blocks is an estimate.
   */
  readonly sized: boolean;
  /** Live and free blocks in address order. */
  blocks(): Iterable<Block>;
}

/** The allocators whose heaps are searched for. */
export declare const ALLOCATORS: readonly string[];

/**
 * Finds the heaps of known allocators in a memory, without names and without a call into the module.
 * What is returned is the heap as it was at the call; throws a `TypeError` for anything but a memory.
 */
export declare function findHeaps(memory: WebAssembly.Memory | ArrayBuffer | SharedArrayBuffer): Heap[];
