import { random } from "../../src/model/random";
import { GRANULE } from "../../src/wire/heap-layout";
import { MemoryBuilder } from "../support/memory-builder";

export const GRANULES = 2 ** 20;

/** A memory to inspect, and where its blocks can be changed as a program would. */
export interface BenchHeap {
  readonly bytes: Uint8Array;
  readonly descriptor: number;
  /** The table or map in which blocks are marked. */
  readonly marks: { readonly at: number; readonly granulesPerByte: number };
  readonly blocks: number;
}

/** A `Heap` of a million granules: blocks of 1 to 4 granules, a third of them free. */
export function mixedHeap(): BenchHeap {
  const next = random(7);
  const origin = 4096;
  // The table reaches so far beyond the top that none of that is set aside for a larger one.
  const [granules, beyond] = [GRANULES, GRANULES / 16];
  const table = (granules + beyond) / 64;
  const blocks: ["table" | "live" | "free" | "top", number][] = [["table", table]];
  let used = 1 + table;
  for (let free = false; used < granules - 64; ) {
    const size = 1 + Math.floor(next() * 4);
    free = !free && next() < 0.5;
    blocks.push([free ? "free" : "live", size]);
    used += size;
  }
  blocks.push(["top", granules - used]);
  const builder = new MemoryBuilder((origin + GRANULES) * GRANULE).heap({ regions: [{ origin, blocks }], beyond });
  return {
    bytes: new Uint8Array(builder.buffer),
    descriptor: builder.descriptor,
    marks: { at: (origin + 1) * GRANULE, granulesPerByte: 4 },
    blocks: blocks.length + 1,
  };
}

/** A `BuddyHeap` of a million granules of 16 bytes, split at random down to blocks of 1 to 32. */
export function buddyHeap(): BenchHeap {
  const next = random(7);
  const units: ["live" | "free", number][] = [];
  const split = (order: number): void => {
    if (order > 5 || (order > 0 && next() < 0.75)) {
      split(order - 1);
      split(order - 1);
    } else units.push([next() < 0.33 ? "free" : "live", order]);
  };
  split(20);
  const origin = GRANULES * GRANULE;
  const map = 65536;
  const builder = new MemoryBuilder(2 * origin).buddy({ origin, granule: 4, map, units });
  return {
    bytes: new Uint8Array(builder.buffer),
    descriptor: builder.descriptor,
    marks: { at: map, granulesPerByte: 1 },
    blocks: units.length,
  };
}
