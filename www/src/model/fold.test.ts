import { describe, expect, it } from "vitest";
import { Fold } from "./fold";
import { Blocks, State } from "./snapshot";

const MIB = 2 ** 20;
const heap = (...parts: [number, State][]): Blocks => {
  const blocks = new Blocks();
  let at = 4096;
  for (const [size, state] of parts) {
    blocks.push(at, size, state);
    at += size;
  }
  return blocks;
};

describe("a gap that is longer than the heap around it", () => {
  const blocks = heap([65536, State.Live], [16 * MIB, State.Gap], [65536, State.Free]);
  const fold = Fold.of(blocks);

  it("is folded, and all blocks keep their order, and their size where they are no gap", () => {
    const moved = fold.blocks(blocks);
    expect(moved.count).toBe(3);
    expect([...moved.size.slice(0, 3)]).toEqual([65536, 4096, 65536]);
    expect(moved.address[2]).toBe(4096 + 65536 + 4096);
    expect(moved.find(moved.address[2]! + 10)).toBe(2);
  });

  it("has positions that lead back to their addresses", () => {
    for (const address of [4096, 5000, 4096 + 65536, 4096 + 65536 + 100, blocks.address[2]!, blocks.end(2)]) {
      expect(fold.address(fold.position(address))).toBe(address);
    }
    expect(fold.position(MIB * 8), "inside of the fold").toBe(4096 + 65536 + 4096);
  });
});

it("short gaps, and gaps in a heap that is much larger, are not folded", () => {
  expect(Fold.of(heap([65536, State.Live], [128 * 1024, State.Gap], [65536, State.Free])).folded).toBe(false);
  expect(Fold.of(heap([16 * MIB, State.Live], [MIB, State.Gap], [65536, State.Free])).folded).toBe(false);
  const blocks = heap([65536, State.Live]);
  expect(Fold.NONE.blocks(blocks)).toBe(blocks);
});

it("several gaps are folded, each for itself", () => {
  const blocks = heap([65536, State.Live], [4 * MIB, State.Gap], [65536, State.Free], [4 * MIB, State.Gap], [65536, State.Live]);
  const moved = Fold.of(blocks).blocks(blocks);
  expect([...moved.size.slice(0, 5)]).toEqual([65536, 4096, 65536, 4096, 65536]);
});
