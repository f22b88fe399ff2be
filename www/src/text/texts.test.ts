import { describe, expect, it } from "vitest";
import { snapshotOf } from "../../tests/support/snapshots";
import { History } from "../model/history";
import { State } from "../model/snapshot";
import { verdict } from "../model/verdict";
import { en } from "./sandbox";

const { buddy, slab, bump } = en.sandbox.happened;
const took = (requested: number, split: number[]): Parameters<typeof buddy>[0] => ({
  did: "allocated",
  address: 0,
  requested,
  took: split[split.length - 1]!,
  split,
  position: 3,
});
const gave = (merged: number[], left = 1): Parameters<typeof buddy>[0] => ({
  did: "freed",
  address: 0,
  size: merged[0]!,
  merged,
  position: 3,
  left,
});

describe("the sentence that says what happened", () => {
  it("tells of splits and of what they waste", () => {
    expect(buddy(took(100, [256, 128]))).toBe("Split 256 into 128 + 128 to serve 100 bytes: 28 wasted.");
    expect(buddy(took(64, [512, 256, 128, 64]))).toBe(
      "Split 512 → 256 → 128 → 64 to serve 64 bytes: nothing is wasted.",
    );
    expect(buddy(took(1, [16]))).toBe("A free block of 16 stood ready for 1 byte: 15 wasted.");
  });

  it("tells of merges", () => {
    expect(buddy(gave([128]))).toContain("nothing merges");
    expect(buddy(gave([128, 256]))).toBe("Freed 128; its buddy was free too: they merged into 256.");
    expect(buddy(gave([64, 128, 256]))).toBe("Freed 64, and merged twice: 64 → 128 → 256.");
  });

  it("names external fragmentation where it is", () => {
    const refused = { did: "refused", requested: 200, largest: 128, free: 256 } as const;
    expect(buddy(refused)).toContain("external fragmentation");
    expect(buddy({ ...refused, free: 128 })).not.toContain("fragmentation");
    expect(slab({ ...refused, free: 0 })).toBe("No block is free for 200 bytes.");
  });

  it("knows what the others do", () => {
    expect(slab(took(40, [48]))).toBe("Block 3 serves 40 bytes: 8 wasted of 48.");
    expect(bump(took(40, [48]))).toBe("The mark moved by 48 to serve 40 bytes: 8 to align them.");
    expect(bump(gave([8], 0))).toContain("whole region is free");
    expect(bump(gave([8], 2))).toContain("the mark stays");
  });
});

describe("the sentence on a heap", () => {
  it("says of a healthy heap how much is free and what the largest piece is, and no share beside the fragmentation", () => {
    const history = new History();
    const { Live, Free, Waiting } = State;
    history.add(snapshotOf([[8192, Live], [2048, Free], [16, Live], [1024, Waiting]]), "start", 0);
    expect(en.heap.verdict(verdict(history.moments))).toEqual({
      sentence: "Healthy: 8.02 KiB live of 11 KiB committed.",
      advice: "3 KiB are free, 2 KiB of that in the largest piece; 1 KiB wait in quick lists and merge before memory grows.",
    });
  });
});
