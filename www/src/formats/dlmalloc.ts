import { Blocks, State } from "../model/snapshot";
import { LEAST_CERTAIN, roundUp, type Heap } from "./format";
import type { Memory } from "./memory";

/**
 * dlmalloc 2.8.6: malloc of Emscripten and wasi-libc, and in its port to Rust the default of std on
 * wasm32-unknown-unknown. Learned from Doug Lea's malloc.c, the crate dlmalloc 0.2, and the
 * configurations of the two C libraries.
 *
 * ```text
 *           chunk                    next chunk
 *  ┌──────────┬─────────────┬───────────┬─────────────┐
 *  │ previous │ size | bits │ the block │ size | bits │   bits: 1 the chunk before is in use
 *  │ foot     │             │ …         │             │         2 this chunk is in use
 *  └──────────┴─────────────┴───────────┴─────────────┘         4 never
 *             +4            +8: what malloc returns
 * ```
 * The block reaches over the next chunk's foot: that word holds this chunk's size only while this
 * chunk is free. A free chunk begins with two links, forward and back. No two free chunks touch.
 *
 * ```text
 *  segment that grows:   chunk chunk … top ┆ fence: size of the rest (40 or 56), no bits ┆
 *  segment left behind:  chunk chunk … record of the segment ┆ 7 7 7 … to its end
 *                                      base, size, next record, flags
 *  chunk that was mapped by itself, at the start of pages (HAVE_MMAP):
 *  offset from the page ┆ size, no bits ┆ the block … ┆ unused ┆ 7 ┆ 0
 * ```
 * A segment is left behind where somebody else grew memory. The state, in static data or in the
 * first chunk, holds base and size of the newest segment, `top` and its size.
 */

const HEAD = 8;
const PAGE = 65536;
const PREVIOUS_LIVE = 1;
const LIVE = 2;
export const FENCE = 7;
/** A chunk has room for two links; the top may have room for none. */
export const SMALLEST = 16;
const SMALLEST_TOP = 8;
/** The least size of a top with no chunk in front: an empty heap has at least most of a page. Less is an accident. */
export const LONE_TOP = 0x8000;

/** The sizes of the foot behind the top, by the alignment of blocks: a record of a segment, and the smallest chunk. */
const FEET = new Map([
  [40, 8],
  [56, 16],
  [88, 32],
]);
export const FOOT_SIZES = [...FEET.keys()];
const RECORDS = new Set([24, 32]);

export interface Segment {
  /** The first chunk, and the byte behind the segment. */
  readonly first: number;
  readonly end: number;
  /** The chunk that is cut when no other fits; 0 in a segment left behind. */
  readonly top: number;
  /** Of a segment left behind: what its record says, and where the record is. */
  readonly base: number;
  readonly record: number;
  readonly next: number;
  readonly chunks: number;
  /** Chunks that no repeated pattern explains. */
  readonly evidence: number;
  /** The alignment of blocks, as far as the end tells. */
  readonly align: number;
  /** Every live chunk carries the same footer (the option FOOTERS). */
  readonly footers: boolean;
}

/** Chunks that a first look follows. */
export const HOPS = 12;

const freed = (words: Uint32Array, next: number, size: number, head: number): boolean =>
  size >= SMALLEST && words[next >>> 2] === size && (head & 7) === LIVE;

/** Addresses that were walked from without success: chains meet, and none is walked twice. */
export class Walked {
  private bits: Uint8Array | null = null;

  constructor(private readonly length: number) {}

  has(at: number): boolean {
    return this.bits !== null && (this.bits[at >>> 6]! & (1 << ((at >>> 3) & 7))) !== 0;
  }

  add(at: number): void {
    this.bits ??= new Uint8Array((this.length >>> 6) + 1);
    this.bits[at >>> 6]! |= 1 << ((at >>> 3) & 7);
  }
}

/** Walks shorter than this are walked again rather than remembered. */
const REMEMBER = 16;

