import { describe, expect, it } from "vitest";
import { BumpWord, BuddyWord, SlabHeader, SlabWord, TinyWord, Word } from "../wire/heap-layout";
import { MemoryBuilder } from "../../tests/support/memory-builder";
import { decode } from "./decode";
import type { DamageCode } from "./decode/damage";
import type { Snapshot } from "./snapshot";

const read = (memory: MemoryBuilder): Snapshot => {
  const decoded = decode(memory.buffer, memory.descriptor);
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.damage));
  return decoded.snapshot;
};

const refusal = (memory: MemoryBuilder, at = memory.descriptor): DamageCode => {
  const decoded = decode(memory.buffer, at);
  if (decoded.ok) throw new Error("the decoder accepted it");
  return decoded.damage.code;
};

const NAMES = ["live", "free", "meta", "gap", "fresh", "unknown", "slab"];
const rows = (blocks: Snapshot["blocks"]): [number, number, string | undefined][] =>
  Array.from({ length: blocks.count }, (_, i) => [
    blocks.address[i]!,
    blocks.size[i]!,
    NAMES[blocks.state[i]!],
  ]);

const expectTiling = (snapshot: Snapshot): void => {
  let at = snapshot.start;
  for (const [address, size] of rows(snapshot.blocks)) {
    expect(address).toBe(at);
    expect(size).toBeGreaterThan(0);
    at += size;
  }
  expect(at).toBe(snapshot.end);
};

const buddy = (): MemoryBuilder =>
  new MemoryBuilder().buddy({
    origin: 16384,
    granule: 6,
    map: 4096,
    units: [["live", 0], ["free", 0], ["fresh", 1], "gap", "gap", "gap", "gap", ["live", 3]],
  });

const slab = (): MemoryBuilder =>
  new MemoryBuilder()
    .buddy({
      origin: 16384,
      granule: 8,
      map: 4096,
      slab: true,
      units: [["slab", 1], ["live", 0], ["free", 0], ["slab", 0]],
    })
    .classes([16, 48])
    .slab(16384, { class: 1, size: 48, fresh: 6, capacity: 9, free: [4, 1] })
    .slab(16384 + 1024, { class: 0, size: 16, fresh: 14, capacity: 14, free: [] });

describe("a buddy", () => {
  it("is read block by block, gaps as one", () => {
    const snapshot = read(buddy());
    expect(snapshot.kind).toBe("buddy");
    expect(rows(snapshot.blocks)).toEqual([
      [16384, 64, "live"],
      [16448, 64, "free"],
      [16512, 128, "fresh"],
      [16640, 256, "gap"],
      [16896, 512, "live"],
    ]);
    expectTiling(snapshot);
    expect(snapshot.growths).toBe(2);
  });

  it("counts live blocks that begin in the map's capacity as metadata", () => {
    const snapshot = read(
      new MemoryBuilder().buddy({
        origin: 16384,
        granule: 8,
        map: 16384,
        capacity: 512,
        units: [["live", 0], ["live", 0], ["live", 1]],
      }),
    );
    expect(rows(snapshot.blocks).map((row) => row[2])).toEqual(["meta", "meta", "live"]);
  });

  it("that never allocated has no blocks", () => {
    const snapshot = read(
      new MemoryBuilder().buddy({ origin: 0, granule: 6, map: 0, units: [] }),
    );
    expect(snapshot.blocks.count).toBe(0);
    expect([snapshot.start, snapshot.end]).toEqual([0, 0]);
  });

  it("is refused where its map leaves memory", () => {
    const memory = buddy();
    expect(refusal(memory.set(memory.cellOf(BuddyWord.entries), 0xffffffff))).toBe("beyond");
  });

  it("is refused where its blocks leave memory", () => {
    const memory = buddy();
    expect(refusal(memory.set(memory.cellOf(BuddyWord.origin), 65536 - 512))).toBe("beyond");
  });

  it("is refused where a block is larger than the rest of the map", () => {
    expect(refusal(buddy().byte(4096 + 8, 0x06))).toBe("order");
  });

  it("is refused where a block's size is no size", () => {
    expect(refusal(buddy().byte(4096, 0x7f))).toBe("order");
    expect(refusal(buddy().byte(4096, 0x40))).toBe("order");
  });

  it("is refused where a block is not aligned to its size", () => {
    expect(refusal(buddy().byte(4096 + 1, 0x02))).toBe("align");
  });

  it("has no slabs", () => {
    expect(refusal(buddy().byte(4096, 0xc1))).toBe("order");
  });

  it("is refused where the granule is no shift", () => {
    expect(refusal(buddy().word(BuddyWord.granule, 40))).toBe("order");
  });

  it("has bits in its map that no reader outlives: any map is read or refused", () => {
    const memory = slab();
    let seed = 7;
    const random = (): number => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) >>> 8;
    let accepted = 0;
    for (let round = 0; round < 2000; round++) {
      const broken = new MemoryBuilder();
      new Uint8Array(broken.buffer).set(new Uint8Array(memory.buffer));
      for (let i = 0; i < 3; i++) {
        const at = [64, 512, 1024, 4096, 16384, 17408][random() % 6]! + (random() % 64);
        broken.byte(at, random());
      }
      const decoded = decode(broken.buffer, broken.descriptor);
      if (decoded.ok) {
        accepted++;
        expectTiling(decoded.snapshot);
      }
    }
    expect(accepted).toBeGreaterThan(0);
    expect(accepted).toBeLessThan(2000);
  });
});

