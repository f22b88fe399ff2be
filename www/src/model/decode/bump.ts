import { BumpWord, Chunk } from "../../wire/heap-layout";
import { Blocks, State } from "../snapshot";
import { fail } from "./damage";
import { NOTHING, type Descriptor, type Heap } from "./descriptor";
import { Circle } from "./reader";

export function readBump({ reader, behind, committed, growths }: Descriptor): Heap {
  const chunks: { start: number; top: number }[] = [];
  const end = behind(BumpWord.end);
  let start = behind(BumpWord.start);
  let top = behind(BumpWord.top);
  const newest = start;
  if (start !== 0) {
    if (end < top) fail("count", end, top);
    reader.hold(end, 0);
  }
  const circle = new Circle();
  while (start !== 0) {
    circle.refuse(start);
    if (top < start + Chunk.header) fail("count", start, top);
    reader.hold(top, 0);
    chunks.push({ start, top });
    top = reader.word(start + Chunk.previousTop);
    start = reader.word(start + Chunk.previous);
  }
  chunks.sort((a, b) => a.start - b.start);

  const blocks = new Blocks();
  let at = chunks[0]?.start ?? 0;
  for (const chunk of chunks) {
    if (chunk.start < at) fail("count", chunk.start, at);
    if (chunk.start > at) blocks.push(at, chunk.start - at, State.Gap);
    blocks.push(chunk.start, Chunk.header, State.Meta);
    at = chunk.start + Chunk.header;
    if (chunk.top > at) blocks.push(at, chunk.top - at, State.Live);
    at = chunk.top;
    if (chunk.start === newest && end > at) {
      blocks.push(at, end - at, State.Free);
      at = end;
    }
  }
  return { ...NOTHING, kind: "bump", committed, growths, start: chunks[0]?.start ?? 0, end: at, blocks };
}
