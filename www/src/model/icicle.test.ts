import { describe, expect, it } from "vitest";
import { buddyOf, icicle, type Bar } from "./icicle";
import { Blocks, State } from "./snapshot";

const tree = (): Blocks => {
  const blocks = new Blocks();
  blocks.push(4096, 64, State.Live);
  blocks.push(4160, 64, State.Free);
  blocks.push(4224, 128, State.Free);
  blocks.push(4352, 256, State.Live);
  blocks.push(4608, 512, State.Free);
  return blocks;
};
const options = { granule: 64, base: 4096, from: 4096, to: 5120, least: 0.001, start: 4096, end: 5120, top: 1024 };
const brief = (bar: Bar): [number, number, number, number] => [bar.row, bar.x * 16, bar.width * 16, bar.state];

describe("the icicle", () => {
  it("hangs blocks under the larger ones that were split for them", () => {
    const { bars, sizes } = icicle(tree(), options);
    expect(sizes).toEqual([1024, 512, 256, 128, 64]);
    const sorted = bars.map(brief).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    expect(sorted).toEqual([
      [0, 0, 16, -1],
      [1, 0, 8, -1],
      [1, 8, 8, State.Free],
      [2, 0, 4, -1],
      [2, 4, 4, State.Live],
      [3, 0, 2, -1],
      [3, 2, 2, State.Free],
      [4, 0, 1, State.Live],
      [4, 1, 1, State.Free],
    ]);
  });

  it("has no row above the largest block unless told", () => {
    const { bars, sizes } = icicle(tree(), { ...options, top: 0 });
    expect(sizes[0]).toBe(512);
    expect(bars.every((bar) => bar.size <= 512)).toBe(true);
  });

  it("joins what is too narrow to see, and counts it", () => {
    const blocks = new Blocks();
    for (let i = 0; i < 4096; i++) blocks.push(4096 + i * 16, 16, i < 2048 ? State.Live : State.Free);
    const { bars } = icicle(blocks, {
      granule: 16,
      base: 0,
      from: 4096,
      to: 4096 + 65536,
      least: 1 / 500,
      start: 4096,
      end: 4096 + 65536,
    });
    expect(bars.map((bar) => [bar.count, bar.state])).toEqual([
      [2048, State.Live],
      [2048, State.Free],
    ]);
  });

  it("has as many bars as can be seen, whatever the heap", () => {
    const blocks = new Blocks();
    // Live and free in turn, and every third pair two live ones.
    for (let i = 0; i < 65536; i++) blocks.push(2 ** 20 + i * 16, 16, i % 2 === 0 || i % 6 === 3 ? State.Live : State.Free);
    const least = 1 / 500;
    const heap = { granule: 16, base: 0, start: 2 ** 20, end: 2 ** 21 };
    const { bars, sizes } = icicle(blocks, { ...heap, from: heap.start, to: heap.end, least, top: 2 ** 20 });
    const lowest = bars.filter(({ row }) => row === sizes.length - 1);
    expect(lowest.length).toBeGreaterThan(1);
    expect(lowest.length).toBeLessThanOrEqual(500);
    expect(lowest.reduce((sum, bar) => sum + bar.count, 0), "none is lost").toBe(65536);
    expect(new Set(lowest.map(({ state }) => state)), "it is what most of its blocks are").toEqual(new Set([State.Live]));
    for (const [row, size] of sizes.entries()) {
      const splits = bars.filter((bar) => bar.row === row && bar.state === -1);
      if (size > 16) expect(splits.reduce((sum, bar) => sum + bar.count, 0)).toBe(2 ** 20 / size);
    }
  });

  it("draws no parent over a gap or beyond the heap", () => {
    const blocks = new Blocks();
    blocks.push(4096, 64, State.Live);
    blocks.push(4160, 64, State.Gap);
    blocks.push(4224, 64, State.Free);
    blocks.push(4288, 64, State.Free);
    const { bars } = icicle(blocks, { ...options, to: 4352, end: 4352, top: 128 });
    const splits = bars.filter((bar) => bar.state === -1).map((bar) => bar.address);
    expect(splits).not.toContain(4096);
  });

  it("shows a part of the heap", () => {
    const { bars } = icicle(tree(), { ...options, from: 4608, to: 5120 });
    expect(bars.map(brief)).toEqual([[0, -16, 32, -1], [1, 0, 16, State.Free]]);
  });
});

describe("a block's buddy", () => {
  it("is the other half of the block that was split", () => {
    expect(buddyOf(tree(), 0, 4096)).toEqual({ address: 4160, merges: true });
    expect(buddyOf(tree(), 1, 4096)).toEqual({ address: 4096, merges: false });
    expect(buddyOf(tree(), 2, 4096)).toEqual({ address: 4096, merges: false });
    expect(buddyOf(tree(), 3, 4096)).toEqual({ address: 4096, merges: false });
  });
});
