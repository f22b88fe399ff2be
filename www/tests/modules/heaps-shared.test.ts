import asc from "assemblyscript/asc";
import { expect, it, vi } from "vitest";
import { findHeaps } from "../../src/headless";
import { workbench } from "../support/modules";
import { expectSound, liveOf, Program, type Calls } from "../support/truth";

vi.setConfig({ testTimeout: 120_000 });

/** The address at which the second module keeps its data. The first one has less. */
const BASE = 4 * 2 ** 20;

/** More than the second module has got by then, so that it grows memory behind the first one's heap. */
const LARGE = 5 * 2 ** 20;

/** Rust on dlmalloc, which exports its memory. */
function rust(): Calls {
  const { memory, allocate, deallocate } = new WebAssembly.Instance(workbench("dlmalloc")).exports as unknown as {
    memory: WebAssembly.Memory;
    allocate: (size: number, align: number) => number;
    deallocate: (at: number, size: number, align: number) => void;
  };
  return { memory, allocate: (size, align) => allocate(size, align) >>> 0, free: deallocate };
}

/** AssemblyScript, in a memory that is given. */
async function script(memory: WebAssembly.Memory): Promise<Calls> {
  const source = `
    export function allocate(size: i32): usize { return heap.alloc(size); }
    export function free(at: usize): void { heap.free(at); }`;
  const { binary } = await asc.compileString(source, { runtime: "minimal", optimizeLevel: 3, importMemory: true, memoryBase: BASE });
  if (binary === null) throw new Error("the AssemblyScript compiler refused the module");
  const { instance } = await WebAssembly.instantiate(new Uint8Array(binary), { env: { memory, abort: () => undefined } });
  const { allocate, free } = instance.exports as unknown as { allocate: (size: number) => number; free: (at: number) => void };
  return {
    memory,
    allocate: (size) => allocate(size) >>> 0,
    free: (at) => {
      free(at);
    },
  };
}

it.each([1, 2, 3])("two allocators that run in one memory are both found, block for block: seed %i", async (seed) => {
  const first = rust();
  first.memory.grow((BASE - first.memory.buffer.byteLength) / 65536 + 1);
  const second = await script(first.memory);
  const programs = [
    // Its first call takes all memory behind its data, so it comes before the other grows memory.
    { allocator: "AssemblyScript TLSF", program: new Program(second, seed + 10, { align: [1], foreign: false }) },
    { allocator: "dlmalloc", program: new Program(first, seed, { align: [8], foreign: false }) },
  ];
  for (let round = 0; round < 20; round++) {
    for (const { program } of programs) program.run(100);
    if (round === 5) programs[0]!.program.live.set(second.allocate(LARGE, 1), { size: LARGE, align: 1 });
    const heaps = findHeaps(first.memory);
    expect(heaps.map(({ allocator }) => allocator).sort()).toEqual(programs.map(({ allocator }) => allocator).sort());
    for (const { allocator, program } of programs) {
      const heap = heaps.find((each) => each.allocator === allocator)!;
      expectSound(heap);
      const live = liveOf(heap);
      expect([...live.keys()]).toEqual([...program.live.keys()].sort((a, b) => a - b));
      for (const [at, { size }] of program.live) expect(live.get(at)).toBeGreaterThanOrEqual(size);
      if (program.live.size > 12) expect(heap.certain).toBe(true);
    }
  }
  // Pieces of one heap lie between pieces of the other.
  const [one, two] = findHeaps(first.memory);
  expect(two!.start).toBeLessThan(one!.end);
});
