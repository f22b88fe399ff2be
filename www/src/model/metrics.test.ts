import { describe, expect, it } from "vitest";
import { MemoryBuilder } from "../../tests/support/memory-builder";
import { snapshotOf } from "../../tests/support/snapshots";
import { decode } from "./decode";
import { externalFragmentation, figures, orders, unusable } from "./metrics";
import { Blocks, State, type Snapshot } from "./snapshot";

function snapshot(): Snapshot {
  const memory = new MemoryBuilder()
    .buddy({
      origin: 16384,
      granule: 8,
      map: 4096,
      slab: true,
      units: [["slab", 1], ["live", 0], ["free", 0], ["fresh", 2], "gap", "gap", ["free", 1]],
    })
    .classes([48])
    .slab(16384, { class: 0, size: 48, fresh: 6, capacity: 9, free: [4, 1] });
  memory.set(memory.cellOf(4), 2560);
  const decoded = decode(memory.buffer, memory.descriptor);
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.damage));
  return decoded.snapshot;
}

describe("figures", () => {
  it("count every byte once", () => {
    const sums = figures(snapshot());
    expect(sums).toEqual({
      live: 4 * 48 + 256,
      liveBlocks: 5,
      free: 5 * 48 + 256 + 1024 + 512,
      freeBlocks: 8,
      largestFree: 1024,
      meta: 80,
      gap: 512,
      tracked: true,
      bounded: true,
      memory: 65536,
      waiting: 0,
        committed: 2560,
      growths: 2,
    });
    expect(sums.live + sums.free + sums.meta).toBe(sums.committed);
  });
});

describe("blocks that wait", () => {
  const { Live, Free, Waiting } = State;
  const waits = snapshotOf([[64, Waiting], [32, Live], [96, Free], [64, Waiting], [64, Waiting], [32, Free], [16, Live]]);

  it("count as one piece with the free blocks beside them", () => {
    expect(figures(waits)).toMatchObject({ free: 320, freeBlocks: 2, largestFree: 256, waiting: 192 });
    expect(unusable(waits.blocks).map(({ size, blocks }) => [size, blocks])).toEqual([[16, 0], [32, 0], [64, 1], [128, 0], [256, 1], [512, 0]]);
  });

  it("merge nothing that is not beside them: free blocks of a slab stay apart", () => {
    expect(figures(snapshotOf([[48, Free], [48, Free], [16, Live], [16, Waiting]]))).toMatchObject({ freeBlocks: 3, largestFree: 48 });
  });
});

describe("orders", () => {
  it("count what stands in each, what is split, and what is of no use to a request", () => {
    const rows = orders(snapshot());
    expect(rows.map(({ size, live, free, slabs, split }) => ({ size, live, free, slabs, split }))).toEqual([
      { size: 256, live: 1, free: 1, slabs: 0, split: 0 },
      { size: 512, live: 0, free: 1, slabs: 1, split: 1 },
      { size: 1024, live: 0, free: 1, slabs: 0, split: 1 }, // none where the gap is
    ]);
    expect(rows[0]!.unusable).toBe(0);
    expect(rows[1]!.unusable).toBeCloseTo(256 / 1792);
    expect(rows[2]!.unusable).toBeCloseTo(768 / 1792);
  });
});

describe("the unusable part of the free memory", () => {
  const blocks = new Blocks();
  let at = 4096;
  for (const size of [8, 24, 24, 64, 40, 4096]) {
    blocks.push(at, size, size === 40 ? State.Live : State.Free);
    at += size;
  }

  it("is what lies in blocks too small for a request, for each power of two", () => {
    const free = 8 + 24 + 24 + 64 + 4096;
    const rows = unusable(blocks);
    expect(rows.map((row) => row.size)).toEqual([16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192]);
    expect(rows.map((row) => Math.round(row.unusable * free))).toEqual([8, 56, 56, 120, 120, 120, 120, 120, 120, free]);
    expect(rows.map((row) => row.blocks)).toEqual([2, 0, 1, 0, 0, 0, 0, 0, 1, 0]);
  });

  it("is nothing where nothing is free", () => {
    expect(unusable(new Blocks())).toEqual([]);
  });

  it("as one number is what is not in the largest block", () => {
    const now = figures(snapshot());
    expect(externalFragmentation(now)).toBeCloseTo(1 - now.largestFree / now.free);
    expect(externalFragmentation({ ...now, free: 0, largestFree: 0 })).toBe(0);
  });
});
