import {
  BumpWord,
  BuddyWord,
  Chunk,
  classGranules,
  FIRST_HEAP_WORDS,
  FirstHeapWord,
  FirstRegion,
  GRANULE,
  HEAP_VERSION,
  HELD,
  HeapWord,
  Kind,
  MAGIC,
  MapByte,
  Region,
  Shard,
  SHARD_SMALL,
  SHARD_WORDS,
  SHARDS_VERSION,
  ShardWord,
  SlabHeader,
  SlabWord,
  TableBits,
  TinyWord,
  VERSION,
  Word,
  WORDS,
} from "../wire/heap-layout";
import { Blocks, State, type FreeList, type Slab, type Snapshot } from "./snapshot";

/**
 * Reads a heap out of a module's memory. Nothing is taken on trust: every address and length is
 * held against the memory before it is followed, lists are followed no further than they can be
 * long, and whatever does not fit ends in a `Damage`, never in an exception or a loop.
 *
 * Costs one pass over the map plus one over each slab's list; copies no memory of the module.
 */

export type DamageCode =
  | "no-descriptor" // the address of the descriptor is not in memory
  | "magic"
  | "version"
  | "kind"
  | "short" // fewer words than the kind needs
  | "beyond" // an address or length that leaves memory
  | "align" // a block that is no multiple of its size, a list entry between two blocks
  | "order" // a byte of the map that can't be a block
  | "class" // a slab of a class that does not exist
  | "count" // counts that contradict each other
  | "cycle" // a list longer than what it can hold
  | "changed"; // what is wrong may be none: threads changed the heap while it was read

export interface Damage {
  readonly code: DamageCode;
  /** The address of the wrong value, or the one that it points to. */
  readonly address: number;
  /** The wrong value. */
  readonly found: number;
}

export type Decoded =
  | { readonly ok: true; readonly snapshot: Snapshot }
  | { readonly ok: false; readonly damage: Damage };

class Wrong extends Error {
  constructor(readonly damage: Damage) {
    super(damage.code);
  }
}

function fail(code: DamageCode, address: number, found: number): never {
  throw new Wrong({ code, address, found });
}

/** Room for so many blocks at most is made before the first is read: a map of garbage seems to hold many. */
const MOST_AT_ONCE = 2 ** 20;

/** Checked reads over one buffer. Made anew for each read: growth detaches the old buffer. */
class Reader {
  readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(buffer: ArrayBufferLike) {
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
  }

  get length(): number {
    return this.bytes.length;
  }

  word(address: number): number {
    if (address % 4 !== 0) fail("align", address, address);
    if (address + 4 > this.length) fail("beyond", address, address);
    return this.view.getUint32(address, true);
  }

  /** Refuses a range that is not all in memory. */
  hold(address: number, length: number): void {
    if (address + length > this.length) fail("beyond", address, address + length);
  }
}

/** Notices that a list runs in a circle soon after its first round, in no memory (Brent's way). */
class Circle {
  private mark = -1;
  private steps = 0;
  private limit = 1;

  refuse(at: number): void {
    if (at === this.mark) fail("cycle", at, at);
    if (++this.steps < this.limit) return;
    this.mark = at;
    this.steps = 0;
    this.limit *= 2;
  }
}

/** Readings of a heap that threads change, before it is given up. */
const READINGS = 5;

export function decode(buffer: ArrayBufferLike, descriptor: number): Decoded {
  for (let reading = 1; ; reading++) {
    const before = latches(buffer, descriptor >>> 0);
    try {
      return { ok: true, snapshot: { ...read(new Reader(buffer), descriptor >>> 0), memory: buffer.byteLength } };
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      const after = latches(buffer, descriptor >>> 0);
      const still = before.every((latch, i) => latch === after[i] && latch !== HELD);
      if (still) return { ok: false, damage: error.damage };
      if (reading === READINGS) return { ok: false, damage: { ...error.damage, code: "changed" } };
    }
  }
}

