import { Blocks, State } from "../model/snapshot";
import { LEAST_CERTAIN, type Heap } from "./format";
import type { Memory } from "./memory";

/**
 * emmalloc: the small malloc of Emscripten (`-sMALLOC=emmalloc`). Learned from its source,
 * system/lib/emmalloc.c.
 *
 * ```text
 *  region                                   a free one
 *  ┌──────┬────────────────────┬──────┐     ┌──────┬──────────┬──────┬───┬──────────┐
 *  │ size │ the block …        │ size │     │ size │ previous │ next │ … │ size | 1 │
 *  └──────┴────────────────────┴──────┘     └──────┴──────────┴──────┴───┴──────────┘
 *         +4: what malloc returns
 *
 *  root region (a piece of memory)                            the piece's end
 *  ┌──────┬───────────┬─────────────┬───┬──────┐ region region … ┌────┬─────┬────┐
 *  │ size │ next root │ piece's end │   │ size │                 │ 16 │     │ 16 │
 *  └──────┴───────────┴─────────────┴───┴──────┘                 └────┴─────┴────┘
 * ```
 * A root region is 16 bytes, and more where the region behind it was moved up for its alignment.
 * Lists of free regions are circular, so both links of a free region lead back to it. Roots are a
 * list, the newest first. A piece begins where sbrk says, and ends at any word.
 */

export const SMALLEST = 16;
/** The most bytes that an alignment may add to a root region: more is refused as an accident. */
export const LARGEST_ROOT = 0x20000;

export interface Root {
  readonly start: number;
  readonly end: number;
  readonly next: number;
  readonly regions: number;
}

/** Follows the regions of a piece; null where something does not agree. */
export function walk(memory: Memory, start: number, into: Blocks | null = null): Root | null {
  const { words, length } = memory;
  const end = memory.word(start + 8);
  const size = memory.word(start);
  const sentinel = end - SMALLEST;
  if (end > length || sentinel < start + size || memory.word(start + size - 4) !== size) return null;
  if (memory.word(sentinel) !== SMALLEST || memory.word(end - 4) !== SMALLEST) return null;
  into?.push(start, size + 4, State.Meta);
  let regions = 0;
  let at = start + size;
  for (let wasFree = false; at < sentinel; regions++) {
    const bytes = words[at >>> 2]!;
    if (bytes < SMALLEST || (bytes & 3) !== 0 || at + bytes > sentinel) return null;
    const ceiling = words[((at + bytes) >>> 2) - 1]!;
    const free = (ceiling & 1) !== 0;
    if (((ceiling & ~1) >>> 0) !== bytes || (free && wasFree)) return null;
    if (free && (memory.word(memory.word(at + 4) + 8) !== at || memory.word(memory.word(at + 8) + 4) !== at)) return null;
    into?.push(at + 4, bytes, free ? State.Free : State.Live);
    wasFree = free;
    at += bytes;
  }
  if (at !== sentinel) return null;
  into?.push(sentinel + 4, SMALLEST - 4, State.Meta);
  return { start, end, next: memory.word(start + 4), regions };
}

/** Makes heaps of the pieces that a search came across: those that are in one list are one heap. */
export function heaps(memory: Memory, roots: readonly Root[]): Heap[] {
  const byStart = new Map(roots.map((root) => [root.start, root]));
  const followed = new Set(roots.map(({ next }) => next));
  const made: Heap[] = [];
  for (const newest of roots) {
    if (followed.has(newest.start)) continue;
    const list: Root[] = [];
    for (let root: Root | undefined = newest; root !== undefined && !list.includes(root); root = byStart.get(root.next)) {
      list.push(root);
    }
    const heap = read(
      memory,
      list.map(({ start }) => start).sort((a, b) => a - b),
      list[list.length - 1]!.next === 0,
    );
    if (heap !== null) made.push(heap);
  }
  return made;
}

/** Reads a heap whose pieces are known; `whole` where their list has an end. */
function read(memory: Memory, starts: readonly number[], whole: boolean): Heap | null {
  const blocks = new Blocks();
  const nexts = new Set<number>();
  let regions = 0;
  for (const start of starts) {
    const last = blocks.count - 1;
    if (last >= 0 && start > blocks.end(last)) blocks.push(blocks.end(last), start - blocks.end(last), State.Gap);
    const root = walk(memory, start, blocks);
    if (root === null) return null;
    nexts.add(root.next);
    regions += root.regions;
  }
  return {
    allocator: "emmalloc",
    certain: whole && regions >= LEAST_CERTAIN,
    start: blocks.address[0]!,
    end: blocks.end(blocks.count - 1),
    blocks,
    header: 8,
    sized: true,
    again: (later) => read(later, starts, whole),
  };
}