describe("a slab heap", () => {
  it("shows what stands in each slab", () => {
    const snapshot = read(slab());
    expect(snapshot.kind).toBe("slab");
    expectTiling(snapshot);
    const first = rows(snapshot.blocks).slice(0, 11);
    expect(first).toEqual([
      [16384, 32, "meta"],
      [16416, 48, "live"],
      [16464, 48, "free"],
      [16512, 48, "live"],
      [16560, 48, "live"],
      [16608, 48, "free"],
      [16656, 48, "live"],
      [16704, 48, "free"],
      [16752, 48, "free"],
      [16800, 48, "free"],
      [16848, 48, "meta"],
    ]);
    expect(snapshot.slabs).toEqual([
      { address: 16384, size: 512, class: 1, used: 4, capacity: 9, overhead: 80 },
      { address: 17408, size: 256, class: 0, used: 14, capacity: 14, overhead: 32 },
    ]);
    expect(snapshot.units && rows(snapshot.units).map((row) => row[2])).toEqual([
      "slab",
      "live",
      "free",
      "slab",
    ]);
  });

  it("is refused where a slab's class does not exist", () => {
    expect(refusal(slab().set(16384 + SlabHeader.class, 2))).toBe("class");
  });

  it("is refused where a free list runs in a circle", () => {
    expect(refusal(slab().set(16464, 16608))).toBe("cycle");
  });

  it("is refused where a free list is shorter than the counts say", () => {
    expect(refusal(slab().set(16608, 0))).toBe("count");
  });

  it("is refused where a free list leaves its slab", () => {
    expect(refusal(slab().set(16608, 20000))).toBe("beyond");
    expect(refusal(slab().set(16608, 0xfffffffc))).toBe("beyond");
  });

  it("is refused where a free list points between two blocks", () => {
    expect(refusal(slab().set(16608, 16468))).toBe("align");
  });

  it("is refused where more blocks are said to fit than do", () => {
    expect(refusal(slab().set(16384 + SlabHeader.capacity, 0x7fffffff))).toBe("count");
    expect(refusal(slab().set(16384 + SlabHeader.used, 7))).toBe("count");
  });

  it("is refused where the sizes leave memory", () => {
    expect(refusal(slab().word(SlabWord.classes, 0x10000000))).toBe("beyond");
  });
});