/** The latches of a heap with threads; none if there is no such heap. Two equal readings: nothing changed in between. */
function latches(buffer: ArrayBufferLike, at: number): number[] {
  try {
    const reader = new Reader(buffer);
    const word = (index: number): number => reader.word(at + 4 * index);
    const known = word(Word.magic) === MAGIC && word(Word.kind) === Kind.Heap && word(Word.version) === SHARDS_VERSION;
    if (!known || word(Word.words) < SHARD_WORDS) return [];
    return [...shardsOf(reader, word).map((shard) => shard + Shard.latch), word(ShardWord.latch)].map((latch) =>
      reader.word(latch),
    );
  } catch (error) {
    if (error instanceof Wrong) return [];
    throw error;
  }
}

/** The addresses of a heap's shards. */
function shardsOf(reader: Reader, word: (index: number) => number): number[] {
  const [shards, count, bytes, lists] = [ShardWord.shards, ShardWord.count, ShardWord.bytes, ShardWord.lists].map(word) as [
    number,
    number,
    number,
    number,
  ];
  if (count > MOST_CLASSES || lists > MOST_CLASSES) fail("class", shards, Math.max(count, lists));
  if (count > 0 && bytes < Shard.lists + Shard.list * lists) fail("count", shards, bytes);
  reader.hold(shards, count * bytes);
  return Array.from({ length: count }, (_, i) => shards + i * bytes);
}

/** All of a snapshot but the memory that it is from. */
type Heap = Omit<Snapshot, "memory">;

function read(reader: Reader, at: number): Heap {
  if (at === 0 || at % 4 !== 0 || at + 4 * (Word.growths + 1) > reader.length) {
    fail("no-descriptor", at, at);
  }
  const word = (index: number): number => reader.word(at + 4 * index);
  /** The value behind a word that holds an address. */
  const behind = (index: number): number => reader.word(word(index));
  const expect = (index: number, wanted: number, code: DamageCode): void => {
    if (word(index) !== wanted) fail(code, at + 4 * index, word(index));
  };
  expect(Word.magic, MAGIC, "magic");
  const version = word(Word.version);
  const first = version === VERSION;
  if (!first && version !== SHARDS_VERSION) expect(Word.version, HEAP_VERSION, "version");
  const kind = word(Word.kind);
  if (kind < Kind.Bump || kind > Kind.Heap) fail("kind", at + 4 * Word.kind, kind);
  if (kind !== Kind.Heap) expect(Word.version, VERSION, "version");
  const words = word(Word.words);
  const sharded = version === SHARDS_VERSION;
  const least = sharded ? SHARD_WORDS : first && kind === Kind.Heap ? FIRST_HEAP_WORDS : WORDS[kind as keyof typeof WORDS];
  if (words < least) fail("short", at + 4 * Word.words, words);
  reader.hold(at, 4 * words);

  const counter = (index: number): number | null => (word(index) === 0 ? null : behind(index));
  const growths = counter(Word.growths);
  const committed = counter(Word.committed);
  const descriptor: Descriptor = { reader, word, behind, committed, growths };
  switch (kind) {
    case Kind.Bump:
      return readBump(descriptor);
    case Kind.Tiny:
      return readTiny(descriptor);
    case Kind.Heap:
      return first ? readFirstHeap(descriptor) : readHeap(descriptor, sharded);
    default:
      return readBuddy(descriptor, kind === Kind.Slab);
  }
}

interface Descriptor {
  readonly reader: Reader;
  readonly word: (index: number) => number;
  readonly behind: (index: number) => number;
  readonly committed: number | null;
  readonly growths: number | null;
}

const NOTHING = {
  start: 0,
  end: 0,
  units: null,
  granule: 1,
  base: 0,
  slabs: [] as readonly Slab[],
  classes: [] as readonly number[],
  lists: [] as readonly FreeList[],
} as const;

