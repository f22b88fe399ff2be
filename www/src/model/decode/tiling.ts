import { GRANULE, TableBits } from "../../wire/heap-layout";
import { Blocks, State } from "../snapshot";
import { fail } from "./damage";
import { MOST_AT_ONCE, NOTHING, type Descriptor, type Heap } from "./descriptor";
import type { Waiting } from "./quick-lists";
import type { Reader } from "./reader";

/** Granules in a row, and the part of a table that has two bits for each up to `covered`. */
export interface Span {
  readonly from: number;
  readonly end: number;
  readonly covered: number;
  /** The granule that the table's first two bits are of, and the table's address. */
  readonly skew: number;
  readonly table: number;
}

/** The words by which a heap's blocks are told apart. */
export interface Tiling {
  readonly reader: Reader;
  readonly blocks: Blocks;
  /** The heap's own blocks, and gaps, by the granule that they begin at. Each is taken out when it is met. */
  readonly marks: Map<number, State>;
  readonly waiting: Waiting;
}

export function bytesOf(reader: Reader, { skew, covered, table }: Span): Uint8Array {
  const length = Math.ceil((covered - skew) / TableBits.perByte);
  reader.hold(table, length);
  return reader.bytes.subarray(table, table + length);
}

/** Adds the blocks of a span. */
export function tile({ reader, blocks, marks, waiting }: Tiling, span: Span): void {
  const bytes = bytesOf(reader, span);
  const { skew, end } = span;
  const granules = Math.min(span.covered, end) - skew;
  const blockEnd = (at: number): number => {
    for (let index = at + 1 - skew; index < granules; ) {
      const byte = bytes[index >>> 2]!;
      // Four granules at once where no block begins: large blocks are long rows of zeros.
      if (byte === 0) index = (index | 3) + 1;
      else if ((byte >>> ((index & 3) * 2)) & TableBits.block) return skew + index;
      else index++;
    }
    return end;
  };
  for (let at = span.from; at < end; ) {
    const next = blockEnd(at);
    const address = at * GRANULE;
    const mark = marks.get(at);
    const waits = waiting.classOf(at);
    const free = (TableBits.at(bytes[(at - skew) >>> 2] ?? 0, at - skew) & TableBits.free) !== 0;
    if (mark !== undefined) marks.delete(at);
    if (waits > 0) {
      if (free || mark !== undefined || next - at !== waits) fail("class", address, waits * GRANULE);
      waiting.seen++;
    }
    blocks.push(address, (next - at) * GRANULE, mark ?? (waits > 0 ? State.Waiting : free ? State.Free : State.Live));
    at = next;
  }
}

/** Room for the blocks of the spans, as many as begin in their tables. */
export function roomFor(reader: Reader, spans: readonly Span[]): Blocks {
  let starts = 0;
  for (const span of spans) {
    for (const byte of bytesOf(reader, span)) {
      starts += (byte & 1) + ((byte >>> 2) & 1) + ((byte >>> 4) & 1) + ((byte >>> 6) & 1);
    }
  }
  return new Blocks(Math.min(starts + spans.length + 2, MOST_AT_ONCE));
}

/** Every block that waits and every mark was met. */
export function finish({ waiting, marks }: Tiling): void {
  if (waiting.seen !== waiting.count) fail("align", waiting.count, waiting.seen);
  // What has no block of its own in the table is lost in another one.
  const [lost] = marks.keys();
  if (lost !== undefined) fail("count", lost * GRANULE, lost * GRANULE);
}

export function ofGranules({ committed, growths }: Descriptor, { blocks, waiting }: Tiling, start: number, end: number): Heap {
  return {
    ...NOTHING,
    kind: "heap",
    committed,
    growths,
    start: start * GRANULE,
    end: end * GRANULE,
    blocks,
    granule: GRANULE,
    lists: waiting.lists,
  };
}
