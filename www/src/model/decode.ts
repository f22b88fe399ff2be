import { FIRST_HEAP_WORDS, HEAP_VERSION, HELD, Kind, MAGIC, SHARD_WORDS, SHARDS_VERSION, VERSION, Word, WORDS } from "../wire/heap-layout";
import { readBuddy } from "./decode/buddy";
import { readBump } from "./decode/bump";
import { fail, Wrong, type Damage, type DamageCode } from "./decode/damage";
import type { Descriptor, Heap } from "./decode/descriptor";
import { readFirstHeap } from "./decode/first-heap";
import { readHeap } from "./decode/heap";
import { Reader } from "./decode/reader";
import { latches } from "./decode/shards";
import { readTiny } from "./decode/tiny";
import type { Snapshot } from "./snapshot";

/**
 * Reads a heap out of a module's memory. Nothing is taken on trust: every address and length is
 * held against the memory before it is followed, lists are followed no further than they can be
 * long, and whatever does not fit ends in a `Damage`, never in an exception or a loop.
 *
 * Costs one pass over the map plus one over each slab's list; copies no memory of the module.
 */

export type Decoded =
  | { readonly ok: true; readonly snapshot: Snapshot }
  | { readonly ok: false; readonly damage: Damage };

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
