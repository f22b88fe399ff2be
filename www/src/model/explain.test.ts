import { describe, expect, it } from "vitest";
import { allocated, bumped, freed, refused } from "./explain";
import { Blocks, State } from "./snapshot";

const L = State.Live;
const F = State.Free;

function blocks(...sizes: readonly (readonly [number, State])[]): Blocks {
  const made = new Blocks();
  let at = 4096;
  for (const [size, state] of sizes) {
    made.push(at, size, state);
    at += size;
  }
  return made;
}

describe("what happened", () => {
  it("names each split", () => {
    const before = blocks([1024, F]);
    const after = blocks([128, L], [128, F], [256, F], [512, F]);
    expect(allocated(before, after, 4096, 100)).toEqual({
      did: "allocated",
      address: 4096,
      requested: 100,
      took: 128,
      split: [1024, 512, 256, 128],
      position: 0,
    });
  });

  it("names no split where a block stood ready", () => {
    const happening = allocated(blocks([64, L], [64, F]), blocks([64, L], [64, L]), 4160, 64);
    expect(happening).toMatchObject({ split: [64], took: 64, position: 1 });
  });

  it("names each merge", () => {
    const before = blocks([128, L], [128, F], [256, F], [512, L]);
    const after = blocks([512, F], [512, L]);
    expect(freed(before, after, 4096)).toEqual({
      did: "freed",
      address: 4096,
      size: 128,
      merged: [128, 256, 512],
      position: 0,
      left: 1,
    });
  });

  it("finds the block that a freed one became part of when it was the upper half", () => {
    const happening = freed(blocks([128, F], [128, L]), blocks([256, F]), 4224);
    expect(happening).toMatchObject({ merged: [128, 256], left: 0 });
  });

  it("names no merge where the buddy is live", () => {
    const happening = freed(blocks([128, L], [128, L]), blocks([128, F], [128, L]), 4096);
    expect(happening).toMatchObject({ merged: [128], size: 128 });
  });

  it("measures a bump by what it moved, alignment included", () => {
    expect(bumped(blocks([100, L], [924, F]), blocks([228, L], [796, F]), 4224, 100)).toMatchObject({
      took: 128,
      split: [128],
    });
  });

  it("says what stood against a refused request", () => {
    expect(refused(blocks([64, F], [64, L], [128, F]), 200)).toEqual({
      did: "refused",
      requested: 200,
      largest: 128,
      free: 192,
    });
  });
});
