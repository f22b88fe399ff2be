import { Kind, MAGIC, Shard, SHARD_WORDS, SHARDS_VERSION, ShardWord, Word } from "../../wire/heap-layout";
import { fail, Wrong } from "./damage";
import { Reader } from "./reader";

/** Far more than any heap has: a number that is wrong must not cost an array of its length. */
export const MOST_CLASSES = 4096;

/** The latches of a heap with threads; none if there is no such heap. Two equal readings: nothing changed in between. */
export function latches(buffer: ArrayBufferLike, at: number): number[] {
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
export function shardsOf(reader: Reader, word: (index: number) => number): number[] {
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