function readBump({ reader, behind, committed, growths }: Descriptor): Heap {
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

function readTiny({ reader, word }: Descriptor): Heap {
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

/** Granules in a row, and the part of a table that has two bits for each up to `covered`. */
interface Span {
  readonly from: number;
  readonly end: number;
  readonly covered: number;
  /** The granule that the table's first two bits are of, and the table's address. */
  readonly skew: number;
  readonly table: number;
}

/** The words by which a heap's blocks are told apart. */
interface Tiling {
  readonly reader: Reader;
  readonly blocks: Blocks;
  /** The heap's own blocks, and gaps, by the granule that they begin at. Each is taken out when it is met. */
  readonly marks: Map<number, State>;
  readonly waiting: Waiting;
}

function bytesOf(reader: Reader, { skew, covered, table }: Span): Uint8Array {
  const length = Math.ceil((covered - skew) / TableBits.perByte);
  reader.hold(table, length);
  return reader.bytes.subarray(table, table + length);
}

/** Adds the blocks of a span. */
function tile({ reader, blocks, marks, waiting }: Tiling, span: Span): void {
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
function roomFor(reader: Reader, spans: readonly Span[]): Blocks {
  let starts = 0;
  for (const span of spans) {
    for (const byte of bytesOf(reader, span)) {
      starts += (byte & 1) + ((byte >>> 2) & 1) + ((byte >>> 4) & 1) + ((byte >>> 6) & 1);
    }
  }
  return new Blocks(Math.min(starts + spans.length + 2, MOST_AT_ONCE));
}

function readHeap(descriptor: Descriptor, sharded: boolean): Heap {
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

/** Every block that waits and every mark was met. */
function finish({ waiting, marks }: Tiling): void {
  if (waiting.seen !== waiting.count) fail("align", waiting.count, waiting.seen);
  // What has no block of its own in the table is lost in another one.
  const [lost] = marks.keys();
  if (lost !== undefined) fail("count", lost * GRANULE, lost * GRANULE);
}

function ofGranules({ committed, growths }: Descriptor, { blocks, waiting }: Tiling, start: number, end: number): Heap {
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

/** A heap of version 1, which had one table for all. */
function readFirstHeap(descriptor: Descriptor): Heap {
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

/** The blocks in quick lists. */
class Waiting {
  count = 0;
  seen = 0;
  readonly lists: FreeList[] = [];
  /** Granules of the block that waits at a granule. */
  private readonly sizes: Uint32Array | null;

  constructor(
    private readonly origin: number,
    granules: number,
  ) {
    this.sizes = granules > 0 ? new Uint32Array(granules) : null;
  }

  /** The size, in granules, of the block that waits at a granule; 0 if none does. */
  classOf(at: number): number {
    return this.sizes?.[at - this.origin] ?? 0;
  }

  add(at: number, size: number): boolean {
    if (this.sizes?.[at - this.origin] !== 0) return false;
    this.sizes[at - this.origin] = size;
    this.count++;
    return true;
  }
}

/** Far more than any heap has: a number that is wrong must not cost an array of its length. */
const MOST_CLASSES = 4096;

interface QuickAt {
  readonly quick: number;
  readonly classes: number;
  readonly small: number;
  readonly origin: number;
  readonly end: number;
  readonly sharded?: boolean;
}

/** A list: its first block, and its blocks' granules. */
type Head = readonly [first: number, granules: number];

function readQuick(reader: Reader, word: (index: number) => number, at: QuickAt): Waiting {
  const { origin, end } = at;
  const quick = word(at.quick);
  const classes = word(at.classes);
  const small = word(at.small);
  if (classes > MOST_CLASSES) fail("class", quick, classes);
  reader.hold(quick, 4 * classes);
  const heads = Array.from({ length: classes }, (_, i): Head => [reader.word(quick + 4 * i), classGranules(i, small)]);
  if (at.sharded) {
    const lists = word(ShardWord.lists);
    for (const shard of shardsOf(reader, word)) {
      for (let i = 0; i < lists; i++) {
        heads.push([reader.word(shard + Shard.lists + i * Shard.list), classGranules(i, SHARD_SMALL)]);
      }
    }
  }
  const waiting = new Waiting(origin, heads.some(([first]) => first !== 0) ? end - origin : 0);
  const free = new Map<number, number>();
  for (const [first, size] of heads) {
    for (let block = first; block !== 0; block = reader.word(block)) {
      const at = block / GRANULE;
      if (!Number.isInteger(at)) fail("align", block, block);
      if (at < origin || at + size > end) fail("beyond", block, block);
      if (!waiting.add(at, size)) fail("cycle", block, block);
      free.set(size, (free.get(size) ?? 0) + 1);
    }
  }
  for (const [size, count] of [...free].sort(([a], [b]) => a - b)) {
    waiting.lists.push({ size: size * GRANULE, free: count });
  }
  return waiting;
}

function readBuddy(descriptor: Descriptor, slabsToo: boolean): Heap {
  const { reader, word, behind, committed, growths } = descriptor;
  const map = behind(BuddyWord.map);
  const entries = behind(BuddyWord.entries);
  const origin = behind(BuddyWord.origin);
  const shift = word(BuddyWord.granule);
  const capacity = behind(BuddyWord.capacity);
  const kind = slabsToo ? "slab" : "buddy";
  if (shift > 31) fail("order", map, shift);
  const granule = 2 ** shift;
  reader.hold(map, entries);
  reader.hold(origin, entries * granule);

  const classes: number[] = [];
  if (slabsToo) {
    const count = word(SlabWord.classes);
    const sizes = word(SlabWord.sizes);
    reader.hold(sizes, 4 * count);
    for (let i = 0; i < count; i++) {
      const size = reader.word(sizes + 4 * i);
      if (size < 4) fail("class", sizes + 4 * i, size);
      classes.push(size);
    }
  }

  const bytes = reader.bytes.subarray(map, map + entries);
  let starts = 1;
  for (const byte of bytes) if (byte !== 0) starts++;
  const blocks = new Blocks(Math.min(starts, MOST_AT_ONCE));
  const units = new Blocks(Math.min(starts, MOST_AT_ONCE));
  const slabs: Slab[] = [];
  const lengths = Array.from({ length: 32 }, (_, order) => 2 ** order);
  for (let entry = 0; entry < entries; ) {
    const byte = bytes[entry]!;
    const address = origin + entry * granule;
    if (byte === 0) {
      blocks.extend(address, granule, State.Gap);
      units.extend(address, granule, State.Gap);
      entry++;
      continue;
    }
    const order = MapByte.order(byte);
    const length = lengths[order] ?? Infinity;
    if (entry + length > entries) fail("order", map + entry, byte);
    const size = granule * length;
    if (address % size !== 0) fail("align", address, size);
    switch (MapByte.state(byte)) {
      case MapByte.free:
        blocks.push(address, size, State.Free);
        units.push(address, size, State.Free);
        break;
      case MapByte.fresh:
        blocks.push(address, size, State.Fresh);
        units.push(address, size, State.Fresh);
        break;
      case MapByte.slab:
        if (!slabsToo) fail("order", map + entry, byte);
        units.push(address, size, State.Slab, slabs.length);
        slabs.push(readSlab(reader, address, size, classes, blocks, slabs.length));
        break;
      default: {
        const own = address >= map && address < map + capacity;
        const state = own ? State.Meta : State.Live;
        blocks.push(address, size, state);
        units.push(address, size, state);
      }
    }
    entry += length;
  }
  return {
    ...NOTHING,
    kind,
    committed,
    growths,
    start: entries === 0 ? 0 : origin,
    end: entries === 0 ? 0 : origin + entries * granule,
    blocks,
    units,
    granule,
    slabs,
    classes,
  };
}

function readSlab(
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
