import { expect, it } from "vitest";
import { agreement } from "./agreement";
import { Blocks, State } from "./snapshot";

it("compares what was recorded with live blocks, by address", () => {
  const blocks = new Blocks();
  blocks.push(16, 16, State.Live);
  blocks.push(32, 16, State.Free);
  blocks.push(48, 32, State.Live);
  blocks.push(80, 16, State.Live);
  const recorded = new Map([[16, 10], [48, 30], [32, 5], [4096, 1]]);
  expect(agreement(recorded, blocks)).toEqual({ both: 2, heap: 1, recorded: 2 });
  expect(agreement(new Map(), blocks)).toEqual({ both: 0, heap: 3, recorded: 0 });
});
