import { describe, expect, it } from "vitest";
import { gridFigure, stripFigure, treeFigure } from "./sandbox-layout";
import { Blocks, State } from "./snapshot";

function blocks(...sizes: readonly (readonly [number, State])[]): Blocks {
  const made = new Blocks();
  let at = 4096 + 48; // a region need not be aligned to its size
  for (const [size, state] of sizes) {
    made.push(at, size, state);
    at += size;
  }
  return made;
}

describe("the sandbox's figures", () => {
  it("hang the buddy's blocks below the region, wherever that stands", () => {
    const figure = treeFigure(blocks([16, State.Live], [16, State.Free], [32, State.Free]), 64, 16, 640, 20);
    expect(figure.tiles.map((t) => [t.size, t.state, Math.round(t.x), t.y])).toEqual([
      [64, -1, 0, 0],
      [32, -1, 0, 22],
      [16, State.Live, 0, 44],
      [16, State.Free, 160, 44],
      [32, State.Free, 320, 22],
    ]);
    expect(figure.height).toBe(64);
    expect(new Set(figure.tiles.map((t) => t.key)).size).toBe(5);
  });

  it("set a slab's blocks in lines that fill the width", () => {
    const figure = gridFigure(
      blocks([32, State.Meta], [48, State.Live], [48, State.Free], [48, State.Free]),
      102,
      40,
      20,
    );
    expect(figure.tiles.map((t) => [t.index, t.x, t.y, t.width])).toEqual([
      [1, 0, 0, 50],
      [2, 52, 0, 50],
      [3, 0, 22, 50],
    ]);
    expect(figure.height).toBe(42);
  });

  it("draw a bump region to scale", () => {
    const figure = stripFigure(blocks([100, State.Live], [300, State.Free]), 400, 40);
    expect(figure.tiles.map((t) => [t.x, t.width])).toEqual([
      [0, 98],
      [100, 298],
    ]);
  });
});
