import { GRANULE, HeapWord, Region } from "../../wire/heap-layout";
import { Blocks, State } from "../snapshot";
import { fail } from "./damage";
import { NOTHING, type Descriptor, type Heap } from "./descriptor";
import { readQuick } from "./quick-lists";
import { finish, ofGranules, roomFor, tile, type Span } from "./tiling";

/** A heap of the versions 2 and 3, each of whose regions has a table. */
export function readHeap(descriptor: Descriptor, sharded: boolean): Heap {
  const { reader, word, behind, committed, growths } = descriptor;
  const top = behind(HeapWord.top);
  const end = behind(HeapWord.end);
  if (end === 0) {
    return { ...NOTHING, kind: "heap", committed, growths, granule: GRANULE, blocks: new Blocks() };
  }
  reader.hold(end * GRANULE, 0);
  const spans: Span[] = [];
  const marks = new Map<number, State>();
  let after = end;
  for (let record = word(HeapWord.region); ; ) {
    const [from, cover, table] = Object.values(Region).map((offset) => reader.word(record + offset)) as [number, number, number];
    if (from === 0) break;
    // Regions descend on the way back, so it ends.
    const newest = spans.length === 0;
    const last = newest ? top : from + cover - 1;
    if (from >= last || last > after) fail("count", record, last * GRANULE);
    const span = { from, end: last, covered: from + cover, skew: from - (from % 4), table: table * GRANULE };
    spans.unshift(span);
    marks.set(from, State.Meta).set(table, State.Meta);
    after = from;
    record = from * GRANULE;
  }
  const origin = spans[0]?.from ?? fail("count", 0, end);
  const waiting = readQuick(reader, word, { ...HeapWord, origin, end, sharded });
  const tiling = { reader, blocks: roomFor(reader, spans), marks, waiting };
  const { blocks } = tiling;
  let at = origin;
  for (const span of spans) {
    if (span.from > at) blocks.push(at * GRANULE, (span.from - at) * GRANULE, State.Gap);
    tile(tiling, span);
    at = span.end;
  }
  finish(tiling);
  // The start of the top is set aside where a larger table has to be there first: it is not, where this one reaches the end.
  const { from, covered } = spans[spans.length - 1]!;
  const used = top - from;
  const size = Math.floor((used + Math.floor(used / 2) + 67) / 64);
  const aside = used + 2 * size < covered - from || end <= covered ? 0 : Math.min(size, end - top);
  if (aside > 0) blocks.push(top * GRANULE, aside * GRANULE, State.Meta);
  if (end > top + aside) blocks.push((top + aside) * GRANULE, (end - top - aside) * GRANULE, State.Free);
  return ofGranules(descriptor, tiling, origin, end);
}
