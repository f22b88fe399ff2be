import { describe, expect, it } from "vitest";
import { snapshotOf } from "../../tests/support/snapshots";
import { FIRST, INKS, inks, SIZE_STEPS, steps, COLOURINGS } from "./inks";
import { sizeBucket, sizeClasses } from "./size-classes";
import { State } from "./snapshot";

const { Live, Free, Meta } = State;

describe("size classes", () => {
  const few = snapshotOf([[32, Live], [48, Live], [32, Live], [32, Free], [16, Meta]]);

  it("have a row for each size while there are few", () => {
    expect(sizeClasses(few, new Map())).toEqual([
      { from: 32, to: 32, blocks: 2, bytes: 64, known: 0, knownBytes: 0, waste: 0 },
      { from: 48, to: 48, blocks: 1, bytes: 48, known: 0, knownBytes: 0, waste: 0 },
    ]);
  });

  it("know the waste of blocks whose request is known", () => {
    // 4176 is the address of the third; a request larger than its block is somebody else's.
    const rows = sizeClasses(few, new Map([[4096, 20], [4176, 32], [4128, 400]]));
    expect(rows.map(({ known, knownBytes, waste }) => [known, knownBytes, waste])).toEqual([[2, 64, 12], [0, 0, 0]]);
  });

  it("are powers of two where sizes are many, and lose nothing", () => {
    const many = snapshotOf(Array.from({ length: 100 }, (_, i) => [8 * (i + 1), Live] as const));
    const rows = sizeClasses(many, new Map());
    expect(rows.map((row) => [row.from, row.to, row.blocks])).toEqual([
      [1, 8, 1], [9, 16, 1], [17, 32, 2], [33, 64, 4], [65, 128, 8], [129, 256, 16], [257, 512, 32], [513, 1024, 36],
    ]);
    expect(rows.reduce((sum, row) => sum + row.bytes, 0)).toBe(8 * 5050);
  });

  it("put a size into the power of two that holds it", () => {
    expect([1, 8, 9, 16, 17, 4096, 4097].map(sizeBucket)).toEqual([8, 8, 16, 16, 32, 4096, 8192]);
  });
});

describe("the map's inks", () => {
  const snapshot = snapshotOf([[16, Live], [17, Live], [100_000, Live], [64, Free]]);
  const born = Uint32Array.from([5, 4, 1, 0]);

  it("are the states, the size or the age of what is live", () => {
    expect([...inks(snapshot, born, 5, "state")]).toEqual([Live, Live, Live, Free]);
    expect([...inks(snapshot, born, 5, "size")]).toEqual([FIRST, FIRST + 1, FIRST + SIZE_STEPS.length - 1, Free]);
    expect([...inks(snapshot, born, 5, "age")]).toEqual([FIRST, FIRST + 1, FIRST + 3, Free]);
  });

  it("fit into the table of inks", () => {
    for (const colouring of COLOURINGS) {
      for (const { ink } of steps(colouring)) expect(ink).toBeLessThan(INKS);
    }
  });
});
