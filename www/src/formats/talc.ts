import { Blocks, State } from "../model/snapshot";
import { LEAST_CERTAIN, roundUp, type Heap } from "./format";
import type { Memory } from "./memory";

/**
 * talc 5, on its sources for WebAssembly and over arenas. Learned from the crate talc 5.1.1.
 *
 * ```text
 *  live chunk                    gap
 *  ┌────────────────┬─────┐      ┌──────┬───────────────┬─────┬──────┬───┬──────┐
 *  │ the block …    │ tag │      │ next │ who points    │ bin │ size │ … │ size │
 *  └────────────────┴─────┘      └──────┴─here──────────┴─────┴──────┴───┴──────┘
 *  at a multiple of 16           a gap of 16 bytes has one word for both sizes
 *
 *  tag: 1 live, 2 the chunk behind is a gap, 4 the base of a piece, 8 the end of a piece
 *
 *  first piece: heads of the lists (63 or 64 words), tag, chunks …; others: 12 bytes, tag, chunks …
 *
 *  state, in static data: the address of the lists, a map of them, and the end of the last piece (`WasmGrowAndExtend`)
 * ```
 * Gaps are known exactly: each has its size twice, and is in a list. A live chunk has no size, for
 * Rust tells it when it frees: neighbours are told apart by what can be a tag between them, which
 * the contents of a block may look like. So live bytes are right, and the number of live blocks is
 * an estimate.
 */

export const UNIT = 16;
const PAGE = 65536;
const END = 8;
const ABOVE_FREE = 2;
/** Numbers of lists that talc's own sources come with, the most usual first. */
const LISTS = [64, 63, 32, 31, 128, 127];
export const MOST_LISTS = 128;

const sizeAt = (memory: Memory, at: number): number => (memory.word(at + 12) & ~END) >>> 0;

function isGap(memory: Memory, at: number): boolean {
  const size = sizeAt(memory, at);
  if (size < UNIT || size % UNIT !== 0 || at % UNIT !== 0) return false;
  if (((memory.word(at + size - 4) & ~END) >>> 0) !== size) return false;
  if (memory.word(memory.word(at + 4)) !== at) return false;
  const next = memory.word(at);
  if (next !== 0 && memory.word(next + 4) !== at) return false;
  const below = memory.word(at - 4);
  return (below & 3) === 3 && below < 16;
}

/** Finds heaps by their gaps. One for each memory: it remembers where it looked in vain. */
export class Search {
  private readonly failed = new Set<number>();
  /** Steps back to the heads of lists, in all: a memory made to slow the search down ends it. */
  private steps = 1_000_000;

  constructor(private readonly memory: Memory) {}

  /** The heap that a gap belongs to. */
  probe(at: number): Heap | null {
    const { memory } = this;
    if (!isGap(memory, at)) return null;
    const bin = memory.word(at + 8);
    let link = memory.word(at + 4);
    while (this.steps-- > 0 && isGap(memory, link) && memory.word(link + 8) === bin) link = memory.word(link + 4);
    const lists = link - 4 * bin;
    if (this.steps <= 0 || lists < 0 || this.failed.has(lists)) return null;
    for (const count of LISTS) {
      const heap = read(memory, lists, count, stateOf(memory, lists));
      if (heap !== null) return heap;
    }
    this.failed.add(lists);
    return null;
  }
}

/** Words that a state has on each side of the address of its lists, at most. */
const NEAR = 4;

/** Returns the addresses of words in front of a heap that name its lists. */
function stateOf(memory: Memory, lists: number): number[] {
  const found: number[] = [];
  for (let at = 0; (at = memory.seek(at, lists, lists, lists)) < lists; at += UNIT) {
    for (let word = at; word < at + UNIT; word += 4) if (memory.word(word) === lists) found.push(word);
  }
  return found;
}

