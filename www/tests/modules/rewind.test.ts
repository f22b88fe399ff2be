import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

/**
 * From sourcenetwork/lens#155 and bytecodealliance/wasmtime#14313: a host copies an instance's memory, and puts the copy back
 * after each request. Memory never shrinks, so to the allocator, each request's pages are somebody else's by the
 * next one, and it grows behind them. What lies in between must cost nothing.
 */
const PAGE = 65536;
/** The pages that the module's memory may grow by. */
const PAGES = 1000;

interface Workbench {
  readonly memory: WebAssembly.Memory;
  readonly allocate: (size: number, align: number) => number;
  readonly deallocate: (block: number, size: number, align: number) => void;
}

/** Returns how many pages memory grows by in each round, after some work that the copy has in it. */
function pagesOf(allocator: string, size: number): number[] {
  const file = new URL(`../../src/wasm/workbench-${allocator}/bonsai_workbench_bg.wasm`, import.meta.url);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)));
  const { memory, allocate, deallocate } = instance.exports as unknown as Workbench;
  const blocks = Array.from({ length: 3000 }, (_, i) => [allocate(8 + (i % 500), 8), 8 + (i % 500)] as const);
  for (const [block, bytes] of blocks.filter((_, i) => i % 3 === 0)) deallocate(block, bytes, 8);
  const copy = new Uint8Array(memory.buffer).slice();
  return Array.from({ length: Math.floor(PAGES / Math.ceil(size / PAGE + 1)) }, () => {
    const before = memory.buffer.byteLength / PAGE;
    const block = allocate(size, 8) >>> 0;
    expect(block).not.toBe(0);
    // All of it is the block's.
    new Uint8Array(memory.buffer, block, size).subarray(-16).fill(1);
    expect(block % 8).toBe(0);
    new Uint8Array(memory.buffer).set(copy);
    return memory.buffer.byteLength / PAGE - before;
  });
}

it.each([8 << 20, (8 << 20) - 200, 5_000_000, 1 << 20, 100_000])("a rewound memory grows by no more for %i bytes than with dlmalloc", (size) => {
  const [ours, theirs] = [pagesOf("heap", size), pagesOf("dlmalloc", size)];
  // Of the first request a part may fit into the page that is there.
  expect(new Set(ours.slice(1)).size).toBe(1);
  const sum = (pages: number[]): number => pages.reduce((a, b) => a + b, 0);
  expect(sum(ours)).toBeLessThanOrEqual(sum(theirs));
});
