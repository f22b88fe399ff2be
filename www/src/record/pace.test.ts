import { describe, expect, it } from "vitest";
import { Pace } from "./pace";

/** Runs a program that does `work` milliseconds from one sample to the next at the rate asked for; returns the share of stacks. */
function run(pace: Pace, samples: number, work: number, cost: number, from = 0, clock = (now: number) => now): { end: number; share: number } {
  let [now, stacks] = [from, 0];
  for (let i = 0; i < samples; i++) {
    now += work * 2 ** pace.factor;
    pace.took(clock(now), clock(now + cost));
    now += cost;
    // The first half is for the pace to be found.
    if (i >= samples / 2) stacks += cost;
    else from = now;
  }
  return { end: now, share: stacks / (now - from) };
}

describe("the pace of samples", () => {
  it("is what was asked for where stacks take little", () => {
    const pace = new Pace();
    expect(run(pace, 1000, 1, 0.02).share).toBeCloseTo(0.02 / 1.02);
    expect(pace.factor).toBe(0);
  });

  it("slows down until stacks take a fourth at most, and no further than that needs", () => {
    const pace = new Pace();
    const { share } = run(pace, 2000, 0.001, 0.02);
    expect(share).toBeLessThanOrEqual(0.25);
    expect(share).toBeGreaterThan(0.1);
  });

  it("holds to that where the clock goes in milliseconds", () => {
    const { share } = run(new Pace(), 8000, 0.0013, 0.0107, 0, Math.floor);
    expect(share).toBeLessThanOrEqual(0.27);
    expect(share).toBeGreaterThan(0.05);
  });

  it("comes back when the program allocates less", () => {
    const pace = new Pace();
    const { end } = run(pace, 2000, 0.001, 0.02);
    expect(pace.factor).toBeGreaterThan(3);
    run(pace, 1000, 1, 0.02, end);
    expect(pace.factor).toBe(0);
  });

  it("does not take an idle hour for work", () => {
    const pace = new Pace();
    const { end } = run(pace, 2000, 0.001, 0.02);
    const { factor } = pace;
    const { share } = run(pace, 64, 0.001, 0.02, end + 3_600_000);
    expect(share).toBeLessThanOrEqual(0.3);
    expect(pace.factor).toBeGreaterThanOrEqual(factor - 1);
  });
});
