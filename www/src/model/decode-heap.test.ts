import { describe, expect, it } from "vitest";
import { classGranules, GRANULE, HeapWord, HELD, Kind, ShardWord, Word } from "../wire/heap-layout";
import { MemoryBuilder } from "../../tests/support/memory-builder";
import { decode } from "./decode";
import type { DamageCode } from "./decode/damage";
import { random } from "./random";
import { State, type Snapshot } from "./snapshot";

const read = (memory: MemoryBuilder): Snapshot => {
  const decoded = decode(memory.buffer, memory.descriptor);
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.damage));
  return decoded.snapshot;
};

const refusal = (memory: MemoryBuilder): DamageCode => {
  const decoded = decode(memory.buffer, memory.descriptor);
  if (decoded.ok) throw new Error("the decoder accepted it");
  return decoded.damage.code;
};

const NAMES: Partial<Record<State, string>> = {
  [State.Live]: "live",
  [State.Free]: "free",
  [State.Waiting]: "waiting",
  [State.Meta]: "meta",
  [State.Gap]: "gap",
};
/** Granule, granules, state. */
const rows = ({ blocks }: Snapshot): [number, number, string | undefined][] =>
  Array.from({ length: blocks.count }, (_, i) => [
    blocks.address[i]! / GRANULE,
    blocks.size[i]! / GRANULE,
    NAMES[blocks.state[i] as State],
  ]);

const ORIGIN = 1026;
const SECOND = ORIGIN + 29 + 8;
const heap = (): MemoryBuilder =>
  new MemoryBuilder().heap({
    regions: [
      { origin: ORIGIN, blocks: [["live", 3], ["waits", 2], ["free", 1], ["live", 18], ["table", 2], ["waits", 2]] },
      { origin: SECOND, blocks: [["table", 2], ["live", 1], ["free", 6], ["live", 1], ["top", 20]] },
    ],
  });

