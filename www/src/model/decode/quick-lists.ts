import { classGranules, GRANULE, Shard, SHARD_SMALL, ShardWord } from "../../wire/heap-layout";
import type { FreeList } from "../snapshot";
import { fail } from "./damage";
import type { Reader } from "./reader";
import { MOST_CLASSES, shardsOf } from "./shards";

/** The blocks in quick lists. */
export class Waiting {
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

export function readQuick(reader: Reader, word: (index: number) => number, at: QuickAt): Waiting {
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
