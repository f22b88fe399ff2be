import { describe, expect, it } from "vitest";
import { compare, median, perStep, ranOut, ROUNDS, scaleOf, strays, type Bench, type Contender, type Progress, type Result, type Settings } from "./compare";

const settings: Settings = { workload: "churn", seed: 9, steps: 10_000, contenders: ["heap", "slab", "bump"] };

/** A clock that a bench moves on, and benches whose steps have a price. */
class World {
  now = 0;
  readonly begun: string[] = [];
  constructor(private readonly price: Record<string, number>, private readonly room: Record<string, number> = {}) {}

  bench(contender: Contender): Bench {
    let done = 0;
    let bytes = 65536;
    const step = (count: number): number => {
      const can = Math.min(count, (this.room[contender] ?? Infinity) - done);
      done += can;
      bytes += 65536;
      this.now += can * (this.price[contender] ?? 1);
      return can;
    };
    return {
      memory: { get buffer() { return { byteLength: bytes }; } },
      start: (workload, seed) => {
        this.begun.push(`${contender} ${workload} ${seed}`);
        return 1;
      },
      step,
      observe: step,
      live: () => 10,
      peak: () => 20,
      growths: () => 3,
      checksum: () => 0x80000001 | 0,
    };
  }
}

function run(world: World): { results: Result[]; progress: Progress[]; kept: Contender[] } {
  const kept: Contender[] = [];
  const steps = compare(settings, (each) => world.bench(each), () => world.now, (each) => kept.push(each));
  const progress: Progress[] = [];
  for (;;) {
    const next = steps.next();
    if (next.done === true) return { results: next.value, progress, kept };
    progress.push(next.value);
  }
}

describe("a comparison", () => {
  it("times each contender in each round, in an order that rotates, on the same workload and seed", () => {
    const world = new World({ heap: 0.02, slab: 0.04, bump: 0.01 });
    const { results, progress, kept } = run(world);
    expect(results.map(({ contender }) => contender)).toEqual(settings.contenders);
    for (const { times, steps, checksum } of results) {
      expect(times).toHaveLength(ROUNDS);
      expect(steps).toBe(10_000);
      expect(checksum).toBe(0x80000001);
    }
    expect(perStep(results[0]!).middle).toBeCloseTo(20_000);
    expect(perStep(results[1]!).middle).toBeCloseTo(40_000);
    expect(kept).toEqual(["heap", "slab", "bump"]);
    expect(world.begun).toHaveLength(3 * (ROUNDS + 1));
    expect(new Set(world.begun)).toEqual(new Set(["heap 1 9", "slab 1 9", "bump 1 9"]));
    expect(world.begun.slice(3, 12).map((each) => each.split(" ")[0])).toEqual(
      ["heap", "slab", "bump", "slab", "bump", "heap", "bump", "heap", "slab"],
    );
    expect(progress.at(-1)).toEqual({ runs: 17, all: 18 });
  });

  it("repeats a run that is too short to be timed, and tells the time of one", () => {
    const world = new World({ heap: 0.001, slab: 0.001, bump: 0 });
    const { results } = run(world);
    // 10 ms a run: four of them in each round; and as many as may be where the clock stands still.
    expect(world.begun.filter((each) => each.startsWith("heap"))).toHaveLength(1 + 4 * ROUNDS);
    expect(world.begun.filter((each) => each.startsWith("bump"))).toHaveLength(1 + 20 * ROUNDS);
    expect(perStep(results[0]!).middle).toBeCloseTo(1000);
  });

  it("goes in slices, so that a page can draw in between", () => {
    const world = new World({ heap: 0.01, slab: 0.01, bump: 0.01 });
    const steps = compare(settings, (each) => world.bench(each), () => world.now, () => undefined);
    let longest = 0;
    for (let before = world.now; steps.next().done !== true; before = world.now) longest = Math.max(longest, world.now - before);
    expect(longest).toBeLessThanOrEqual(10);
  });

  it("ends a run where memory ran out, and times no more than that", () => {
    const world = new World({ heap: 0.002, slab: 0.002, bump: 0.002 }, { bump: 1234 });
    const { results } = run(world);
    const bump = results[2]!;
    expect(bump.steps).toBe(1234);
    expect(ranOut(bump, settings)).toBe(true);
    expect(ranOut(results[0]!, settings)).toBe(false);
    expect(perStep(bump).middle).toBeCloseTo(2000);
    expect(strays(results, settings)).toEqual([]);
  });
});

it("strays are found by their checksums, where they ended as the others did", () => {
  const { results } = run(new World({}));
  expect(strays(results, settings)).toEqual([]);
  expect(strays([results[0]!, { ...results[1]!, checksum: 5 }, results[2]!], settings)).toEqual(["slab"]);
  expect(strays([{ ...results[0]!, checksum: 0 }, results[1]!, results[2]!], settings)).toEqual(["heap"]);
  expect(strays([results[0]!, results[1]!, { ...results[2]!, steps: 3, checksum: 5 }], settings)).toEqual([]);
});

it("medians are medians", () => {
  expect(median([5])).toBe(5);
  expect(median([9, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([])).toBeNaN();
});

it("a value far above the others is cut", () => {
  expect(scaleOf([1, 2, 3])).toBe(3);
  expect(scaleOf([1, 2, 8])).toBe(8);
  expect(scaleOf([1, 2, 9])).toBe(3);
  expect(scaleOf([7])).toBe(7);
  expect(scaleOf([0, 0])).toBeGreaterThan(0);
});
