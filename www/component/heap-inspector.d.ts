/** The exports of a module that can be inspected: its memory, and the wasm global of `inspectable!`. */
export interface InspectableExports {
  readonly memory: WebAssembly.Memory;
  readonly BONSAI_HEAP?: WebAssembly.Global | undefined;
}

/** A memory, and where in it the descriptor of a heap stands. */
export interface InspectableMemory {
  readonly memory: WebAssembly.Memory;
  /** Address of the descriptor, in bytes; without it, heaps of other allocators are searched for. */
  readonly descriptor?: number | undefined;
}

export type Inspectable = InspectableExports | InspectableMemory | WebAssembly.Exports;

/** The heap at one look; sizes in bytes. */
export interface Moment {
  /** Counts the moments from 1 on. */
  readonly id: number;
  readonly label: string;
  /** Milliseconds since the first moment. */
  readonly time: number;
  readonly live: number;
  readonly liveBlocks: number;
  readonly free: number;
  readonly freeBlocks: number;
  readonly largestFree: number;
  /** The allocator's own. */
  readonly meta: number;
  readonly committed: number;
  /** The number of times that memory grew; `null` where nobody counts. */
  readonly growths: number | null;
  /** True if the heap keeps a record of live blocks; if not, `live` and `committed` say nothing. */
  readonly tracked: boolean;
  readonly highLive: number;
  readonly highCommitted: number;
}

/** The element `<heap-inspector>`. */
export interface HeapInspectorElement extends HTMLElement {
  /** Milliseconds from one look to the next, also as an attribute; 0, the default: none by itself. */
  interval: number;
  /**
   * Tells what was asked for at a moment, given by its `id`, in bytes by address of the block: what
   * an allocator does not keep, but a trace does. With it, internal fragmentation is known. Called
   * for what is drawn; forgotten by `attach`.
   */
  requested: (moment: number) => ReadonlyMap<number, number>;
  /** The moments seen, the newest last. */
  readonly moments: readonly Moment[];
  /**
   * Points the element at a module, and forgets what was seen of the one before. It never throws:
   * what can't be inspected is said in place of the heap, with what to add.
   */
  attach(source: Inspectable): void;
  /**
   * Reads the heap again: one moment more, under a label that says what the program has just done.
   * Reads memory only, and calls nothing of the module; one pass over the heap's blocks.
   */
  refresh(label: string): void;
  /** To be called where the page changes `color-scheme` by itself. */
  recolor(): void;
}

export declare const HeapInspector: new () => HeapInspectorElement;

declare global {
  interface HTMLElementTagNameMap {
    "heap-inspector": HeapInspectorElement;
  }
}
