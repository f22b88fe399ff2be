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
  HeapWord,
  Kind,
  MAGIC,
  MapByte,
  Shard,
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
} from "../../src/wire/heap-layout";

/** Writes synthetic heaps into a memory, as docs/heap-layout.md lays them out. */
export class MemoryBuilder {
  readonly buffer: ArrayBuffer;
  readonly view: DataView;
  readonly descriptor = 64;
  /** The address of the next value that a descriptor points to. */
  private cell = 512;

  constructor(bytes = 65536) {
    this.buffer = new ArrayBuffer(bytes);
    this.view = new DataView(this.buffer);
  }

  set(address: number, word: number): this {
    this.view.setUint32(address, word, true);
    return this;
  }

  byte(address: number, value: number): this {
    this.view.setUint8(address, value);
    return this;
  }

  /** Sets a word of the descriptor. */
  word(index: number, value: number): this {
    return this.set(this.descriptor + 4 * index, value);
  }

  /** Sets a word of the descriptor to the address of a fresh cell that holds the value. */
  behind(index: number, value: number): this {
    this.set(this.cell, value);
    this.word(index, this.cell);
    this.cell += 4;
    return this;
  }

  /** The address of the cell that a word of the descriptor points to. */
  cellOf(index: number): number {
    return this.view.getUint32(this.descriptor + 4 * index, true);
  }

  header(kind: keyof typeof WORDS, committed: number, growths: number): this {
    return this.word(Word.magic, MAGIC)
      .word(Word.version, VERSION)
      .word(Word.kind, kind)
      .word(Word.words, WORDS[kind])
      .behind(Word.committed, committed)
      .behind(Word.growths, growths);
  }

  /** `chunks` from oldest to newest. */
  bump(chunks: readonly { start: number; top: number }[], end: number): this {
    this.header(Kind.Bump, 0, 1);
    let previous = { start: 0, top: 0 };
    for (const chunk of chunks) {
      this.set(chunk.start + Chunk.previous, previous.start);
      this.set(chunk.start + Chunk.previousTop, previous.top);
      previous = chunk;
    }
    return this.behind(BumpWord.start, previous.start)
      .behind(BumpWord.top, previous.top)
      .behind(BumpWord.end, end);
  }

  /** `units` from the origin on: `[state, order]`, or "gap" for one granule that is not the heap's. */
  buddy(options: {
    readonly origin: number;
    readonly granule: number;
    readonly map: number;
    readonly capacity?: number;
    readonly units: readonly (readonly [keyof typeof STATES, number] | "gap")[];
    readonly slab?: boolean;
  }): this {
    const { origin, granule, map, units } = options;
    this.header(options.slab === true ? Kind.Slab : Kind.Buddy, 0, 2);
    let entry = 0;
    for (const unit of units) {
      if (unit === "gap") {
        this.byte(map + entry++, 0);
        continue;
      }
      this.byte(map + entry, (STATES[unit[0]] << 6) | (unit[1] + 1));
      entry += 2 ** unit[1];
    }
    return this.behind(BuddyWord.map, map)
      .behind(BuddyWord.entries, entry)
      .behind(BuddyWord.origin, origin)
      .word(BuddyWord.granule, granule)
      .behind(BuddyWord.capacity, options.capacity ?? 0);
  }

  classes(sizes: readonly number[], at = 1024): this {
    sizes.forEach((size, i) => this.set(at + 4 * i, size));
    return this.word(SlabWord.classes, sizes.length).word(SlabWord.sizes, at);
  }

