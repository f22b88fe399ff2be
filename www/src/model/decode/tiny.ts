import { TinyWord } from "../../wire/heap-layout";
import { Blocks, State, type FreeList } from "../snapshot";
import { fail } from "./damage";
import { NOTHING, type Descriptor, type Heap } from "./descriptor";
import { Circle } from "./reader";

export function readTiny({ reader, word }: Descriptor): Heap {
  const heads = word(TinyWord.heads);
  const classes = word(TinyWord.classes);
  const largest = word(TinyWord.largest);
  // Class i has blocks of 1 << (largest - i), with room for a link.
  if (largest > 31 || classes > largest - 1) fail("class", heads, classes);
  reader.hold(heads, 4 * classes);

  const free: { address: number; size: number }[] = [];
  const lists: FreeList[] = [];
  for (let i = 0; i < classes; i++) {
    const size = 2 ** (largest - i);
    const circle = new Circle();
    let count = 0;
    for (let at = reader.word(heads + 4 * i); at !== 0; at = reader.word(at)) {
      circle.refuse(at);
      reader.hold(at, size);
      free.push({ address: at, size });
      count++;
    }
    lists.unshift({ size, free: count });
  }
  free.sort((a, b) => a.address - b.address);

  const blocks = new Blocks(Math.max(256, 2 * free.length));
  const start = free[0]?.address ?? 0;
  let at = start;
  for (const block of free) {
    if (block.address < at) fail("count", block.address, at);
    if (block.address > at) blocks.push(at, block.address - at, State.Unknown);
    blocks.push(block.address, block.size, State.Free);
    at = block.address + block.size;
  }
  return { ...NOTHING, kind: "tiny", committed: null, growths: null, start, end: at, blocks, lists };
}
