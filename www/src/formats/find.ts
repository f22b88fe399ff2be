import * as assemblyscript from "./assemblyscript";
import * as bonsai from "./bonsai";
import * as dlmalloc from "./dlmalloc";
import * as emmalloc from "./emmalloc";
import { LEAST_CERTAIN, type Heap } from "./format";
import { Memory, Tries, type Source } from "./memory";
import { Mark } from "./sieve";
import * as talc from "./talc";
import * as wasmalloc from "./wasmalloc";
import { State } from "../model/snapshot";

/** The allocators that `find` looks for, by the names that their users know. */
export const ALLOCATORS = ["bonsai_alloc", "dlmalloc", "emmalloc", "talc", "wasmalloc", "AssemblyScript TLSF"] as const;

/**
 * Looks for the heaps of all known allocators in a memory. One pass over what is no heap, in steps
 * of 16 bytes, and one over the blocks of each heap that is found.
 */
export function find(source: Source): Heap[] {
  const memory = new Memory(source);
  const known = wasmalloc.heaps(memory);
  const { heaps, whole } = searched(new Search(memory, known, Tries.some));
  return whole ? heaps : searched(new Search(memory, known, Tries.all)).heaps;
}

/** Searches a whole memory. */
function searched(search: Search): Heaps {
  search.run(0, search.memory.length);
  // A word in front of a heap may pass for a chunk that ends at one: what it hid is searched, too.
  for (let round = 0; round < ROUNDS; round++) {
    const hidden = search.hidden();
    if (hidden.length === 0) break;
    for (const [from, to] of hidden) search.run(from, to);
  }
  return search.heaps();
}

/** The number of searches of memory that something hid; accidents in it may hide more. */
const ROUNDS = 3;

/** Says whether memory that was grown from an address on may have begun a heap, beside those that are known. */
export function begins(memory: Memory, known: readonly Heap[], from: number): boolean {
  const search = new Search(memory, known, Tries.some);
  search.run(from, memory.length);
  return search.heaps().heaps.length > known.length;
}

interface Heaps {
  readonly heaps: Heap[];
  /** None may have begun in front of where it was found. */
  readonly whole: boolean;
}

class Search {
  private readonly walked: dlmalloc.Walked;
  private readonly segments: dlmalloc.Segment[] = [];
  private readonly roots: emmalloc.Root[] = [];
  private readonly found: Heap[] = [];
  private readonly talc: talc.Search;
  /** Memory that need not be looked at: pieces of heaps, by address. */
  private readonly skips: [number, number][] = [];
  /** From where a chain led to where. */
  private jumps: [number, number][] = [];

  constructor(
    readonly memory: Memory,
    known: readonly Heap[],
    private readonly tries: Tries,
  ) {
    this.walked = new dlmalloc.Walked(memory.length);
    this.talc = new talc.Search(memory);
    for (const heap of known) this.keep(heap);
  }

  heaps(): Heaps {
    const { memory } = this;
    const { heaps, whole } = dlmalloc.heaps(memory, this.segments);
    return { heaps: withoutOverlaps([...this.found, ...emmalloc.heaps(memory, this.roots), ...heaps]), whole };
  }

  /** Ranges that chains led over since the last time, and that belong to no heap in the end. */
  hidden(): [number, number][] {
    const { heaps } = this.heaps();
    const found: [number, number][] = [];
    for (const [from, end] of this.jumps) {
      const heap = heaps.find((each) => each.start < end && end <= each.end);
      const to = heap === undefined ? end : Math.min(end, heap.start);
      if (to - from > 32) found.push([from + 16, to]);
    }
    this.jumps = [];
    return found;
  }

  /** Searches from an address on, a multiple of 16. */
  run(from: number, to: number): void {
    const last = Math.floor(to / 16) * 16;
    for (let at = from; at < last; ) {
      const [start, end] = this.skips.find(([, to]) => to > at + 15) ?? [Infinity, Infinity];
      if (at + 16 > start) at = Math.max(at + 16, Math.floor(end / 16) * 16);
      else {
        const end = Math.min(last, Math.floor(start / 16) * 16);
        const found = this.memory.mayBegin(at, end, this.tries);
        const here = Math.floor(found / 16) * 16;
        at = found === end ? end : Math.max(here + 16, Math.floor(this.probe(here, found - here) / 16) * 16);
      }
    }
  }

  /** Tries the formats on 16 bytes that looked like a beginning; tells where the heap ends, or 0. */
  private probe(at: number, marks: number): number {
    const end =
      ((marks & Mark.chunk) === 0 ? 0 : this.segment(at)) ||
      ((marks & Mark.upperChunk) === 0 ? 0 : this.segment(at + 8)) ||
      ((marks & Mark.root) === 0 ? 0 : this.root(at) || this.root(at + 8));
    if (end > 0 || (marks & Mark.other) === 0) return end;
    const heap = assemblyscript.probe(this.memory, at) ?? this.talc.probe(at) ?? this.described(at / 4);
    if (heap !== null) this.keep(heap);
    return 0;
  }

  private described(i: number): Heap | null {
    const at = this.memory.words.subarray(i, i + 4).indexOf(bonsai.FIRST);
    return at < 0 ? null : bonsai.probe(this.memory, 4 * (i + at));
  }

  /** The end of a segment that is long enough to be none by accident, or 0. */
  private segment(at: number): number {
    const segment = dlmalloc.walk(this.memory, at, this.walked);
    if (segment === null) return 0;
    this.segments.push(segment);
    if (segment.chunks < LEAST_CERTAIN) return 0;
    this.jumps.push([Math.floor(at / 16) * 16, segment.end]);
    return segment.end;
  }

  private root(at: number): number {
    const root = emmalloc.walk(this.memory, at);
    if (root === null) return 0;
    this.roots.push(root);
    return root.end;
  }

  private keep(heap: Heap): void {
    this.found.push(heap);
    const { blocks } = heap;
    let from = heap.start;
    for (let i = 0; i <= blocks.count; i++) {
      if (i < blocks.count && blocks.state[i] !== State.Gap) continue;
      const to = i < blocks.count ? blocks.address[i]! : heap.end;
      if (to > from) this.skips.push([from, to]);
      from = i < blocks.count ? blocks.end(i) : to;
    }
    this.skips.sort((x, y) => x[0] - y[0]);
  }
}

/** Two heaps do not share bytes: of those that would, the certain one stays, or the one with more blocks. */
function withoutOverlaps(all: readonly Heap[]): Heap[] {
  const byWorth = [...all].sort((a, b) => Number(b.certain) - Number(a.certain) || b.blocks.count - a.blocks.count);
  const kept: Heap[] = [];
  for (const heap of byWorth) if (!kept.some((other) => overlap(heap, other))) kept.push(heap);
  return kept.sort((a, b) => a.start - b.start);
}

/** Pieces of one heap may lie between pieces of another. */
function overlap(a: Heap, b: Heap): boolean {
  if (a.start >= b.end || b.start >= a.end) return false;
  const [x, y] = [a.blocks, b.blocks];
  for (let i = 0, j = 0; i < x.count && j < y.count; ) {
    const apart = x.state[i] === State.Gap || y.state[j] === State.Gap;
    if (!apart && x.address[i]! < y.end(j) && y.address[j]! < x.end(i)) return true;
    if (x.end(i) <= y.end(j)) i++;
    else j++;
  }
  return false;
}