describe("a bump heap", () => {
  const bump = (): MemoryBuilder =>
    new MemoryBuilder().bump(
      [
        { start: 8192, top: 8292 },
        { start: 16384, top: 20000 },
      ],
      32768,
    );

  it("is read chunk by chunk", () => {
    const snapshot = read(bump());
    expect(rows(snapshot.blocks)).toEqual([
      [8192, 8, "meta"],
      [8200, 92, "live"],
      [8292, 8092, "gap"],
      [16384, 8, "meta"],
      [16392, 3608, "live"],
      [20000, 12768, "free"],
    ]);
    expectTiling(snapshot);
  });

  it("that never allocated has no blocks", () => {
    expect(read(new MemoryBuilder().bump([], 0)).blocks.count).toBe(0);
  });

  it("is refused where its chunks run in a circle", () => {
    expect(refusal(bump().set(8192, 16384).set(8196, 20000))).toBe("cycle");
  });

  it("is refused where chunks overlap", () => {
    expect(refusal(bump().set(16388, 17000))).toBe("count");
  });

  it("is refused where a top leaves memory", () => {
    const memory = bump();
    expect(refusal(memory.set(memory.cellOf(BumpWord.end), 70000))).toBe("beyond");
    const other = bump();
    expect(refusal(other.set(other.cellOf(BumpWord.top), 40000))).toBe("count");
  });
});

describe("a tiny heap", () => {
  const tiny = (): MemoryBuilder => new MemoryBuilder().tiny({ largest: 5, lists: [[8256], [], [8200, 8192]] });

  it("says what is free, and that it does not know the rest", () => {
    const snapshot = read(tiny());
    expect(snapshot.committed).toBeNull();
    expect(snapshot.growths).toBeNull();
    expect(rows(snapshot.blocks)).toEqual([
      [8192, 8, "free"],
      [8200, 8, "free"],
      [8208, 48, "unknown"],
      [8256, 32, "free"],
    ]);
    expect(snapshot.lists).toEqual([
      { size: 8, free: 2 },
      { size: 16, free: 0 },
      { size: 32, free: 1 },
    ]);
    expectTiling(snapshot);
  });

  it("with nothing on its lists shows nothing", () => {
    expect(read(new MemoryBuilder().tiny({ largest: 31, lists: [[], []] })).blocks.count).toBe(0);
  });

  it("is refused where a list runs in a circle", () => {
    expect(refusal(tiny().set(8192, 8200))).toBe("cycle");
  });

  it("is refused at once where a long list runs in a circle, far from its head", () => {
    const memory = tiny();
    for (let i = 0; i < 1000; i++) memory.set(16384 + 8 * i, 16384 + 8 * (i + 1));
    memory.set(2048 + 8, 16384).set(16384 + 8000, 16384 + 4000);
    expect(refusal(memory)).toBe("cycle");
  });

  it("is refused where a list leaves memory", () => {
    expect(refusal(tiny().set(8192, 65532))).toBe("beyond");
  });

  it("is refused where two free blocks overlap", () => {
    expect(refusal(tiny().set(8192, 8204))).toBe("count");
  });

  it("is refused where it has more classes than sizes", () => {
    expect(refusal(tiny().word(TinyWord.classes, 1000))).toBe("class");
    expect(refusal(tiny().word(TinyWord.largest, 40))).toBe("class");
  });
});

describe("a descriptor", () => {
  it.each<[DamageCode, number, number]>([
    ["magic", Word.magic, 1],
    ["version", Word.version, 2],
    ["kind", Word.kind, 9],
    ["kind", Word.kind, 0],
    ["short", Word.words, 10],
    ["beyond", Word.words, 0xffffffff],
    ["beyond", Word.growths, 0xfffffff0],
    ["align", Word.growths, 3],
    ["beyond", Word.committed, 65536],
  ])("is refused (%s) where word %i is %i", (code, word, value) => {
    expect(refusal(buddy().word(word, value))).toBe(code);
  });

  it("is missed where its address is not in memory", () => {
    expect(refusal(buddy(), 0)).toBe("no-descriptor");
    expect(refusal(buddy(), 65532)).toBe("no-descriptor");
    expect(refusal(buddy(), -8)).toBe("no-descriptor");
    expect(refusal(buddy(), 66)).toBe("no-descriptor");
  });

  it("may have more words than this version knows", () => {
    expect(read(buddy().word(Word.words, 20)).kind).toBe("buddy");
  });
});
