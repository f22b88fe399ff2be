import { SlabHeader } from "../../wire/heap-layout";
import { State, type Blocks, type Slab } from "../snapshot";
import { fail } from "./damage";
import type { Reader } from "./reader";

export function readSlab(
  reader: Reader,
  address: number,
  bytes: number,
  classes: readonly number[],
  blocks: Blocks,
  index: number,
): Slab {
  const field = (offset: number): number => reader.word(address + offset);
  const of = field(SlabHeader.class);
  const size = classes[of];
  if (size === undefined) fail("class", address, of);
  const used = field(SlabHeader.used);
  const fresh = field(SlabHeader.fresh);
  const capacity = field(SlabHeader.capacity);
  const first = field(SlabHeader.first);
  if (first < SlabHeader.bytes || first + capacity * size > bytes) fail("count", address, capacity);
  if (used > fresh || fresh > capacity) fail("count", address, used);

  const free = new Uint8Array(fresh);
  let length = 0;
  for (let at = field(SlabHeader.free); at !== 0; at = reader.word(at)) {
    const offset = at - address - first;
    const i = offset / size;
    if (offset < 0 || i >= fresh) fail("beyond", at, at);
    if (!Number.isInteger(i)) fail("align", at, at);
    if (free[i] === 1 || ++length > fresh - used) fail("cycle", at, length);
    free[i] = 1;
  }
  if (length !== fresh - used) fail("count", address, length);

  blocks.push(address, first, State.Meta, index);
  for (let i = 0; i < capacity; i++) {
    const live = i < fresh && free[i] === 0;
    blocks.push(address + first + i * size, size, live ? State.Live : State.Free, index);
  }
  const tail = bytes - first - capacity * size;
  if (tail > 0) blocks.push(address + bytes - tail, tail, State.Meta, index);
  return { address, size: bytes, class: of, used, capacity, overhead: first + tail };
}
