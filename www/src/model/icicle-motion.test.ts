import { describe, expect, it } from "vitest";
import { icicle, type Icicle } from "./icicle";
import { atRest, motion, placed } from "./icicle-motion";
import { Blocks, State } from "./snapshot";

function tree(sizes: readonly (readonly [number, State])[]): Icicle {
  const units = new Blocks();
  let at = 0;
  for (const [size, state] of sizes) {
    units.push(at, size, state);
    at += size;
  }
  return icicle(units, { granule: 64, base: 0, from: 0, to: 1024, start: 0, end: 1024, least: 0, top: 1024 });
}

const whole = tree([[1024, State.Free]]);
const halves = tree([[512, State.Live], [512, State.Free]]);

describe("the tree's motion", () => {
  it("brings what was split down from its parent", () => {
    const moved = motion(whole, halves)!;
    const live = halves.bars.find((bar) => bar.state === State.Live)!;
    const at = (time: number): { row: number; opacity: number } | undefined =>
      placed(moved, time).find((one) => one.bar === live);
    expect(at(0)).toBeUndefined();
    expect(at(0.3)!.row).toBeGreaterThan(0);
    expect(at(0.3)!.row).toBeLessThan(1);
    expect(at(1)).toEqual({ bar: live, row: 1, opacity: 1 });
    // The block that was split fades.
    expect(moved.gone.map((bar) => bar.size)).toEqual([1024]);
  });

  it("lifts what merged into its parent", () => {
    const moved = motion(halves, whole)!;
    expect(moved.gone.filter((bar) => bar.size === 512)).toHaveLength(2);
    const half = placed(moved, 0.5).find((one) => one.bar.size === 512)!;
    expect(half.row).toBeLessThan(1);
    expect(half.opacity).toBeLessThan(0.5);
  });

  it("ends at rest", () => {
    expect(placed(motion(whole, halves)!, 1)).toEqual(atRest(halves));
    expect(placed(motion(halves, whole)!, 7)).toEqual(atRest(whole));
  });

  it("is none where nothing changed, nor where there was nothing before", () => {
    expect(motion(halves, halves)).toBeNull();
    expect(motion({ bars: [], sizes: [] }, halves)).toBeNull();
  });

  it("is none where more would move than anybody can follow", () => {
    const many = tree(Array.from({ length: 16 }, () => [64, State.Live] as const));
    const bars = Array.from({ length: 1300 }, (_, i) => ({ ...many.bars[0]!, address: 1024 * i }));
    expect(motion(halves, { ...many, bars })).toBeNull();
  });
});
