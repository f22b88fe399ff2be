import { expect } from "vitest";
import type { Heap } from "../../component/headless";
import { findHeaps } from "../../src/headless";
import { random } from "../../src/model/random";

/** An allocator of a running module, called from outside. */
export interface Calls {
  readonly memory: WebAssembly.Memory;
  allocate(size: number, align: number): number;
  free(address: number, size: number, align: number): void;
  resize?(address: number, from: number, align: number, to: number): number;
}

interface Block {
  readonly size: number;
  readonly align: number;
}

/**
 * A random program that knows what is live: allocates, frees, resizes, fills what it holds, and grows
 * memory itself now and then, as foreign code does.
 */
export class Program {
  readonly live = new Map<number, Block>();
  private readonly next: (below: number) => number;

  constructor(
    private readonly calls: Calls,
    seed: number,
    private readonly options: { readonly align: readonly number[]; readonly foreign: boolean },
  ) {
    const part = random(seed);
    this.next = (below) => Math.floor(part() * below);
  }

  run(operations: number): void {
    for (let i = 0; i < operations; i++) this.step();
  }

  private step(): void {
    const { calls, live, next, options } = this;
    const what = next(1000);
    if (options.foreign && what === 0) calls.memory.grow(1 + next(3));
    else if (what < 560 || live.size === 0) {
      const align = options.align[next(options.align.length)]!;
      this.take(calls.allocate(this.size(), align), align);
    } else {
      const [address, block] = [...live][next(live.size)]!;
      live.delete(address);
      if (calls.resize === undefined || what < 900) calls.free(address, block.size, block.align);
      else {
        const size = this.size();
        this.keep(calls.resize(address, block.size, block.align, size), { size, align: block.align });
      }
    }
  }

  private wanted = 0;

  private size(): number {
    const { next } = this;
    const kind = next(100);
    this.wanted = kind < 80 ? 1 + next(200) : kind < 98 ? 1 + next(5000) : 1 + next(200_000);
    return this.wanted;
  }

  private take(address: number, align: number): void {
    this.keep(address, { size: this.wanted, align });
  }

  /** Contents have no word that is a tag, a size or an address: each byte has its high bit set. */
  private keep(address: number, block: Block): void {
    expect(address).toBeGreaterThan(0);
    new Uint8Array(this.calls.memory.buffer, address, block.size).fill(0x80 | (address >>> 4));
    this.live.set(address, block);
  }
}

/** The one heap that a memory has. */
export function theHeap(memory: WebAssembly.Memory): Heap {
  const heaps = findHeaps(memory);
  expect(heaps.map(({ allocator }) => allocator)).toHaveLength(1);
  return heaps[0]!;
}

/** Live blocks by address, with their sizes. */
export const liveOf = (heap: Heap): Map<number, number> =>
  new Map(Array.from(heap.blocks()).flatMap(({ address, size, state }) => (state === "live" ? [[address, size]] : [])));

/** Expects a heap to agree with itself: blocks ascend, lie in it, and add up. */
export function expectSound(heap: Heap): void {
  const sums = { live: { blocks: 0, bytes: 0 }, free: { blocks: 0, bytes: 0 } };
  let at = heap.start;
  let largest = 0;
  for (const { address, size, state } of heap.blocks()) {
    if (address < at || size < 0) throw new Error(`block at ${address} of ${size} B begins before ${at}`);
    at = address + size;
    sums[state].blocks++;
    sums[state].bytes += size;
    if (state === "free") largest = Math.max(largest, size);
  }
  expect(at).toBeLessThanOrEqual(heap.end);
  expect({ live: heap.live, free: heap.free }).toEqual(sums);
  expect(heap.largestFree).toBe(largest);
}
