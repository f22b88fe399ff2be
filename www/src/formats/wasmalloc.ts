import { Blocks, State } from "../model/snapshot";
import { LEAST_CERTAIN, roundUp, type Heap } from "./format";
import type { Memory } from "./memory";

/**
 * wasmalloc 0.1: mimalloc's design for one thread of wasm. Learned from the crate wasmalloc 0.1.1.
 *
 * ```text
 *  page: 64 KiB, or 256 KiB for blocks above 10 KiB, at a multiple of its size
 *  ┌──────┬──────┬──────────┬──────────┬───────┬───────────────────────┬─────────────┬──────┬──────────┐
 *  │ free │ used │ capacity │ reserved │ size  │ first block, zero, bin│ kind, flags │ next │ previous │
 *  └──────┴──────┴──────────┴──────────┴───────┴───────────────────────┴─────────────┴──────┴──────────┘
 *  blocks of one size from `first block` on: `reserved` of them, `capacity` ever linked, the list
 *  `free` has capacity - used of them
 *
 *  map of slices, in static data: a bit for each 64 KiB, two arrays of 8 KiB, base, hint
 *  ┌──────────────┬──────────────┬──────┬──────┐  free: the allocator's, and in no page or run
 *  │ free [1024]  │ zero [1024]  │ base │ hint │  zero: of these, still as memory.grow gave them
 *  └──────────────┴──────────────┴──────┴──────┘
 * ```
 * Blocks above 40 KiB are runs of slices without a header. So two runs that touch are one block here,
 * and pages that somebody else grew are a run, too.
 */

const SLICE = 65536;
const MAP = 8192;
const SMALL = 10 * 1024;
const MEDIUM = 40 * 1024;
const HEADER = 64;

/** The size of the blocks of a bin: steps of 8 to 64, then four a doubling. */
export function binSize(bin: number): number {
  if (bin <= 8) return 8 * bin;
  const quarter = bin + 3;
  return (5 + (quarter & 3)) * 2 ** ((quarter >> 2) - 2) * 8;
}

interface Page {
  readonly at: number;
  readonly bytes: number;
  readonly size: number;
  readonly first: number;
  readonly reserved: number;
  /** Indices of free blocks. */
  readonly free: ReadonlySet<number>;
  readonly capacity: number;
}

