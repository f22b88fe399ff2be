import type * as Declared from "../component/headless";
import { ALLOCATORS as NAMES, find } from "./formats/find";
import type { Heap as Read } from "./formats/format";
import type { Source } from "./formats/memory";
import { isFree, State } from "./model/snapshot";

/**
 * The entry point without a page: `@bonsai-alloc/heap-inspector/headless`. Its types are written by
 * hand in component/headless.d.ts; the two constants below hold them against the code.
 */

const stateOf = (state: number): Declared.BlockState | null =>
  state === State.Live ? "live" : isFree(state) ? "free" : null;

export const ALLOCATORS: typeof Declared.ALLOCATORS = NAMES;

export const findHeaps: typeof Declared.findHeaps = (memory) => {
  const source = sourceOf(memory);
  if (source === null) throw new TypeError("findHeaps takes a WebAssembly.Memory, an ArrayBuffer or a SharedArrayBuffer");
  return find(source).map(heapOf);
};

/** Memories and buffers of another frame are taken too. */
function sourceOf(memory: unknown): Source | null {
  switch (Object.prototype.toString.call(memory)) {
    case "[object WebAssembly.Memory]":
    case "[object ArrayBuffer]":
    case "[object SharedArrayBuffer]":
      return memory as Source;
    default:
      return null;
  }
}

function heapOf({ allocator, certain, start, end, blocks, header, sized }: Read): Declared.Heap {
  const live = { blocks: 0, bytes: 0 };
  const free = { blocks: 0, bytes: 0 };
  let largestFree = 0;
  for (let i = 0; i < blocks.count; i++) {
    const state = stateOf(blocks.state[i]!);
    if (state === null) continue;
    const size = blocks.size[i]! - header;
    const tally = state === "live" ? live : free;
    tally.blocks++;
    tally.bytes += size;
    if (state === "free") largestFree = Math.max(largestFree, size);
  }
  return {
    allocator,
    certain,
    start,
    end,
    live,
    free,
    largestFree,
    sized,
    *blocks() {
      for (let i = 0; i < blocks.count; i++) {
        const state = stateOf(blocks.state[i]!);
        if (state !== null) yield { address: blocks.address[i]!, size: blocks.size[i]! - header, state };
      }
    },
  };
}
