import { describe, expect, it } from "vitest";
import { addressAt, coverage, fit, reveal, scroll, segments, windowEnd, zoom } from "./map-layout";
import { INKS, type Inked } from "./inks";
import { random } from "./random";
import { Blocks, State } from "./snapshot";

const MIB = 2 ** 20;

describe("the window", () => {
  it("fits a heap into the rows there are", () => {
    expect(fit(MIB, 3 * MIB, 32)).toEqual({ start: MIB, bytesPerRow: 65536, rows: 32 });
    expect(fit(MIB + 100, 3 * MIB + 1, 32)).toEqual({ start: MIB, bytesPerRow: 131072, rows: 17 });
    expect(fit(0, 0, 32).rows).toBe(1);
    expect(fit(65536, 2 ** 32, 24).rows).toBeLessThanOrEqual(24);
  });

  it("zooms around an address, which stays in its row", () => {
    const whole = fit(MIB, 3 * MIB, 32);
    const around = 2 * MIB + 5000;
    let view = whole;
    for (let i = 0; i < 5; i++) {
      const row = Math.floor((around - view.start) / view.bytesPerRow);
      view = zoom(view, whole, 32, -1, around);
      expect(Math.floor((around - view.start) / view.bytesPerRow)).toBe(row);
    }
    expect(view.bytesPerRow).toBe(2048);
    for (let i = 0; i < 9; i++) view = zoom(view, whole, 32, 1, around);
    expect(view).toEqual(whole);
  });

  it("never zooms finer than the smallest row nor leaves the heap", () => {
    const whole = fit(MIB, 3 * MIB, 32);
    let view = whole;
    for (let i = 0; i < 40; i++) view = zoom(view, whole, 32, -1, MIB);
    expect(view).toEqual({ start: MIB, bytesPerRow: 128, rows: 32 });
    expect(scroll(view, whole, -5).start).toBe(MIB);
    expect(windowEnd(scroll(view, whole, 1e9))).toBe(3 * MIB);
  });

  it("moves just so far that a block can be seen", () => {
    const whole = fit(MIB, 3 * MIB, 32);
    const view = zoom(whole, whole, 32, -4, MIB);
    expect(reveal(view, whole, MIB + 10, MIB + 20)).toBe(view);
    const below = reveal(view, whole, 2 * MIB, 2 * MIB + 64);
    expect(windowEnd(below)).toBe(2 * MIB + view.bytesPerRow);
    const above = reveal(below, whole, MIB + 64, MIB + 128);
    expect(above.start).toBe(MIB);
    // A block larger than the window shows its start.
    expect(reveal(view, whole, MIB + 65536, 3 * MIB).start).toBe(MIB + 65536);
  });

  it("knows where an address stands and what stands at a place", () => {
    const view = { start: 4096, bytesPerRow: 1024, rows: 4 };
    expect(segments(view, 4096 + 512, 4096 + 2048 + 256)).toEqual([
      { row: 0, x: 0.5, width: 0.5 },
      { row: 1, x: 0, width: 1 },
      { row: 2, x: 0, width: 0.25 },
    ]);
    expect(segments(view, 0, 4096)).toEqual([]);
    expect(addressAt(view, 1, 0.5)).toBe(4096 + 1024 + 512);
    expect(addressAt(view, 0, 1)).toBe(4096 + 1023);
  });
});

