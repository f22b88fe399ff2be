import { FirstHeapWord, FirstRegion, GRANULE, TableBits } from "../../wire/heap-layout";
import { Blocks, State } from "../snapshot";
import { fail } from "./damage";
import { NOTHING, type Descriptor, type Heap } from "./descriptor";
import { readQuick } from "./quick-lists";
import type { Reader } from "./reader";
import { bytesOf, finish, ofGranules, roomFor, tile } from "./tiling";

/** A heap of version 1, which had one table for all. */
export function readFirstHeap(descriptor: Descriptor): Heap {
  const { reader, word, behind, committed, growths } = descriptor;
  const table = behind(FirstHeapWord.table);
  const origin = behind(FirstHeapWord.origin);
  const top = behind(FirstHeapWord.top);
  const end = behind(FirstHeapWord.end);
  const limit = behind(FirstHeapWord.limit);
  if (limit === 0) {
    return { ...NOTHING, kind: "heap", committed, growths, granule: GRANULE, blocks: new Blocks() };
  }
  if (origin > top || top > end || end > limit) fail("count", origin * GRANULE, limit * GRANULE);
  reader.hold(limit * GRANULE, 0);
  const span = { from: origin, end: top, covered: limit, skew: origin, table };
  const marks = readRegions(reader, origin, end, behind(FirstHeapWord.newest));
  if (table < end * GRANULE) marks.set(tableAt(table, origin), State.Meta);
  const waiting = readQuick(reader, word, { ...FirstHeapWord, origin, end });
  const tiling = { reader, blocks: roomFor(reader, [span]), marks, waiting };
  const bytes = bytesOf(reader, span);
  const begins = (at: number): boolean => (TableBits.at(bytes[(at - origin) >>> 2]!, at - origin) & 1) !== 0;
  if (top < end && !begins(top)) fail("count", top * GRANULE, top * GRANULE);
  for (let at = top + 1; at < end; at++) if (begins(at)) fail("count", top * GRANULE, at * GRANULE);
  tile(tiling, span);
  finish(tiling);
  if (end > top) tiling.blocks.push(top * GRANULE, (end - top) * GRANULE, State.Free);
  if (limit > end) tiling.blocks.push(end * GRANULE, (limit - end) * GRANULE, State.Meta);
  return ofGranules(descriptor, tiling, origin, limit);
}

/** The granule that a table begins at which is a block among others. */
function tableAt(table: number, origin: number): number {
  if (table % GRANULE !== 0) fail("align", table, table);
  if (table < origin * GRANULE) fail("count", table, table);
  return table / GRANULE;
}

/** Returns the regions' headers and the gaps between regions, by the granule at which each begins, of version 1. */
function readRegions(reader: Reader, origin: number, end: number, newest: number): Map<number, State> {
  const marks = new Map<number, State>();
  let after = end;
  for (let header = newest; header !== 0; ) {
    const address = header * GRANULE;
    // Regions ascend, so the way back descends, and ends.
    if (header < origin || header >= after) fail("count", address, address);
    marks.set(header, State.Meta);
    const previous = reader.word(address + FirstRegion.previous);
    const ended = reader.word(address + FirstRegion.previousEnd);
    if (previous !== 0) {
      if (ended <= previous || ended > header) fail("count", address, ended * GRANULE);
      if (ended < header) marks.set(ended, State.Gap);
      after = ended;
    }
    header = previous;
  }
  return marks;
}
