import { describe, expect, it } from "vitest";
import { classGranules, GRANULE, FirstHeapWord } from "../wire/heap-layout";
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

const ORIGIN = 1024;
const heap = (): MemoryBuilder =>
  new MemoryBuilder().firstHeap({
    origin: ORIGIN,
    blocks: [
      ["header", 1],
      ["live", 3],
      ["waits", 2],
      ["free", 1],
      ["live", 20],
      ["waits", 2],
      ["gap", 8],
      ["header", 1],
      ["live", 1],
      ["free", 6],
      ["live", 1],
      ["top", 20],
    ],
  });

describe("a heap of kind 5, version 1", () => {
  it("is read block by block: headers, quick lists, gaps, the top, the table", () => {
    const snapshot = read(heap());
    expect(snapshot.kind).toBe("heap");
    expect(rows(snapshot)).toEqual([
      [ORIGIN, 1, "meta"],
      [ORIGIN + 1, 3, "live"],
      [ORIGIN + 4, 2, "waiting"],
      [ORIGIN + 6, 1, "free"],
      [ORIGIN + 7, 20, "live"],
      [ORIGIN + 27, 2, "waiting"],
      [ORIGIN + 29, 8, "gap"],
      [ORIGIN + 37, 1, "meta"],
      [ORIGIN + 38, 1, "live"],
      [ORIGIN + 39, 6, "free"],
      [ORIGIN + 45, 1, "live"],
      [ORIGIN + 46, 20, "free"],
      [ORIGIN + 66, 2, "meta"],
    ]);
    expect([snapshot.start, snapshot.end]).toEqual([ORIGIN * GRANULE, (ORIGIN + 68) * GRANULE]);
    expect(snapshot.lists).toEqual([{ size: 32, free: 2 }]);
    expect(snapshot.committed).toBe(68 * GRANULE);
  });

  it("that never allocated has no blocks", () => {
    const snapshot = read(new MemoryBuilder().firstHeap({ origin: 0, blocks: [] }));
    expect(snapshot.blocks.count).toBe(0);
    expect([snapshot.start, snapshot.end]).toEqual([0, 0]);
  });

  it("may have an empty top", () => {
    const snapshot = read(new MemoryBuilder().firstHeap({ origin: 512, blocks: [["header", 1], ["live", 9], ["top", 0]] }));
    expect(rows(snapshot).map((row) => row[2])).toEqual(["meta", "live", "meta"]);
  });

  it("may have its table among the blocks", () => {
    const memory = new MemoryBuilder().firstHeap({
      origin: 512,
      blocks: [["header", 1], ["live", 9], ["table", 2], ["live", 5], ["top", 7]],
    });
    expect(rows(read(memory))).toEqual([
      [512, 1, "meta"],
      [513, 9, "live"],
      [522, 2, "meta"],
      [524, 5, "live"],
      [529, 7, "free"],
    ]);
    const between = memory.set(memory.cellOf(FirstHeapWord.table), 522 * GRANULE + 4);
    expect(refusal(between)).toBe("align");
  });

  it("has classes as the layout says", () => {
    expect([0, 1, 2, 64, 65, 66, 72, 73, 80, 81, 128].map((i) => classGranules(i, 64))).toEqual([
      1, 1, 2, 64, 72, 80, 128, 144, 256, 288, 16384,
    ]);
  });

  it("reads long blocks and single granules alike, wherever they stand in the table's bytes", () => {
    const next = random(7);
    for (let round = 0; round < 50; round++) {
      const sizes = Array.from({ length: 40 }, () => (next() < 0.5 ? 1 : 1 + Math.floor(next() * 40)));
      const blocks = sizes.map((size, i): readonly ["live" | "free", number] => [i % 2 === 0 ? "live" : "free", size]);
      const snapshot = read(new MemoryBuilder().firstHeap({ origin: 600, blocks: [["header", 1], ...blocks, ["top", 3]] }));
      expect(rows(snapshot).slice(1, -2).map((row) => row[1])).toEqual(sizes);
    }
  });

  it("is refused where its table or its end leaves memory", () => {
    const beyond = heap();
    expect(refusal(beyond.set(beyond.cellOf(FirstHeapWord.limit), 0xffffffff))).toBe("beyond");
    const table = heap();
    expect(refusal(table.set(table.cellOf(FirstHeapWord.table), 65530))).toBe("beyond");
  });

  it("is refused where its positions do not ascend", () => {
    for (const word of [FirstHeapWord.origin, FirstHeapWord.top]) {
      const memory = heap();
      expect(refusal(memory.set(memory.cellOf(word), ORIGIN + 67))).toBe("count");
    }
  });

  it("is refused where regions run in a circle, overlap, or leave the heap", () => {
    const circle = heap();
    circle.set(ORIGIN * GRANULE, ORIGIN + 37).set(ORIGIN * GRANULE + 4, ORIGIN + 50);
    expect(refusal(circle)).toBe("count");
    const outside = heap();
    expect(refusal(outside.set(outside.cellOf(FirstHeapWord.newest), 9))).toBe("count");
  });

  it("is refused where a region's header is inside of a block", () => {
    const memory = heap();
    expect(refusal(memory.set(memory.cellOf(FirstHeapWord.newest), ORIGIN + 9))).toBe("count");
  });

  it("is refused where a quick list runs in a circle, or leads elsewhere", () => {
    expect(refusal(heap().set((ORIGIN + 4) * GRANULE, (ORIGIN + 27) * GRANULE))).toBe("cycle");
    expect(refusal(heap().set((ORIGIN + 4) * GRANULE, 0xfffffff0))).toBe("beyond");
    expect(refusal(heap().set((ORIGIN + 4) * GRANULE, (ORIGIN + 5) * GRANULE + 4))).toBe("align");
    // A block of another size, a free run, and the middle of a block.
    expect(refusal(heap().set((ORIGIN + 4) * GRANULE, (ORIGIN + 1) * GRANULE))).toBe("class");
    expect(refusal(heap().set((ORIGIN + 4) * GRANULE, (ORIGIN + 39) * GRANULE))).toBe("class");
    expect(refusal(heap().set((ORIGIN + 4) * GRANULE, (ORIGIN + 10) * GRANULE))).toBe("align");
  });

  it("is refused where it has more classes than a heap can have", () => {
    expect(refusal(heap().word(FirstHeapWord.classes, 0x10000000))).toBe("class");
  });

  it("with any damage is either tiled without a hole or refused, never an exception", () => {
    const next = random(5);
    let accepted = 0;
    for (let round = 0; round < 4000; round++) {
      const memory = heap();
      const spots = [memory.descriptor, 512, 2048, ORIGIN * GRANULE, (ORIGIN + 66) * GRANULE];
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
