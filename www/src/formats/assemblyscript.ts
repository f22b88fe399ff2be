import { Blocks, State } from "../model/snapshot";
import { LEAST_CERTAIN, type Heap } from "./format";
import type { Memory } from "./memory";

/**
 * TLSF of AssemblyScript, which its runtimes `incremental` and `minimal` share; the collector of
 * either puts 16 bytes of its own in front of each object, inside the block. Learned from
 * std/assembly/rt/tlsf.ts, version 0.28.
 *
 * ```text
 *  root, at the end of static data
 *  ┌───────┬───────────┬────────────┬──────┐ 12 bytes of nothing
 *  │ flMap │ slMap[23] │ heads[368] │ tail │   block block … tail
 *  └───────┴───────────┴────────────┴──────┘
 *          +4          +96          +1568
 *
 *  block                            a free one
 *  ┌─────────────┬───────────────┐  ┌─────────────┬──────────┬──────┬───┬──────┐
 *  │ size | tags │ the block …   │  │ size | tags │ previous │ next │ … │ back │
 *  └─────────────┴───────────────┘  └─────────────┴──────────┴──────┴───┴──────┘
 *                +4: what __alloc returns
 * ```
 * Tags: 1 the block is free, 2 the block before is free. Size counts from +4, and is 12 more than a
 * multiple of 16. `back` is the block's own address. No two free blocks touch. The tail is a block
 * without room. Where somebody else grew memory a tail without room stays behind, and the next piece
 * begins with the page that was grown.
 */

export const TAIL = 1568;
const FIRST = 1580;
const LEVELS = 23;
const HEADS = 96;
const PAGE = 65536;
const FREE = 1;
const LEFT_FREE = 2;

/** The heap whose root has its tail at an address; null where something does not agree. */
export function probe(memory: Memory, at: number): Heap | null {
  return read(memory, at - TAIL);
}

function read(memory: Memory, root: number): Heap | null {
  const { words, length } = memory;
  const tail = memory.word(root + TAIL);
  if (tail + 4 > length || tail < root + FIRST || !maps(memory, root)) return null;
  const blocks = new Blocks();
  blocks.push(root, FIRST + 4, State.Meta);
  let count = 0;
  let at = root + FIRST;
  for (let leftFree = false; at !== tail; count++) {
    if (at > tail) return null;
    const info = words[at >>> 2]!;
    const size = (info & ~3) >>> 0;
    const free = (info & FREE) !== 0;
    if (((info & LEFT_FREE) !== 0) !== leftFree) return null;
    if (size === 0 && !free) {
      const next = nextPiece(memory, at, tail);
      if (next === 0) return null;
      blocks.push(at + 4, next - at, State.Gap);
      at = next;
      leftFree = false;
      continue;
    }
    const right = at + 4 + size;
    if ((size & 15) !== 12 || right > tail || (free && leftFree)) return null;
    if (free && (words[(right >>> 2) - 1] !== at || !linked(memory, root, at))) return null;
    blocks.push(at + 4, size + 4, free ? State.Free : State.Live);
    leftFree = free;
    at = right;
  }
  if ((words[tail >>> 2]! & ~LEFT_FREE) !== 0) return null;
  return {
    allocator: "AssemblyScript TLSF",
    certain: count >= LEAST_CERTAIN,
    start: root,
    end: tail + 4,
    blocks,
    header: 4,
    sized: true,
    again: (later) => read(later, root),
  };
}

/** Both levels of maps agree: a level is marked where one of its lists is. */
function maps(memory: Memory, root: number): boolean {
  const first = memory.word(root);
  if (first >= 2 ** LEVELS) return false;
  for (let level = 0; level < LEVELS; level++) {
    const second = memory.word(root + 4 + 4 * level);
    if (second >= 2 ** 16 || (second !== 0) !== ((first & (1 << level)) !== 0)) return false;
  }
  return true;
}

/** A free block's links lead back to it, or it is the head of a list. */
function linked(memory: Memory, root: number, at: number): boolean {
  const [previous, next] = [memory.word(at + 4), memory.word(at + 8)];
  if (next !== 0 && memory.word(next + 4) !== at) return false;
  return previous === 0 ? memory.words.subarray((root + HEADS) >>> 2, (root + TAIL) >>> 2).includes(at) : memory.word(previous + 8) === at;
}

/** Returns the address at which the blocks go on behind a tail that stayed behind: 12 bytes into a page. */
function nextPiece(memory: Memory, tail: number, last: number): number {
  for (let page = Math.floor(tail / PAGE + 1) * PAGE; page + 12 < last; page += PAGE) {
    const info = memory.word(page + 12);
    const size = (info & ~3) >>> 0;
    if ((info & LEFT_FREE) === 0 && (size & 15) === 12 && page + 16 + size <= last) return page + 12;
  }
  return 0;
}
