import { describe, expect, it } from "vitest";
import { MemoryBuilder } from "../../tests/support/memory-builder";
import { decode } from "./decode";
import { figures, orders } from "./metrics";
import type { Snapshot } from "./snapshot";

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
      committed: 2560,
      growths: 2,
    });
    expect(sums.live + sums.free + sums.meta).toBe(sums.committed);
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