/** Returns the end of the last piece as the state tells it; 0 where nothing tells, or more than one word may. */
function endOf(memory: Memory, states: readonly number[], lastGap: number): number {
  const ends = new Set<number>();
  for (const state of states) {
    for (let at = state - 4 * NEAR; at <= state + 4 * NEAR; at += 4) {
      const end = memory.word(at);
      if (end % PAGE === 0 && end >= lastGap && end > state && end <= memory.length && (end === lastGap || (memory.word(end - 4) & ~END) >>> 0 === 1)) ends.add(end);
    }
  }
  return ends.size === 1 ? [...ends][0]! : 0;
}

function read(memory: Memory, lists: number, count: number, states: readonly number[]): Heap | null {
  const gaps = gapsOf(memory, lists, count);
  const first = roundUp(lists + 4 * count + 4, UNIT);
  const tag = memory.word(first - 4);
  if (gaps === null || (tag & ~(ABOVE_FREE | END)) !== 1) return null;
  const blocks = new Blocks();
  blocks.push(lists, first - lists, State.Meta);
  let at = first;
  for (const gap of gaps) {
    at = readLive(memory, at, gap, false, blocks);
    if (at !== gap) return null;
    blocks.push(gap, sizeAt(memory, gap), State.Free);
    at = gap + sizeAt(memory, gap);
  }
  const lastGap = at;
  const end = gaps.length === 0 ? 0 : endOf(memory, states, lastGap);
  at = readLive(memory, at, end === 0 ? memory.length : end, end === 0, blocks);
  return {
    allocator: "talc",
    // Pieces end with a page. What seems live further on may be somebody else's, where nothing tells the end.
    certain: gaps.length > 0 && blocks.count >= LEAST_CERTAIN && (end !== 0 || at <= roundUp(lastGap, PAGE)),
    start: lists,
    end: at,
    blocks,
    header: 4,
    sized: false,
    again: (later) => read(later, lists, count, states),
  };
}

/** The gaps in all lists, by address; null where a list does not agree. A list that agrees has no circle. */
function gapsOf(memory: Memory, lists: number, count: number): number[] | null {
  const gaps: number[] = [];
  for (let bin = 0; bin < count; bin++) {
    for (let link = lists + 4 * bin, at = memory.word(link); at !== 0; link = at, at = memory.word(at)) {
      if (memory.word(at + 4) !== link || memory.word(at + 8) !== bin || !isGap(memory, at)) return null;
      gaps.push(at);
    }
  }
  gaps.sort((a, b) => a - b);
  for (let i = 1; i < gaps.length; i++) if (gaps[i - 1]! + sizeAt(memory, gaps[i - 1]!) > gaps[i]!) return null;
  return gaps;
}

/** Steps without a tag, after which the next word that may be one is sought. */
const LEAP = 256;

/** Live chunks up to a gap, or to the end of the last piece; tells where they end. */
function readLive(memory: Memory, from: number, to: number, last: boolean, blocks: Blocks): number {
  const { words } = memory;
  let begin = from;
  let untagged = 0;
  for (let at = from; at < to; ) {
    // Memory behind the last gap may be long, and empty.
    if (last && ++untagged > LEAP) {
      untagged = 0;
      at = memory.seek(at, to, 1, 1 | END);
      if (at >= to) break;
    }
    at += UNIT;
    const tag = words[(at >>> 2) - 1]!;
    const base = at % PAGE === UNIT && (tag === 5 || tag === 7);
    if (tag >= 1 && tag <= (1 | END)) untagged = 0;
    if (base) {
      // The base of a further piece: what is not told apart before it is somebody else's.
      if (at - UNIT > begin) blocks.push(begin, at - UNIT - begin, State.Gap);
      blocks.push(at - UNIT, UNIT, State.Meta);
      begin = at;
    } else if (tag === 1 || tag === (1 | END) || (at === to && !last)) {
      blocks.push(begin, at - begin, State.Live);
      begin = at;
      if (last && at % PAGE === 0 && !goesOn(words, at, to)) return at;
    }
  }
  return begin;
}

/** A tag stands somewhere in the next page. */
function goesOn(words: Uint32Array, at: number, to: number): boolean {
  for (let next = at + UNIT; next <= Math.min(to, at + PAGE); next += UNIT) if (words[(next >>> 2) - 1] === 1) return true;
  return false;
}