/** Follows chunks from one on to the end of the segment; null where something does not agree. */
export function walk(memory: Memory, first: number, walked: Walked | null, into: Blocks | null = null): Segment | null {
  const { words, length } = memory;
  const size0 = words[(first >>> 2) + 1]! & ~7;
  let at = first;
  let previousLive = true;
  let chunks = 0;
  let evidence = 0;
  let last = size0;
  let footer = 0;
  let footers = true;
  for (;;) {
    if (at + HEAD > length) return null;
    if (walked !== null && chunks > 0) {
      if (walked.has(at)) return null;
      if (chunks > REMEMBER) walked.add(at);
    }
    const head = words[(at >>> 2) + 1]!;
    const size = (head & ~7) >>> 0;
    if (((head & PREVIOUS_LIVE) !== 0) !== previousLive || (head & 4) !== 0 || size < SMALLEST_TOP) return null;
    const next = at + size;
    if (next + HEAD > length) return null;
    const nextHead = words[(next >>> 2) + 1]!;
    const live = (head & LIVE) !== 0;
    if (size !== last) evidence++;
    last = size;
    chunks++;
    if (live) {
      if (size < SMALLEST) return null;
      const foot = words[next >>> 2]!;
      if (footer === 0) footer = foot;
      if (foot !== footer) footers = false;
      if (nextHead === FENCE && RECORDS.has(size)) {
        const closed = leftBehind(memory, { first, at, next });
        if (closed === null) return null;
        into?.push(at + HEAD, closed.end - at - HEAD, State.Meta);
        return { ...closed, chunks, evidence, footers: footers && footer !== 0 };
      }
      into?.push(at + HEAD, size, State.Live);
    } else {
      const align = FEET.get(nextHead);
      if (align !== undefined && next + nextHead <= length) {
        if (chunks === 1 && walked !== null && size < LONE_TOP) return null;
        const end = next + nextHead;
        into?.push(at + HEAD, size, State.Free);
        into?.push(next + HEAD, nextHead - HEAD, State.Meta);
        // The top is no chunk of the chain: it always agrees with itself.
        return {
          first,
          end,
          top: at,
          base: 0,
          record: 0,
          next: 0,
          chunks: chunks - 1,
          evidence,
          align,
          footers: footers && footer !== 0,
        };
      }
      if (!freed(words, next, size, nextHead)) return null;
      evidence++;
      into?.push(at + HEAD, size, State.Free);
    }
    previousLive = live;
    at = next;
  }
}

type Closed = Omit<Segment, "chunks" | "evidence" | "footers">;

/** The end of a segment that was left behind: its record, and fences up to the end that the record names. */
function leftBehind(memory: Memory, { first, at, next }: { first: number; at: number; next: number }): Closed | null {
  const { words, length } = memory;
  const record = at + HEAD;
  const [base, size, older] = [words[record >>> 2]!, words[(record >>> 2) + 1]!, words[(record >>> 2) + 2]!];
  const end = base + size;
  if (base > first || end > length || end < next + HEAD || end - next > 128 || base % 8 !== 0) return null;
  for (let fence = next + 4; fence < end; fence += 4) if (words[fence >>> 2] !== FENCE) return null;
  return { first, end, top: 0, base, record, next: older, align: next - at === 24 ? 8 : 16 };
}

/** The words of a state that matter here. */
interface Found {
  /** The first address of the newest segment. */
  readonly base: number;
  /** The newest record of a segment left behind. */
  readonly next: number;
  readonly at: number;
}

/** `top` and its size stand near base and size of the newest segment: a state has under 128 words. */
const NEAR = 128;

/** Finds the states of segments that grow: base and size that add up to the end, with top and its size near. */
class States {
  private readonly byTop = new Map<number, Segment[]>();
  private readonly found = new Map<Segment, Found>();

  constructor(
    private readonly memory: Memory,
    segments: readonly Segment[],
  ) {
    for (const segment of segments) {
      if (segment.top === 0) continue;
      this.byTop.set(segment.top, [...(this.byTop.get(segment.top) ?? []), segment]);
    }
    if (this.byTop.size === 0) return;
    const tops = [...this.byTop.keys()];
    const low = tops.reduce((a, b) => Math.min(a, b));
    const high = tops.reduce((a, b) => Math.max(a, b));
    // A mspace keeps its state in its first chunk; all others are outside of what they manage.
    for (const { first, end, top } of segments) if (top !== 0) this.search(first, Math.min(end, first + 2048), top, top);
    const inside = segments.filter(({ chunks }) => chunks >= LEAST_CERTAIN);
    // Static data is the first hole, as a rule; what is no accident has a segment that grows.
    const enough = (): boolean => this.found.size > 0 && inside.every((segment) => segment.top === 0 || this.found.has(segment));
    for (const [from, to] of holes(memory, inside)) this.search(from, to, low, high, enough);
    // Static data in front of a heap may look like a chunk that ends at one: then the state is in what seems a block.
    for (const segment of inside) {
      if (segment.top !== 0 && !this.found.has(segment)) this.search(segment.first, segment.top, segment.top, segment.top);
    }
  }

  of(segment: Segment): Found | null {
    return this.found.get(segment) ?? null;
  }

  /** A state names the top of its segment; near that word are base and size. */
  private search(from: number, to: number, low: number, high: number, enough = (): boolean => false): void {
    const end = roundUp(to, 16);
    for (let at = Math.floor(from / 16) * 16; !enough() && (at = this.memory.seek(at, end, low, high)) < end; at += 16) {
      for (let each = at; each < at + 16; each += 4) {
        const segments = this.byTop.get(this.memory.word(each));
        if (segments !== undefined) this.confirm(each >>> 2, segments);
      }
    }
  }