describe("a heap of kind 5", () => {
  it("is read block by block: headers, tables, quick lists, gaps, the top", () => {
    const snapshot = read(heap());
    expect(snapshot.kind).toBe("heap");
    expect(rows(snapshot)).toEqual([
      [ORIGIN, 1, "meta"],
      [ORIGIN + 1, 3, "live"],
      [ORIGIN + 4, 2, "waiting"],
      [ORIGIN + 6, 1, "free"],
      [ORIGIN + 7, 18, "live"],
      [ORIGIN + 25, 2, "meta"],
      [ORIGIN + 27, 2, "waiting"],
      [ORIGIN + 29, 8, "gap"],
      [SECOND, 1, "meta"],
      [SECOND + 1, 2, "meta"],
      [SECOND + 3, 1, "live"],
      [SECOND + 4, 6, "free"],
      [SECOND + 10, 1, "live"],
      [SECOND + 11, 20, "free"],
    ]);
    expect([snapshot.start, snapshot.end]).toEqual([ORIGIN * GRANULE, (SECOND + 31) * GRANULE]);
    expect(snapshot.lists).toEqual([{ size: 32, free: 2 }]);
    expect(snapshot.committed).toBe((29 + 31) * GRANULE);
  });

  it("that never allocated has no blocks", () => {
    const snapshot = read(new MemoryBuilder().heap({ regions: [] }));
    expect(snapshot.blocks.count).toBe(0);
    expect([snapshot.start, snapshot.end]).toEqual([0, 0]);
  });

  it("sets the start of its top aside where the table does not reach", () => {
    const region = (top: number, beyond: number): [number, number, string | undefined][] =>
      rows(read(new MemoryBuilder().heap({ beyond, regions: [{ origin: 512, blocks: [["table", 1], ["live", 98], ["top", top]] }] })));
    // 100 granules are in use: the next table has (150 + 67) / 64.
    expect(region(50, 7)).toContainEqual([612, 50, "free"]);
    expect(region(50, 6)).toEqual([
      [512, 1, "meta"],
      [513, 1, "meta"],
      [514, 98, "live"],
      [612, 3, "meta"],
      [615, 47, "free"],
    ]);
    // Where the table reaches the end, no larger one is needed.
    expect(region(6, 6)).toContainEqual([612, 6, "free"]);
    expect(region(7, 6).slice(-2)).toEqual([
      [612, 3, "meta"],
      [615, 4, "free"],
    ]);
    expect(region(3, -40).at(-1)).toEqual([612, 3, "meta"]);
    expect(region(0, -40).at(-1)).toEqual([514, 98, "live"]);
  });

  it("has classes as the layout says", () => {
    expect([1, 2, 64, 65, 66, 72, 73, 80, 81, 128].map((i) => classGranules(i, 64))).toEqual([
      1, 2, 64, 72, 80, 128, 144, 256, 288, 16384,
    ]);
  });

  it("reads long blocks and single granules alike, wherever they stand in the table's bytes", () => {
    const next = random(7);
    for (let round = 0; round < 50; round++) {
      const sizes = Array.from({ length: 40 }, () => (next() < 0.5 ? 1 : 1 + Math.floor(next() * 40)));
      const blocks = sizes.map((size, i): readonly ["live" | "free", number] => [i % 2 === 0 ? "live" : "free", size]);
      const origin = 600 + (round % 4);
      const snapshot = read(new MemoryBuilder().heap({ regions: [{ origin, blocks: [["table", 20], ...blocks, ["top", 3]] }] }));
      expect(rows(snapshot).slice(2, -1).map((row) => row[1])).toEqual(sizes);
    }
  });

  it("is refused in versions that are not known", () => {
    for (const version of [0, 4, 0xffffffff]) expect(refusal(heap().word(Word.version, version))).toBe("version");
    expect(refusal(heap().word(Word.kind, Kind.Slab))).toBe("version");
    expect(refusal(heap().shards([]).word(Word.kind, Kind.Slab))).toBe("version");
  });

  it("is refused where a table or its end leaves memory", () => {
    const beyond = heap();
    expect(refusal(beyond.set(beyond.cellOf(HeapWord.end), 0x0fffffff))).toBe("beyond");
    const table = heap();
    expect(refusal(table.set(table.cellOf(HeapWord.region) + 8, 4095))).toBe("beyond");
  });

  it("is refused where its positions do not ascend", () => {
    const low = heap();
    expect(refusal(low.set(low.cellOf(HeapWord.top), SECOND))).toBe("count");
    const high = heap();
    expect(refusal(high.set(high.cellOf(HeapWord.top), SECOND + 32))).toBe("count");
  });

  it("is refused where regions run in a circle, or overlap", () => {
    const circle = heap();
    expect(refusal(circle.set(ORIGIN * GRANULE, SECOND).set(ORIGIN * GRANULE + 4, 20))).toBe("count");
    expect(refusal(heap().set(SECOND * GRANULE + 4, 39))).toBe("count");
    expect(refusal(heap().set(SECOND * GRANULE + 4, 0))).toBe("count");
  });

  it("is refused where a table is inside of a block", () => {
    const memory = heap();
    expect(refusal(memory.set(memory.cellOf(HeapWord.region) + 8, ORIGIN + 9))).toBe("count");
  });

  it("is refused where a quick list runs in a circle, or leads elsewhere", () => {
    expect(refusal(heap().set((ORIGIN + 4) * GRANULE, (ORIGIN + 27) * GRANULE))).toBe("cycle");
    expect(refusal(heap().set((ORIGIN + 4) * GRANULE, 0xfffffff0))).toBe("beyond");
    expect(refusal(heap().set((ORIGIN + 4) * GRANULE, (ORIGIN + 5) * GRANULE + 4))).toBe("align");
    // A block of another size, a free run, the middle of a block, a gap.
    expect(refusal(heap().set((ORIGIN + 4) * GRANULE, (ORIGIN + 1) * GRANULE))).toBe("class");
    expect(refusal(heap().set((ORIGIN + 4) * GRANULE, (SECOND + 4) * GRANULE))).toBe("class");
    expect(refusal(heap().set((ORIGIN + 4) * GRANULE, (ORIGIN + 10) * GRANULE))).toBe("align");
    expect(refusal(heap().set((ORIGIN + 4) * GRANULE, (ORIGIN + 29) * GRANULE))).toBe("align");
  });

  it("is refused where it has more classes than a heap can have", () => {
    expect(refusal(heap().word(HeapWord.classes, 0x10000000))).toBe("class");
  });

  it("with any damage is either tiled without a hole or refused, never an exception", () => {
    const next = random(5);
    let accepted = 0;
    for (let round = 0; round < 4000; round++) {
      const memory = heap();
      const spots = [memory.descriptor, 512, 2048, SECOND * GRANULE, (ORIGIN + 25) * GRANULE];
      for (let i = 0; i < 3; i++) {
        memory.byte(spots[Math.floor(next() * spots.length)]! + Math.floor(next() * 64), Math.floor(next() * 256));
      }
      const decoded = decode(memory.buffer, memory.descriptor);
      if (!decoded.ok) continue;
      accepted++;
      const { blocks, start, end } = decoded.snapshot;
      if (decoded.snapshot.kind !== "heap") continue;
      let at = start;
      for (let i = 0; i < blocks.count; i++) {
        expect(blocks.address[i]).toBe(at);
        expect(blocks.size[i]).toBeGreaterThan(0);
        expect([State.Live, State.Free, State.Meta, State.Gap, State.Waiting]).toContain(blocks.state[i]);
        at += blocks.size[i]!;
      }
      expect(at).toBe(end);
    }
    expect(accepted).toBeGreaterThan(100);
  });
});