  /** Header and free list of a slab; `free` are the indices of its freed blocks, in list order. */
  slab(
    address: number,
    slab: {
      readonly class: number;
      readonly size: number;
      readonly fresh: number;
      readonly capacity: number;
      readonly free?: readonly number[];
      readonly first?: number;
    },
  ): this {
    const free = slab.free ?? [];
    const first = slab.first ?? SlabHeader.bytes;
    const block = (i: number): number => address + first + i * slab.size;
    this.set(address + SlabHeader.class, slab.class)
      .set(address + SlabHeader.used, slab.fresh - free.length)
      .set(address + SlabHeader.fresh, slab.fresh)
      .set(address + SlabHeader.capacity, slab.capacity)
      .set(address + SlabHeader.first, first);
    let from = address + SlabHeader.free;
    for (const index of free) {
      this.set(from, block(index));
      from = block(index);
    }
    return this.set(from, 0);
  }

  tiny(options: {
    readonly largest: number;
    /** Free blocks of each class, the largest first, in list order. */
    readonly lists: readonly (readonly number[])[];
    readonly heads?: number;
  }): this {
    const heads = options.heads ?? 2048;
    this.header(Kind.Tiny, 0, 0).word(Word.committed, 0).word(Word.growths, 0);
    options.lists.forEach((list, i) => {
      let from = heads + 4 * i;
      for (const block of list) {
        this.set(from, block);
        from = block;
      }
      this.set(from, 0);
    });
    return this.word(TinyWord.heads, heads)
      .word(TinyWord.classes, options.lists.length)
      .word(TinyWord.largest, options.largest);
  }

  /**
   * A heap of regions: each from granule `origin` on, its blocks in address order behind the header, as
   * `[what, granules]`. `waits` is live in the table, and on its class's quick list. Each has its table among its
   * blocks. Of the newest one the last block is the top; `beyond` granules of it have bits.
   */
  heap(options: {
    readonly regions: readonly {
      readonly origin: number;
      readonly blocks: readonly (readonly ["live" | "free" | "waits" | "table" | "top", number])[];
    }[];
    readonly beyond?: number;
    readonly small?: number;
    readonly classes?: number;
    readonly quick?: number;
  }): this {
    const { regions, beyond = 100, small = 4, classes = 21, quick = 2048 } = options;
    let record = [0, 0, 0];
    let [top, end, sum] = [0, 0, 0];
    regions.forEach(({ origin, blocks }, i) => {
      const [newest, own] = [i === regions.length - 1, blocks.reduce((granules, [, size]) => granules + size, 1)];
      let table = origin + 1;
      for (const [what, size] of blocks) {
        if (what === "table") break;
        table += size;
      }
      const mark = (at: number, bits: number): void => {
        const byte = table * GRANULE + Math.floor(at / 4) - Math.floor(origin / 4);
        this.byte(byte, this.view.getUint8(byte) | (bits << ((at % 4) * 2)));
      };
      record.forEach((word, k) => this.set(origin * GRANULE + 4 * k, word));
      mark(origin, TableBits.block);
      let at = origin + 1;
      for (const [what, size] of blocks) {
        if (what === "top") top = at;
        else mark(at, TableBits.block);
        if (what === "free") {
          mark(at, TableBits.free);
          mark(at + size - 1, TableBits.free);
        } else if (what === "waits") {
          const index = Array.from({ length: classes }, (_, c) => c).find((c) => c > 0 && classGranules(c, small) === size)!;
          this.set(at * GRANULE, this.view.getUint32(quick + 4 * index, true));
          this.set(quick + 4 * index, at * GRANULE);
        }
        at += size;
      }
      if (!newest) mark(at, TableBits.block);
      record = [origin, newest ? top - origin + beyond : at - origin + 1, table];
      end = at;
      sum += own;
    });
    this.header(Kind.Heap, sum * GRANULE, 1).word(Word.version, HEAP_VERSION);
    const cell = this.cell;
    for (const word of record) {
      this.set(this.cell, word);
      this.cell += 4;
    }
    return this.word(HeapWord.region, cell)
      .behind(HeapWord.top, top)
      .behind(HeapWord.end, end)
      .word(HeapWord.quick, quick)
      .word(HeapWord.classes, classes)
      .word(HeapWord.small, small);
  }