  private confirm(named: number, segments: readonly Segment[]): void {
    const { words } = this.memory;
    const from = Math.max(0, named - NEAR);
    const near = words.subarray(from, named + NEAR);
    for (const segment of segments) {
      const size = (words[(segment.top >>> 2) + 1]! & ~7) >>> 0;
      if (this.found.has(segment) || !near.includes(size)) continue;
      for (let i = 0; i < near.length - 2; i++) {
        const base = near[i]!;
        if (base === 0 || base > segment.top || base + near[i + 1]! !== segment.end) continue;
        this.found.set(segment, { base, next: near[i + 2]!, at: 4 * (from + i) });
        break;
      }
    }
  }
}

/** Returns the address of the first chunk of a segment. */
const firstOf = (base: number, align: number): number => roundUp(base + HEAD, align) - HEAD;

/**
 * Makes heaps of the segments that a search came across, in address order. `whole` where the state of each long one names
 * where its segments begin: else they may have begun in front of where they were found.
 */
export function heaps(memory: Memory, segments: readonly Segment[]): { readonly heaps: Heap[]; readonly whole: boolean } {
  const closed = new Map<number, Segment>();
  // A short segment is found again from chunks within it: the first finding is the whole one.
  for (const segment of segments) if (segment.top === 0 && !closed.has(segment.record)) closed.set(segment.record, segment);
  const states = new States(memory, segments);
  const made: Heap[] = [];
  let whole = true;
  for (const segment of segments) {
    if (segment.top === 0) continue;
    const state = states.of(segment);
    const { chunks, evidence } = segment;
    // What no state confirms may be an accident.
    if (state === null && (chunks < LEAST || evidence < LEAST)) continue;
    const begin = state === null ? null : walk(memory, firstOf(state.base, segment.align), null);
    const first = begin?.end === segment.end && begin.top === segment.top;
    const older = state === null ? [] : olderOf(memory, closed, state.next, segment.align);
    const named = first && complete(older, state?.next ?? 0);
    whole &&= named || chunks < LEAST_CERTAIN;
    const confirmed =
      named ||
      (state === null && evidence >= LEAST_CERTAIN && linked(memory, segment));
    const parts = [first ? begin : segment, ...older].sort((a, b) => a.first - b.first);
    const own = state === null ? NOT_COUNTED : countOf(memory, state, parts);
    const heap = read(memory, parts, { confirmed, state, ...own });
    if (heap !== null) made.push(heap);
  }
  return { heaps: made, whole };
}

/** Chunks that are mapped by themselves, and the word that counts all bytes of segments and of these; 0 if not known. */
interface Counted {
  readonly mapped: readonly number[];
  readonly footprint: number;
}
const NOT_COUNTED: Counted = { mapped: [], footprint: 0 };

/** Returns the bytes that are mapped of a chunk; 0 where none are. Behind it are 16 bytes, of which a fence and nothing are in use. */
function mappedBytes(memory: Memory, chunk: number): number {
  const [offset, size] = [memory.word(chunk), memory.word(chunk + 4)];
  const whole = offset + size + 16;
  if ((size & 7) !== 0 || size < SMALLEST || offset >= 64 || whole % 4096 !== 0 || (chunk - offset) % PAGE !== 0) return 0;
  return memory.word(chunk + size + 4) === FENCE && memory.word(chunk + size + 8) === 0 ? whole : 0;
}

/** Words in front of a state's segment that may count bytes. */
const COUNTS = 6;

/**
 * Looks for chunks that are mapped by themselves. One that was given back may still look like one: those that are
 * found count only if their sum is what the state says.
 */
function countOf(memory: Memory, state: Found, parts: readonly Segment[]): Counted {
  const offset = firstOf(0, parts[0]!.align);
  const found: number[] = [];
  let bytes = 0;
  for (let page = 0; page < memory.length; page += PAGE) {
    const whole = memory.word(page + offset) === offset ? mappedBytes(memory, page + offset) : 0;
    if (whole === 0 || parts.some(({ first, end }) => page + whole > first && page < end)) continue;
    found.push(page + offset);
    bytes += whole;
  }
  const sum = parts.reduce((total, segment) => total + segment.end - baseOf(segment, state), 0);
  const word = (value: number): number => {
    for (let at = state.at - 4 * COUNTS; at < state.at; at += 4) if (memory.word(at) === value) return at;
    return 0;
  };
  const footprint = word(sum + bytes);
  if (found.length > 0 && footprint === 0) return { mapped: word(sum) === 0 ? found.map((chunk) => -chunk) : [], footprint: word(sum) };
  return { mapped: found, footprint };
}

