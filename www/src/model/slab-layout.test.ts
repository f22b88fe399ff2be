import { describe, expect, it } from "vitest";
import { classRows } from "./metrics";
import { barSize, slabAt, slabBars } from "./slab-layout";
import { Blocks, type Slab, type Snapshot } from "./snapshot";

const slab = (of: number, used: number, capacity: number): Slab => ({
  address: 0,
  size: 1024,
  class: of,
  used,
  capacity,
  overhead: 32,
});
const slabs = [slab(0, 0, 10), slab(2, 1, 1000), slab(0, 10, 10), slab(0, 999, 1000)];
const snapshot: Snapshot = {
  kind: "slab",
  memory: 65536,
  committed: 0,
  growths: 0,
  start: 0,
  end: 0,
  blocks: new Blocks(),
  units: null,
  granule: 64,
  base: 0,
  slabs,
  classes: [16, 32, 48],
  lists: [],
};
const bar = { width: 8, height: 20, gap: 2 };

describe("slabs by class", () => {
  it("are summed, classes without a slab left out", () => {
    expect(classRows(snapshot)).toEqual([
      { class: 0, size: 16, slabs: 3, used: 1009, capacity: 1020, overhead: 96, members: [0, 2, 3] },
      { class: 2, size: 48, slabs: 1, used: 1, capacity: 1000, overhead: 32, members: [1] },
    ]);
  });

  it("stand side by side and wrap", () => {
    const row = classRows(snapshot)[0]!;
    const figure = slabBars(row, slabs, 18, bar);
    expect(figure.bars.map((b) => [b.slab, b.x, b.y])).toEqual([
      [0, 0, 0],
      [2, 10, 0],
      [3, 0, 22],
    ]);
    expect(figure.height).toBe(42);
  });

  it("show one live block in a thousand, and one free one", () => {
    const filled = (row: number, i: number): number => slabBars(classRows(snapshot)[row]!, slabs, 500, bar).bars[i]!.filled;
    expect(filled(0, 0)).toBe(0);
    expect(filled(0, 1)).toBe(20);
    expect(filled(0, 2)).toBe(19);
    expect(filled(1, 0)).toBe(1);
  });

  it("get smaller where there are many", () => {
    const row = classRows(snapshot)[0]!;
    const many = { ...row, members: Array.from({ length: 2000 }, () => 0) };
    expect(barSize([row], 300, 500).width).toBe(9);
    expect(barSize([many], 300, 500).width).toBe(4);
    expect(barSize([many, many, many, many], 300, 500).width).toBe(2);
  });

  it("are found again at their place", () => {
    const row = classRows(snapshot)[0]!;
    expect(slabAt(row, 18, bar, 11, 5)).toBe(2);
    expect(slabAt(row, 18, bar, 1, 30)).toBe(3);
    expect(slabAt(row, 18, bar, 11, 30)).toBe(-1);
    expect(slabAt(row, 18, bar, 30, 0)).toBe(-1);
  });
});