describe("a heap with shards", () => {
  const LIVE = ORIGIN + 1;

  it("has blocks that wait in quick lists and in shards", () => {
    const snapshot = read(heap().shards([[1, 3, LIVE], [0, 17, ORIGIN + 7]]));
    expect(rows(snapshot).slice(1, 5).map((row) => row[2])).toEqual(["waiting", "waiting", "free", "waiting"]);
    expect(snapshot.lists).toEqual([
      { size: 2 * GRANULE, free: 2 },
      { size: 3 * GRANULE, free: 1 },
      { size: 18 * GRANULE, free: 1 },
    ]);
    expect(rows(read(heap().shards([])))).toEqual(rows(read(heap())));
  });

  it("has lists of every size to 1 KiB", () => {
    const sizes = Array.from({ length: 33 }, (_, list) => classGranules(list, 16)).slice(1);
    expect(sizes.slice(14)).toEqual([15, 16, 18, 20, 22, 24, 26, 28, 30, 32, 36, 40, 44, 48, 52, 56, 60, 64]);
  });

  it("is damaged where a list leads to no block of its size, to one twice, or out of the heap", () => {
    expect(refusal(heap().shards([[1, 2, LIVE]]))).toBe("class");
    expect(refusal(heap().shards([[0, 3, LIVE], [1, 3, LIVE]]))).toBe("cycle");
    expect(refusal(heap().shards([[0, 1, ORIGIN - 1]]))).toBe("beyond");
    expect(refusal(heap().shards([], 48))).toBe("count");
    expect(refusal(heap().shards([], 1e9))).toBe("class");
    expect(refusal(heap().shards([]).word(Word.words, 16))).toBe("short");
  });

  it("is not called damaged while a thread holds one of its latches", () => {
    const damaged = (): MemoryBuilder => heap().shards([[1, 2, LIVE]]);
    expect(refusal(damaged().set(8192, HELD))).toBe("changed");
    expect(refusal(damaged().set(8192 + 384, HELD))).toBe("changed");
    const held = damaged();
    expect(refusal(held.set(held.cellOf(ShardWord.latch), HELD))).toBe("changed");
    expect(refusal(damaged().set(8192, 42))).toBe("class");
  });
});
