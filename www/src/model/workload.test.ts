import { describe, expect, it } from "vitest";
import { random } from "./random";
import { nextOperation } from "./workload";

describe("the workload", () => {
  it("is the same for the same seed", () => {
    const run = (seed: number): unknown[] => {
      const next = random(seed);
      return Array.from({ length: 50 }, () => nextOperation(next, { live: 5, used: 0.5, largest: 512 }));
    };
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
  });

  it("asks only for what can be, and frees only what is there", () => {
    const next = random(9);
    for (let live = 0; live < 500; live++) {
      const operation = nextOperation(next, { live, used: (live % 10) / 10, largest: 256 });
      if (operation.do === "free") expect(operation.pick).toBeLessThan(live);
      else {
        expect(operation.size).toBeGreaterThanOrEqual(1);
        expect(operation.size).toBeLessThanOrEqual(256);
      }
    }
  });

  it("frees more the fuller it is", () => {
    const frees = (used: number): number => {
      const next = random(4);
      let count = 0;
      for (let i = 0; i < 1000; i++) {
        if (nextOperation(next, { live: 9, used, largest: 64 }).do === "free") count++;
      }
      return count;
    };
    expect(frees(0)).toBeLessThan(250);
    expect(frees(1)).toBeGreaterThan(750);
  });
});
