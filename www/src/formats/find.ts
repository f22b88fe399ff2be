import * as assemblyscript from "./assemblyscript";
import * as bonsai from "./bonsai";
import * as dlmalloc from "./dlmalloc";
import * as emmalloc from "./emmalloc";
import { LEAST_CERTAIN, Memory, type Heap } from "./format";
import * as talc from "./talc";
import * as wasmalloc from "./wasmalloc";
import { State } from "../model/snapshot";

/** The allocators that `find` looks for, by the names that their users know. */
export const ALLOCATORS = ["bonsai_alloc", "dlmalloc", "emmalloc", "talc", "wasmalloc", "AssemblyScript TLSF"] as const;

/**
 * Looks for the heaps of all known allocators in a memory. One pass over what is no heap, in steps
 * of 16 bytes, and one over the blocks of each heap that is found.
 */
export function find(buffer: ArrayBufferLike): Heap[] {
  const search = new Search(new Memory(buffer));
  search.run();
  return search.heaps();
}

class Search {
  private readonly walked: dlmalloc.Walked;
  private readonly segments: dlmalloc.Segment[] = [];
  private readonly roots: emmalloc.Root[] = [];
  private readonly found: Heap[] = [];
  private readonly talc: talc.Search;
  /** Memory that need not be looked at: pieces of heaps, by address. */
  private readonly skips: [number, number][] = [];

  constructor(private readonly memory: Memory) {
    this.walked = new dlmalloc.Walked(memory.length);
    this.talc = new talc.Search(memory);
  }

  heaps(): Heap[] {
    const { memory } = this;
    const all = [...this.found, ...emmalloc.heaps(memory, this.roots), ...dlmalloc.heaps(memory, this.segments)];
    return withoutOverlaps(all);
  }

  run(): void {
    for (const heap of wasmalloc.heaps(this.memory)) this.keep(heap);
    const last = Math.floor(this.memory.words.length / 4) * 4;
    for (let i = 0; i < last; ) {
      const [from, to] = this.skips.find(([, end]) => end > 4 * i + 15) ?? [Infinity, Infinity];
      if (4 * i + 16 > from) i = Math.max(i + 4, Math.floor(to / 16) * 4);
      else {
        i = sieve(this.memory, i, Math.min(last, Math.floor(from / 16) * 4));
        if (i < Math.min(last, from / 4)) i = Math.max(i + 4, Math.floor(this.probe(i) / 16) * 4);
      }
    }
  }

  /** Tries the formats on 16 bytes that looked like a beginning; tells where the heap ends, or 0. */
  private probe(i: number): number {
    const { memory } = this;
    const at = 4 * i;
    const end = this.segment(at) || this.segment(at + 8) || this.root(at) || this.root(at + 8);
    if (end > 0) return end;
    const heap = assemblyscript.probe(memory, at) ?? this.talc.probe(at) ?? this.described(i);
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
    return segment.chunks >= LEAST_CERTAIN ? segment.end : 0;
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

/**
 * The next 16 bytes that may begin a heap, as an index of words, or `to`. Nearly all time of a search
 * is spent here: it calls nothing that is not inlined.
 */
function sieve({ words, ints, doubles, length }: Memory, from: number, to: number): number {
  for (let i = from; i < to; i += 4) {
    if (doubles[i >>> 1] === 0 && doubles[(i >>> 1) + 1] === 0) continue;
    // Signed words are compared with less work; a negative one is an address or a size above 2 GiB.
    const a = ints[i]!;
    const b = ints[i + 1]!;
    const c = ints[i + 2]!;
    const d = ints[i + 3]!;
    if ((b & 5) === 1 && dlmalloc.mayBegin(words, b >>> 0, 4 * i, length)) return i;
    if ((d & 5) === 1 && dlmalloc.mayBegin(words, d >>> 0, 4 * i + 8, length)) return i;
    if ((a & 3) === 0 && emmalloc.mayBegin(words, a, b, c >>> 0, 4 * i)) return i;
    if ((c & 3) === 0 && i + 4 < to && emmalloc.mayBegin(words, c, d, words[i + 4]!, 4 * i + 8)) return i;
    if ((a & 15) === 12 && assemblyscript.mayBegin(words, a >>> 0, 4 * i)) return i;
    if ((c & ~127) === 0 && talc.mayBegin(words, 4 * i, b >>> 0, d >>> 0)) return i;
    if (a === bonsai.FIRST || b === bonsai.FIRST || c === bonsai.FIRST || d === bonsai.FIRST) return i;
  }
  return to;
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