function pageAt(memory: Memory, at: number): Page | null {
  const [list, used, capacity, reserved, size] = [0, 4, 8, 12, 16].map((offset) => memory.word(at + offset)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const bin = memory.word(at + 20) >>> 24;
  const first = memory.word(at + 20) & 0xffff;
  const kind = memory.word(at + 24) & 0xff;
  if (bin === 0 || size > MEDIUM || size !== binSize(bin) || kind !== (size > SMALL ? 1 : 0)) return null;
  const bytes = kind === 1 ? 4 * SLICE : SLICE;
  if (at % bytes !== 0 || at + bytes > memory.length) return null;
  if (first !== roundUp(HEADER, Math.min(size & -size, 4096)) || reserved !== Math.floor((bytes - first) / size)) return null;
  if (used > capacity || capacity > reserved || !linked(memory, at)) return null;
  const free = new Set<number>();
  for (let block = list; block !== 0; block = memory.word(block)) {
    const index = (block - at - first) / size;
    if (!Number.isInteger(index) || index < 0 || index >= capacity || free.has(index)) return null;
    free.add(index);
  }
  return free.size === capacity - used ? { at, bytes, size, first, reserved, free, capacity } : null;
}

/** A page is in a queue: what a page that was given back left behind is in none. */
function linked(memory: Memory, at: number): boolean {
  const [next, previous] = [memory.word(at + 28), memory.word(at + 32)];
  return (next === 0 || memory.word(next + 32) === at) && (previous === 0 || memory.word(previous + 28) === at);
}

/** The heap of a memory: pages are at multiples of 64 KiB, so that the search is short. */
export function heaps(memory: Memory): Heap[] {
  const pages: Page[] = [];
  for (let at = 0; at + SLICE <= memory.length; ) {
    const page = pageAt(memory, at);
    if (page !== null) pages.push(page);
    at += page?.bytes ?? SLICE;
  }
  if (pages.length === 0) return [];
  return [heapOf(memory, pages, findMap(memory, pages))];
}

/** Returns the address of the map of slices; -1 where none is found. */
function findMap(memory: Memory, pages: readonly Page[]): number {
  const { words } = memory;
  // The next word from here on that is not zero: a map of nothing looks like any memory that was never used.
  let some = Infinity;
  for (let at = pages[0]!.at - 8; at >= 0; at -= 8) {
    const i = at >>> 2;
    if (words[i] !== 0) some = at;
    else if (words[i + 1] !== 0) some = at + 4;
    if (some < at + MAP && at + 2 * MAP + 8 <= pages[0]!.at && isMap(memory, at, pages)) return at;
  }
  return -1;
}

function isMap(memory: Memory, at: number, pages: readonly Page[]): boolean {
  const { words, length } = memory;
  const hint = words[(at + 2 * MAP + 4) >>> 2]!;
  if (words[(at + 2 * MAP) >>> 2] !== 0 || hint > 1024) return false;
  const slices = length / SLICE;
  const all = words.subarray(at >>> 2, (at + MAP) >>> 2);
  const zero = words.subarray((at + MAP) >>> 2, (at + 2 * MAP) >>> 2);
  const first = all.findIndex((word) => word !== 0);
  // A map without a free slice is all zeros, as much else is.
  if (first < 0 || first < 2 * hint) return false;
  for (let i = 0; i < all.length; i++) {
    if ((zero[i]! & ~all[i]!) !== 0) return false;
    const beyond = slices - 32 * i;
    if (beyond < 32 && (all[i]! >>> Math.max(0, beyond)) !== 0) return false;
  }
  return pages.every((page) => isClear(memory, at, page.at / SLICE, page.bytes / SLICE));
}

const isFree = (memory: Memory, map: number, slice: number): boolean =>
  map >= 0 && (memory.word(map + 4 * (slice >>> 5)) & (1 << (slice & 31))) !== 0;

function isClear(memory: Memory, map: number, from: number, count: number): boolean {
  for (let slice = from; slice < from + count; slice++) if (isFree(memory, map, slice)) return false;
  return true;
}

function heapOf(memory: Memory, pages: readonly Page[], map: number): Heap {
  const blocks = new Blocks();
  const slices = Math.floor(memory.length / SLICE);
  let begin = pages[0]!.at / SLICE;
  for (let slice = 0; slice < begin; slice++) if (isFree(memory, map, slice)) begin = slice;
  let end = begin * SLICE;
  const byAt = new Map(pages.map((page) => [page.at, page]));
  for (let slice = begin; slice < slices; ) {
    const page = byAt.get(slice * SLICE);
    if (page !== undefined) pushPage(blocks, page);
    // Without a map nobody knows what is between pages.
    else blocks.extend(slice * SLICE, SLICE, map < 0 ? State.Unknown : isFree(memory, map, slice) ? State.Free : State.Live);
    slice += (page?.bytes ?? SLICE) / SLICE;
    end = slice * SLICE;
  }
  return {
    allocator: "wasmalloc",
    certain: map >= 0 && blocks.count >= LEAST_CERTAIN,
    start: begin * SLICE,
    end,
    blocks,
    header: 0,
    sized: false,
    again: (later) => heaps(later)[0] ?? null,
  };
}

function pushPage(blocks: Blocks, { at, bytes, size, first, reserved, free, capacity }: Page): void {
  blocks.push(at, first, State.Meta);
  for (let i = 0; i < reserved; i++) {
    blocks.push(at + first + i * size, size, i >= capacity || free.has(i) ? State.Free : State.Live);
  }
  const tail = bytes - first - reserved * size;
  if (tail > 0) blocks.push(at + bytes - tail, tail, State.Meta);
}