/** All segments that records name were walked, from their first chunk on. */
const complete = (older: readonly Segment[], newest: number): boolean =>
  (older.at(-1)?.next ?? newest) === 0 && older.every(({ first, base, align }) => first === firstOf(base, align));

/** Chunks, and agreements, that a heap without a known state must have to be shown at all. */
const LEAST = 4;

/** Follows the records of segments left behind, each to its first chunk, or as far as the search came across it. */
function olderOf(memory: Memory, closed: ReadonlyMap<number, Segment>, newest: number, align: number): Segment[] {
  const found: Segment[] = [];
  for (let at = newest; at !== 0; ) {
    const begin = walk(memory, firstOf(memory.word(at), align), null);
    const segment = begin?.record === at ? begin : closed.get(at);
    if (segment === undefined || found.some(({ record }) => record === at)) break;
    found.push(segment);
    at = segment.next;
  }
  return found;
}

/** The memory between segments. */
function holes(memory: Memory, segments: readonly Segment[]): (readonly [number, number])[] {
  const found: [number, number][] = [];
  let from = 0;
  for (const { first, end } of segments) {
    if (first > from) found.push([from, first]);
    from = Math.max(from, end);
  }
  found.push([from, memory.length]);
  return found;
}

/** Free chunks are in lists whose links are addresses: a copy of a heap has links that miss. */
function linked(memory: Memory, segment: Segment): boolean {
  const { words } = memory;
  let [good, bad] = [0, 0];
  for (let at = segment.first; at < segment.top; ) {
    const head = words[(at >>> 2) + 1]!;
    const size = (head & ~7) >>> 0;
    if (size < SMALLEST) return false;
    if ((head & LIVE) === 0) {
      const [forward, back] = [memory.word(at + HEAD), memory.word(at + HEAD + 4)];
      if (memory.word(forward + 12) === at && memory.word(back + 8) === at) good++;
      else bad++;
    }
    at += size;
  }
  // One chunk, the last that was split, is in no list.
  return good >= 1 && bad <= 1;
}

/** Returns the start of a segment whose first chunk may stand behind that for its alignment. */
const baseOf = ({ first, base }: Part, state: Found | null): number =>
  base !== 0 ? base : state !== null ? Math.min(state.base, first) : first;

type Part = Pick<Segment, "first" | "base">;

interface Known extends Counted {
  /** The chain agrees with words outside of it. */
  readonly confirmed: boolean;
  readonly state: Found | null;
}

/** Reads a heap whose segments are known; null where one of them is no longer as it was. */
function read(memory: Memory, parts: readonly Part[], known: Known): Heap | null {
  const { state, mapped, footprint } = known;
  const blocks = new Blocks();
  const segments: Segment[] = [];
  let bytes = 0;
  const pieces = [...parts.map((part) => ({ at: part.first, part })), ...mapped.map((chunk) => ({ at: Math.abs(chunk), part: null }))];
  for (const { at, part } of pieces.sort((a, b) => a.at - b.at)) {
    const begin = part === null ? at - memory.word(at) : baseOf(part, state);
    const last = blocks.count - 1;
    if (last >= 0 && begin > blocks.end(last)) blocks.push(blocks.end(last), begin - blocks.end(last), State.Gap);
    blocks.push(begin, at + HEAD - begin, State.Meta);
    if (part === null) {
      const whole = mappedBytes(memory, at);
      if (whole === 0) return null;
      bytes += whole;
      // Of such a block eight bytes are the allocator's; a header of four is counted for each block.
      const size = memory.word(at + 4) - 4;
      blocks.push(at + HEAD, size, mapped.includes(at) ? State.Live : State.Unknown);
      blocks.push(at + HEAD + size, begin + whole - at - HEAD - size, State.Meta);
      continue;
    }
    const index = blocks.count;
    const segment = walk(memory, at, null, blocks);
    if (segment === null) return null;
    // A mspace's state is the first chunk.
    if (state !== null && state.at >= at && state.at < blocks.end(index)) blocks.state[index] = State.Meta;
    segments.push(segment);
    bytes += segment.end - begin;
  }
  const tops = segments.filter(({ top }) => top !== 0);
  const chunks = segments.reduce((sum, segment) => sum + segment.chunks, 0);
  if (tops.length !== 1 || (footprint !== 0 && memory.word(footprint) !== bytes)) return null;
  const footers = chunks >= LEAST_CERTAIN && segments.every((segment) => segment.footers);
  return {
    allocator: "dlmalloc",
    certain: known.confirmed && chunks >= LEAST_CERTAIN,
    start: blocks.address[0]!,
    end: blocks.end(blocks.count - 1),
    blocks,
    header: footers ? 8 : 4,
    sized: true,
    again: (later) => read(later, parts, known),
  };
}
