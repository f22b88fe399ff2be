import { describe, expect, it } from "vitest";
import { MemoryBuilder } from "../../tests/support/memory-builder";
import { snapshotOf } from "../../tests/support/snapshots";
import { births } from "./births";
import { decode } from "./decode";
import { History } from "./history";
import { pack, pictureBytes, unpack } from "./picture";
import { random } from "./random";
import { State, type Blocks, type Snapshot } from "./snapshot";

const { Live, Free } = State;

const columns = (blocks: Blocks | null): number[][] | null =>
  blocks === null
    ? null
    : [blocks.address, blocks.size, blocks.state, blocks.slab].map((column) => [...column.subarray(0, blocks.count)]);
const plain = (snapshot: Snapshot): unknown => ({
  ...snapshot,
  blocks: columns(snapshot.blocks),
  units: columns(snapshot.units),
});

const decoded = (memory: MemoryBuilder): Snapshot => {
  const result = decode(memory.buffer, memory.descriptor);
  if (!result.ok) throw new Error(JSON.stringify(result.damage));
  return result.snapshot;
};

const KINDS: [string, MemoryBuilder][] = [
  [
    "slab",
    new MemoryBuilder()
      .buddy({ origin: 16384, granule: 8, map: 4096, slab: true, units: [["slab", 1], ["live", 0], ["free", 0], ["slab", 0], "gap", ["fresh", 0]] })
      .classes([16, 48])
      .slab(16384, { class: 1, size: 48, fresh: 6, capacity: 9, free: [4, 1] })
      .slab(16384 + 1024, { class: 0, size: 16, fresh: 14, capacity: 14 }),
  ],
  ["buddy", new MemoryBuilder().buddy({ origin: 16384, granule: 6, map: 4096, units: [["live", 0], ["free", 0], ["live", 1]] })],
  ["bump", new MemoryBuilder().bump([{ start: 4096, top: 4200 }, { start: 8192, top: 8400 }], 9000)],
  ["tiny", new MemoryBuilder().tiny({ largest: 5, lists: [[8256], [], [8200, 8192]] })],
  [
    "heap",
    new MemoryBuilder().heap({
      regions: [{ origin: 1024, blocks: [["table", 1], ["live", 2], ["waits", 2], ["free", 1], ["live", 2], ["top", 9]] }],
    }),
  ],
];

describe("a picture", () => {
  it.each(KINDS)("of a %s heap is the snapshot again", (kind, memory) => {
    const snapshot = decoded(memory);
    expect(snapshot.kind).toBe(kind);
    const born = births(null, snapshot, 3);
    const back = unpack(pack({ snapshot, born }));
    expect(plain(back.snapshot)).toEqual(plain(snapshot));
    expect([...back.born]).toEqual([...born]);
  });

  it("keeps numbers that need more than 32 bits", () => {
    const snapshot = snapshotOf([[3_000_000_000, Live], [16, Free]]);
    const back = unpack(pack({ snapshot, born: births(null, snapshot, 70_000) }));
    expect(plain(back.snapshot)).toEqual(plain(snapshot));
    expect(back.born[0]).toBe(70_000);
  });

  it("of a hundred thousand equal blocks is small, of mixed ones a few bytes a block", () => {
    const equal = snapshotOf(Array.from({ length: 100_000 }, () => [16, Live] as const));
    expect(pictureBytes(pack({ snapshot: equal, born: births(null, equal, 1) }))).toBeLessThan(1000);
    const next = random(3);
    const mixed = snapshotOf(
      Array.from({ length: 100_000 }, () => [16 * (1 + Math.floor(next() * 60)), next() < 0.6 ? Live : Free] as const),
    );
    expect(pictureBytes(pack({ snapshot: mixed, born: births(null, mixed, 1) }))).toBeLessThan(600_000);
  });
});

