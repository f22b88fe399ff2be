import { expect, it } from "vitest";
import { pointersTo } from "./pointers";
import { Blocks, State } from "./snapshot";

/** Live at 1024 and 1088, free at 1056, and the block in question at 1120. */
function heap(): { buffer: ArrayBuffer; blocks: Blocks; words: DataView } {
  const blocks = new Blocks();
  blocks.push(1024, 32, State.Live);
  blocks.push(1056, 32, State.Free);
  blocks.push(1088, 32, State.Live);
  blocks.push(1120, 64, State.Live);
  const buffer = new ArrayBuffer(2048);
  return { buffer, blocks, words: new DataView(buffer) };
}

it("the words that hold a block's address are found in live blocks, in static data and on the stack", () => {
  const { buffer, blocks, words } = heap();
  words.setUint32(1032, 1120, true);
  words.setUint32(1116, 1120, true);
  words.setUint32(512, 1120, true);
  expect(pointersTo(buffer, blocks, 3)).toEqual([{ at: 1032, block: 0 }, { at: 1116, block: 2 }, { at: 512, block: -1 }]);
});

it("free memory, the block itself, words across an alignment, and other addresses are none", () => {
  const { buffer, blocks, words } = heap();
  words.setUint32(1060, 1120, true);
  words.setUint32(1124, 1120, true);
  words.setUint32(1026, 1120, true);
  words.setUint32(1036, 1124, true);
  expect(pointersTo(buffer, blocks, 3)).toEqual([]);
});

it("ends at as many as are wanted, and with the memory", () => {
  const { buffer, blocks, words } = heap();
  for (let at = 0; at < 1024; at += 4) words.setUint32(at, 1120, true);
  expect(pointersTo(buffer, blocks, 3, 7).length).toBe(7);
  blocks.push(1184, 1 << 20, State.Live);
  expect(pointersTo(buffer, blocks, 3, 1000).length).toBe(256);
});
