import { describe, expect, it } from "vitest";
import { State } from "../model/snapshot";
import { marked, TILE } from "./palette";

const texture = (state: number): string => {
  let marks = "";
  for (let y = 0; y < TILE; y++) for (let x = 0; x < TILE; x++) marks += marked(state, x, y) ? "#" : ".";
  return marks;
};

describe("textures", () => {
  it("tell states apart without colour", () => {
    const states = [State.Live, State.Free, State.Meta, State.Unknown, State.Slab, State.Waiting, State.Data, State.Unused, State.Stack, State.Static];
    expect(new Set(states.map(texture)).size).toBe(states.length);
  });

  it("tell the steps of sizes and ages apart without colour", () => {
    const steps = [12, 13, 14, 15, 16, 17, 18];
    const drawn = steps.map(texture);
    expect(new Set(drawn).size).toBe(steps.length);
    const marks = drawn.map((marks) => marks.replaceAll(".", "").length);
    expect([...marks].sort((a, b) => a - b), "each has more of its mark").toEqual(marks);
  });

  it("repeat without a seam", () => {
    for (const state of [...Object.values(State), 12, 13, 14, 15, 16, 17, 18]) {
      for (let y = 0; y < 2 * TILE; y++) {
        for (let x = 0; x < 2 * TILE; x++) {
          expect(marked(state, x, y)).toBe(marked(state, x % TILE, y % TILE));
        }
      }
    }
  });
});