describe("births", () => {
  it("are those of the moment before where address and size are the same", () => {
    const first = snapshotOf([[32, Live], [32, Live], [64, Free], [16, Live]]);
    const one = { snapshot: first, born: births(null, first, 1) };
    expect([...one.born]).toEqual([1, 1, 0, 1]);
    // The second was freed and split, the free one taken, the last stayed.
    const second = snapshotOf([[32, Live], [16, Live], [16, Free], [64, Live], [16, Live]]);
    expect([...births(one, second, 2)]).toEqual([1, 2, 0, 2, 1]);
  });
});

describe("the history", () => {
  const heap = (live: number, blocks = 1): Snapshot =>
    snapshotOf([...Array.from({ length: blocks }, (_, i) => [live + 16 * (i % 7), Live] as const), [4096, Free]]);

  it("numbers the moments, and takes time from the first", () => {
    const history = new History();
    history.add(heap(16), "start", 5000);
    const second = history.add(heap(320), "parse", 5250);
    history.add(heap(32), "clear", 5300);
    expect(second).toMatchObject({ id: 2, label: "parse", time: 250, live: 320 });
    expect(history.last).toMatchObject({ id: 3, highLive: 320, highCommitted: 4096 + 320 });
    expect(history.moment(2)).toBe(second);
    expect(history.moment(9)).toBeUndefined();
  });

  it("shows any moment as it was", () => {
    const history = new History();
    const heaps = [heap(16), heap(48, 20), heap(80, 3)];
    heaps.forEach((snapshot, i) => history.add(snapshot, "", i));
    heaps.forEach((snapshot, i) => {
      expect(plain(history.at(i + 1)!.snapshot)).toEqual(plain(snapshot));
    });
    expect(history.at(4)).toBeNull();
  });

  it("forgets the oldest moments over its limit, but not the high", () => {
    const history = new History({ moments: 3, bytes: 1e9 });
    for (const live of [9000, 16, 32, 48, 64]) history.add(heap(live), "", 0);
    expect(history.moments.map((moment) => moment.id)).toEqual([3, 4, 5]);
    expect(history.forgotten).toBe(2);
    expect(history.last?.highLive).toBe(9000);
    expect(history.pictured).toBe(3);
    expect(history.at(1)).toBeNull();
    expect(history.moment(3)?.live).toBe(32);
  });

  it("stays in its budget by thinning older pictures, and keeps both ends", () => {
    const one = pictureBytes(pack({ snapshot: heap(16, 50), born: births(null, heap(16, 50), 1) }));
    const history = new History({ moments: 1000, bytes: 10 * one });
    for (let i = 0; i < 200; i++) {
      history.add(heap(16, 50), "", i);
      expect(history.bytes).toBeLessThanOrEqual(10 * one);
    }
    expect(history.moments).toHaveLength(200);
    expect(history.pictured).toBeGreaterThanOrEqual(5);
    expect(history.has(1)).toBe(true);
    expect(history.has(200)).toBe(true);
    expect(history.nearest(2)).toBeLessThan(100);
    const kept = history.moments.filter((moment) => history.has(moment.id)).map((moment) => moment.id);
    expect(kept.some((id) => id > 50 && id < 150), "the middle is not empty").toBe(true);
    // The bytes that it counts are those of what it holds.
    expect(history.bytes).toBeGreaterThan((history.pictured - 1) * one * 0.9);
  });

  it("knows whether a heap is another than it was", () => {
    const history = new History();
    expect(history.differs(heap(16))).toBe(true);
    history.add(heap(16), "", 0);
    expect(history.differs(heap(16))).toBe(false);
    expect(history.differs(heap(32))).toBe(true);
    expect(history.differs(heap(16, 2))).toBe(true);
    expect(history.differs({ ...heap(16), growths: 2 })).toBe(true);
  });

  it("keeps at least the newest, whatever it takes", () => {
    const history = new History({ moments: 10, bytes: 1 });
    history.add(heap(16), "", 0);
    history.add(heap(32), "", 1);
    expect(history.pictured).toBe(1);
    expect(history.at(2)?.snapshot.blocks.size[0]).toBe(32);
    expect(history.at(1)).toBeNull();
  });
});
