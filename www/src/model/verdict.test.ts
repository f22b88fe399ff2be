import { describe, expect, it } from "vitest";
import type { Moment } from "./history";
import { verdict } from "./verdict";

const KIB = 1024;

/** Moments, each given by what is live, in KiB, of 10,000 committed. */
function lived(live: readonly number[], more: Partial<Moment> = {}): Moment[] {
  let highLive = 0;
  return live.map((kib, i) => {
    highLive = Math.max(highLive, kib * KIB);
    return { ...moment(kib), id: i + 1, highLive, ...more };
  });
}

function moment(live: number): Moment {
  const free = (10000 - live) * KIB;
  return {
    id: 1,
    label: "",
    time: 0,
    live: live * KIB,
    liveBlocks: live,
    free,
    freeBlocks: 1,
    largestFree: free,
    meta: 0,
    gap: 0,
    tracked: true,
    bounded: true,
    waiting: 0,
    memory: 65536,
    committed: 10000 * KIB,
    growths: 1,
    highLive: live * KIB,
    highCommitted: 10000 * KIB,
  };
}

/** Moments of one amount live, in KiB, with what is committed at each. */
const grown = (live: readonly number[], committed: readonly number[]): Moment[] =>
  lived(live).map((seen, i) => {
    const all = committed[i]! * KIB;
    return { ...seen, committed: all, free: all - seen.live, largestFree: all - seen.live };
  });

const kind = (moments: readonly Moment[]): string => verdict(moments).kind;

describe("the verdict", () => {
  it("is empty before anything was allocated", () => {
    expect(kind([])).toBe("empty");
    expect(kind(lived([0], { committed: 0 }))).toBe("empty");
  });

  it("does not judge a heap without records", () => {
    expect(kind(lived([0, 0], { tracked: false }))).toBe("untracked");
  });

  it("says of a heap without blocks how far it was used, and nothing else", () => {
    const rising = [0, 500, 1000, 1500, 2000, 2500, 3000];
    expect(kind(lived(rising, { bounded: false }))).toBe("used");
    expect(kind(lived([10, 6000, 10], { bounded: false }))).toBe("used");
  });

  it("calls a document that stays alive healthy", () => {
    expect(kind(lived([10, 6000]))).toBe("healthy");
    expect(kind(lived([10, 6000, 6000, 6000, 6000, 6000, 6000]))).toBe("healthy");
  });

  it("calls it a peak when most of what was live is gone", () => {
    expect(kind(lived([10, 6000, 10]))).toBe("peak");
    expect(kind(lived([10, 9000, 4600]))).toBe("healthy"); // live was not twice as much
    expect(kind(lived([4000, 3000, 4000]))).toBe("healthy"); // free, but never used
  });

  it("calls it a leak when each low is higher than the one before", () => {
    const leaking = lived([10, 5000, 20, 5100, 30, 5200, 40]);
    expect(kind(leaking)).toBe("leak");
    expect(verdict(leaking)).toMatchObject({ rise: 30 * KIB, over: 7 });
    expect(verdict(lived([9, 7000, ...[10, 5000, 20, 5100, 30, 5200, 40]])).over, "the moments that show it").toBe(7);
    expect(kind(lived([10, 5000, 20, 5100, 30, 5200]))).toBe("healthy"); // two rises are not enough
    expect(kind(lived([10, 5000, 20, 5100, 20, 5200, 20]))).toBe("peak"); // the lows stay
    expect(kind(lived([10, 5000, 4000, 5100, 4004, 5200, 4010, 5300, 4015]))).toBe("healthy"); // too little
  });

  it("calls it a leak when live rises without a pause", () => {
    expect(kind(lived([0, 500, 1000, 1500, 2000, 2500, 3000]))).toBe("leak");
    expect(kind(lived([0, 500, 1000, 1500, 2000, 2500]))).toBe("healthy"); // five rises
    expect(kind(lived([0, 10, 20, 30, 40, 50, 60]))).toBe("healthy"); // hardly anything
    expect(kind(lived([0, 500, 1000, 1500, 1500, 2500, 3000]))).toBe("healthy"); // a pause
  });

  it("calls it fragmentation when much is free, in small pieces", () => {
    expect(kind(lived([5000], { largestFree: 600 * KIB }))).toBe("fragmentation");
    expect(kind(lived([5000], { largestFree: 625 * KIB }))).toBe("healthy");
    expect(kind(lived([7600], { largestFree: KIB }))).toBe("healthy"); // under a quarter is free
    const small = { largestFree: KIB, committed: 1500 * KIB, free: 1000 * KIB };
    expect(kind(lived([500], small))).toBe("healthy"); // under a mebibyte is free
  });

  it("prefers fragmentation to the peak that it came from", () => {
    expect(kind(lived([9000, 1000], { largestFree: KIB }))).toBe("fragmentation");
  });

  it("remembers a high that is no longer among the moments", () => {
    const moments = lived([9000, 10, 10, 10]).slice(2);
    expect(kind(moments)).toBe("peak");
    expect(verdict(moments).high).toBe(9000 * KIB);
  });

  it("calls it fragmentation when committed climbs under a live that is flat", () => {
    const flat = [3000, 3000, 3000, 3000, 3000, 3000, 3000, 3000];
    const climbing = grown(flat, [4000, 4000, 4000, 4000, 5000, 5000, 6000, 7000]);
    expect(kind(climbing)).toBe("fragmentation");
    expect(verdict(climbing).rise).toBe(3000 * KIB);
    // The same memory for twice the load, growth before the later half, one growth, and too few moments.
    expect(kind(grown([3000, 3000, 3000, 3000, 4000, 4000, 5000, 6000], [4000, 4000, 4000, 4000, 5000, 5000, 6000, 7000]))).toBe("healthy");
    expect(kind(grown(flat, [4000, 5000, 6000, 7000, 7000, 7000, 7000, 7000]))).toBe("healthy");
    expect(kind(grown(flat, [4000, 4000, 4000, 4000, 4000, 4000, 4000, 7000]))).toBe("healthy");
    expect(kind(climbing.slice(1))).toBe("healthy");
    // A load that comes and goes is flat as well.
    const waves = [10, 3000, 10, 3000, 10, 3000, 10, 3000];
    expect(kind(grown(waves, [4000, 4000, 4000, 4000, 4000, 5000, 5000, 7000]))).toBe("fragmentation");
  });

  it("judges the moment that is looked at, not what came after it", () => {
    const moments = lived([10, 5000, 20, 5100, 30, 5200, 40]);
    expect(kind(moments)).toBe("leak");
    expect(kind(moments.slice(0, 2))).toBe("healthy");
  });
});