describe("coverage", () => {
  const blocks = new Blocks();
  blocks.push(4096, 512, State.Live);
  blocks.push(4608, 3, State.Meta);
  blocks.push(4611, 5, State.Free);
  blocks.push(4616, 2000, State.Gap);
  const inked = { blocks, ink: blocks.state.slice(0, blocks.count) };
  const view = { start: 4096, bytesPerRow: 1024, rows: 2 };

  it("shares each pixel among the blocks in it, and loses nothing", () => {
    const map = coverage(inked, view, 128);
    const at = (pixel: number, state: number): number => map.share[pixel * INKS + state]!;
    expect(at(0, State.Live)).toBe(1);
    expect(at(63, State.Live)).toBe(1);
    expect(at(64, State.Meta)).toBeCloseTo(3 / 8);
    expect(at(64, State.Free)).toBeCloseTo(5 / 8);
    expect(map.inks[64]).toBe((1 << State.Meta) | (1 << State.Free));
    const total = map.share.reduce((sum, part) => sum + part, 0) * 8;
    expect(total).toBeCloseTo(2048);
  });

  it("loses nothing at odd widths either", () => {
    for (const width of [1, 7, 100, 333, 1500]) {
      const map = coverage(inked, view, width);
      const total = (map.share.reduce((sum, part) => sum + part, 0) * 1024) / width;
      expect(total).toBeCloseTo(2048, 1);
      for (let pixel = 0; pixel < width * 2; pixel++) {
        const all = map.share.slice(pixel * INKS, (pixel + 1) * INKS).reduce((a, b) => a + b, 0);
        expect(all).toBeCloseTo(1, 3);
      }
    }
  });

  it("marks where a block of several pixels begins", () => {
    const map = coverage(inked, view, 128);
    expect(map.wide).toEqual([0, 3]);
    expect([...map.edges.entries()].filter(([, on]) => on === 1).map(([i]) => i)).toEqual([0, 65]);
  });

  it("leaves pixels beyond the heap bare", () => {
    const map = coverage(inked, { start: 4096, bytesPerRow: 4096, rows: 1 }, 64);
    expect(map.inks[63]).toBe(0);
  });

  it("agrees with every pixel held against every block, on heaps and diffs at random", () => {
    const next = random(5);
    const below = (most: number): number => Math.floor(next() * most);
    for (let round = 0; round < 60; round++) {
      const heap = randomBlocks(below, round % 3 === 0);
      const rows = 1 + below(5);
      const bytesPerRow = 2 ** (4 + below(5));
      const window = { start: 1024 + bytesPerRow * below(4), bytesPerRow, rows };
      const width = 1 + below(90);
      const { share, inks } = coverage(heap, window, width);
      const wanted = naive(heap, window, width);
      const off = { share: 0, inks: 0 };
      wanted.forEach((part, i) => {
        // Blocks over one another fill a pixel once.
        off.share = Math.max(off.share, Math.abs(Math.min(1, share[i]!) - Math.min(1, part)));
        // A bit for each ink that has a share, and for none that has not.
        const bit = (inks[Math.floor(i / INKS)]! >> (i % INKS)) & 1;
        if ((part === 0 && bit === 1) || (part > 1e-5 && bit === 0)) off.inks++;
      });
      expect(off.share, `round ${round}`).toBeLessThan(1e-4);
      expect(off.inks, `round ${round}`).toBe(0);
    }
  });
});

/** Blocks at random, with holes; of a diff, blocks may begin inside of the one before. */
function randomBlocks(below: (most: number) => number, overlap: boolean): Inked {
  const blocks = new Blocks();
  const ink: number[] = [];
  for (let at = 1000 + below(100), i = 0; i < 200; i++) {
    const size = 1 + below(i % 17 === 0 ? 900 : 12);
    blocks.push(at, size, State.Live);
    ink.push(below(INKS));
    at += overlap && i % 10 === 0 ? below(size) : size + (below(9) === 0 ? below(40) : 0);
  }
  return { blocks, ink: Uint8Array.from(ink) };
}

/** Returns the shares that `coverage` must return: every pixel held against every block. */
function naive({ blocks, ink }: Inked, view: { start: number; bytesPerRow: number; rows: number }, width: number): number[] {
  const perPixel = view.bytesPerRow / width;
  const share = new Array<number>(view.rows * width * INKS).fill(0);
  for (let i = Math.max(0, blocks.lowerBound(view.start)); i < blocks.count; i++) {
    for (let pixel = 0; pixel < view.rows * width; pixel++) {
      const left = view.start + pixel * perPixel;
      const both = Math.min(blocks.end(i), left + perPixel) - Math.max(blocks.address[i]!, left);
      if (both > 1e-7) share[pixel * INKS + ink[i]!]! += both / perPixel;
    }
  }
  return share;
}
