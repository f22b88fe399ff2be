import { findHeaps } from "../headless";
import type { Peer } from "./report-trace";
import { whole } from "./report";

const PAGE = 65536;
const ALIGN = 8;

/** Returns the lines on what the live blocks of a memory's heaps would take if they were all that other allocators had to hold. */
export function blockLines(memory: ArrayBufferLike, peers: readonly Peer[]): string[] {
  const heaps = findHeaps(memory).filter(({ sized }) => sized);
  const sizes = heaps.flatMap((heap) => Array.from(heap.blocks()).filter(({ state }) => state === "live").map(({ size }) => size));
  if (sizes.length === 0 || peers.length === 0) return [];
  const row = (name: string, pages: number, refused = 0): string => `  ${name.padEnd(10)} ${whole.format(pages).padStart(11)}${refused === 0 ? "" : `  ${whole.format(refused)} refused`}`;
  const now = heaps.reduce((sum, { start, end }) => sum + Math.ceil((end - start) / PAGE), 0);
  return [
    `The ${whole.format(sizes.length)} live blocks alone, each as large as it is, on other allocators, in pages:`,
    row("as it is", now),
    ...peers.map(({ name, start }) => {
      const calls = start();
      const before = calls.memory.buffer.byteLength;
      let refused = 0;
      for (const size of sizes) if (calls.allocate(size, ALIGN) === 0) refused++;
      return row(name, (calls.memory.buffer.byteLength - before) / PAGE, refused);
    }),
  ];
}
