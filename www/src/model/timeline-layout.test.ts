import { describe, expect, it } from "vitest";
import type { Moment } from "./history";
import { timeline } from "./timeline-layout";

const moment = (live: number, committed: number, growths: number): Moment => ({
  label: "",
  live,
  liveBlocks: 1,
  free: committed - live,
  freeBlocks: 1,
  largestFree: committed - live,
  meta: 0,
  gap: 0,
  tracked: true,
  committed,
  growths,
});

describe("the timeline", () => {
  it("draws steps, and marks growth where it happened", () => {
    const figure = timeline([moment(0, 65536, 1), moment(32768, 131072, 3), moment(0, 131072, 3)], 120, 100);
    expect(figure.top).toBe(131072);
    expect(figure.live).toBe("M0 100H10V75H20V100H30");
    expect(figure.committed).toBe("M0 50H10V0H20V0H30");
    expect(figure.growths).toEqual([10]);
    expect(figure.end).toBe(30);
  });

  it("has no line without moments", () => {
    expect(timeline([], 120, 100)).toMatchObject({ live: "", liveArea: "", committed: "", growths: [] });
  });

  it("fills the width once there are many", () => {
    const many = Array.from({ length: 50 }, () => moment(1, 65536, 0));
    expect(timeline(many, 120, 100).end).toBe(120);
  });
});