  /** Makes a heap one of version 3, whose shards have these blocks in their lists: `[shard, list, granule]`. */
  shards(waiting: readonly (readonly [shard: number, list: number, granule: number])[], lists = 33): this {
    const [shards, count, bytes] = [8192, 2, 384];
    for (const [shard, list, granule] of waiting) {
      const head = shards + shard * bytes + Shard.lists + Shard.list * list;
      this.set(granule * GRANULE, this.view.getUint32(head, true));
      this.set(head, granule * GRANULE);
    }
    return this.word(Word.version, SHARDS_VERSION)
      .word(Word.words, SHARD_WORDS)
      .word(ShardWord.shards, shards)
      .word(ShardWord.count, count)
      .word(ShardWord.bytes, bytes)
      .word(ShardWord.lists, lists)
      .behind(ShardWord.latch, 2);
  }

  /**
   * A heap of version 1, from granule `origin` on: its blocks in address order, as `[what, granules]`. A header
   * comes with each region; `waits` is live in the table, and on its class's quick list; the last
   * block is the top. The table of `Math.ceil(granules / 64)` granules follows, unless it is one of
   * the blocks.
   */
  firstHeap(options: {
    readonly origin: number;
    readonly blocks: readonly (readonly ["header" | "gap" | "live" | "free" | "waits" | "top" | "table", number])[];
    readonly small?: number;
    readonly classes?: number;
    readonly quick?: number;
  }): this {
    const { origin, small = 4, classes = 21, quick = 2048 } = options;
    const granules = options.blocks.reduce((sum, [, size]) => sum + size, 0);
    const end = origin + granules;
    const inner = options.blocks.findIndex(([what]) => what === "table");
    const before = options.blocks.slice(0, inner < 0 ? undefined : inner);
    const table = before.reduce((sum, [, size]) => sum + size, origin) * GRANULE;
    const mark = (at: number, bits: number): void => {
      const index = at - origin;
      const byte = table + Math.floor(index / TableBits.perByte);
      this.byte(byte, this.view.getUint8(byte) | (bits << ((index % TableBits.perByte) * 2)));
    };
    let at = origin;
    let region = 0;
    let regionEnd = 0;
    let newest = 0;
    let top = end;
    for (const [what, size] of options.blocks) {
      if (size > 0) mark(at, TableBits.block);
      if (what === "header") {
        this.set(at * GRANULE + FirstRegion.previous, region);
        this.set(at * GRANULE + FirstRegion.previousEnd, region === 0 ? 0 : regionEnd === 0 ? at : regionEnd);
        newest = region = at;
        regionEnd = 0;
      } else if (what === "gap") regionEnd = at;
      else if (what === "free") {
        mark(at, TableBits.free);
        mark(at + size - 1, TableBits.free);
      } else if (what === "waits") {
        const index = Array.from({ length: classes }, (_, i) => i).find((i) => i > 0 && classGranules(i, small) === size)!;
        this.set(at * GRANULE, this.view.getUint32(quick + 4 * index, true));
        this.set(quick + 4 * index, at * GRANULE);
      } else if (what === "top") top = at;
      at += size;
    }
    const limit = inner < 0 ? end + Math.ceil(granules / 64) : end;
    return this.header(Kind.Heap, (limit - origin) * GRANULE, 1)
      .word(Word.words, FIRST_HEAP_WORDS)
      .behind(FirstHeapWord.table, table)
      .behind(FirstHeapWord.origin, origin)
      .behind(FirstHeapWord.top, top)
      .behind(FirstHeapWord.end, end)
      .behind(FirstHeapWord.limit, limit)
      .behind(FirstHeapWord.newest, newest)
      .word(FirstHeapWord.quick, quick)
      .word(FirstHeapWord.classes, classes)
      .word(FirstHeapWord.small, small);
  }
}

const STATES = {
  live: MapByte.live,
  free: MapByte.free,
  fresh: MapByte.fresh,
  slab: MapByte.slab,
} as const;
