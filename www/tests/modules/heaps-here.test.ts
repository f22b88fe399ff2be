import { describe, expect, it, vi } from "vitest";
import { expectSound, liveOf, Program, theHeap, type Calls } from "../support/truth";
import { findHeaps } from "../../src/headless";
import { workbench } from "../support/modules";
import { merged, recordings } from "../support/recordings";

// Random programs are run, and each heap is decoded after every hundred operations.
vi.setConfig({ testTimeout: 120_000 });

interface Workbench {
  readonly memory: WebAssembly.Memory;
  readonly allocate: (size: number, align: number) => number;
  readonly reallocate: (block: number, size: number, align: number, to: number) => number;
  readonly deallocate: (block: number, size: number, align: number) => void;
}

/** The allocator of a module of the workbench. */
function rust(allocator: string): Calls {
  const exports = new WebAssembly.Instance(workbench(allocator)).exports as unknown as Workbench;
  return {
    memory: exports.memory,
    allocate: (size, align) => exports.allocate(size, align) >>> 0,
    resize: (address, from, align, to) => exports.reallocate(address, from, align, to) >>> 0,
    free: (address, size, align) => {
      exports.deallocate(address, size, align);
    },
  };
}

describe.each([
  { allocator: "dlmalloc", module: "dlmalloc", foreign: false },
  { allocator: "dlmalloc", module: "dlmalloc", foreign: true },
  { allocator: "talc", module: "talc", foreign: false },
  { allocator: "talc", module: "talc", foreign: true },
])("$allocator in a Rust module, foreign growth: $foreign", ({ allocator, module, foreign }) => {
  it.each([1, 2, 3, 4, 5])("is decoded as it was recorded, block for block: seed %i", (seed) => {
    const calls = rust(module);
    const program = new Program(calls, seed, { align: [1, 4, 8, 16, 64], foreign });
    for (let round = 0; round < 30; round++) {
      program.run(100);
      const heap = theHeap(calls.memory);
      expect(heap.allocator).toBe(allocator);
      expectSound(heap);
      const decoded = liveOf(heap);
      for (const [address, { size }] of program.live) {
        if (!(decoded.get(address)! >= size)) expect({ address, size: decoded.get(address) }).toEqual({ address, size });
      }
      expect(decoded.size).toBe(program.live.size);
      // Fewer may be an accident.
      if (program.live.size > 12) expect(heap.certain).toBe(true);
    }
  });
});

describe("wasmalloc in a Rust module", () => {
  it.each([1, 2])("is decoded as it was recorded; runs of slices that touch are one block: seed %i", (seed) => {
    const calls = rust("wasmalloc");
    const program = new Program(calls, seed, { align: [1, 4, 8, 16, 64], foreign: false });
    let certain = 0;
    for (let round = 0; round < 30; round++) {
      program.run(100);
      const heap = theHeap(calls.memory);
      expect(heap.allocator).toBe("wasmalloc");
      expectSound(heap);
      const decoded = [...liveOf(heap)];
      const inPages = (size: number): boolean => size <= 40 * 1024;
      const small = [...program.live].flatMap(([address, { size, align }]) => (inPages(Math.max(size, align)) ? [address] : []));
      expect(decoded.flatMap(([address, size]) => (inPages(size) ? [address] : []))).toEqual(small.sort((a, b) => a - b));
      // The map of slices is not found as long as no slice is free.
      if (!heap.certain) continue;
      certain++;
      for (const [address, { size }] of program.live) {
        const holds = decoded.some(([at, bytes]) => at <= address && address + size <= at + bytes);
        if (!holds) expect({ address, size }).toBe("in a live block");
      }
      const slices = [...program.live.values()].reduce((sum, { size }) => sum + (inPages(size) ? 0 : Math.ceil(size / 65536)), 0);
      const runs = decoded.reduce((sum, [, size]) => sum + (inPages(size) ? 0 : size / 65536), 0);
      expect(runs).toBe(slices);
    }
    expect(certain).toBeGreaterThan(10);
  });
});

describe("a heap of bonsai_alloc, by its descriptor in memory", () => {
  it("is none as long as it has no memory", () => {
    const fresh = recordings().filter(({ blocks }) => blocks.length === 0);
    expect(fresh.map(({ memory }) => findHeaps(memory))).toEqual(fresh.map(() => []));
    expect(fresh).not.toEqual([]);
  });

  it.each(recordings().filter(({ blocks }) => blocks.length > 0))("$name is found, and is as it walked", ({ name, memory, blocks }) => {
    const [heap, ...more] = findHeaps(memory);
    expect(more).toEqual([]);
    expectSound(heap!);
    expect(heap).toMatchObject({ certain: true, allocator: expect.stringMatching(/^bonsai_alloc \w*Heap$/) as unknown });
    // Three words a block: address, size, and 0 live, 1 free.
    const walked = blocks.flatMap((_, i) => (i % 3 === 0 && blocks[i + 2]! < 2 ? blocks.slice(i, i + 3) : []));
    const decoded = Array.from(heap!.blocks(), ({ address, size, state }) => [address, size, state === "free" ? 1 : 0]).flat();
    expect(merged(decoded)).toEqual(merged(walked));
    if (!/^heap3?-/.test(name)) expect(decoded).toEqual(walked);
  });
});
