import { describe, expect, it } from "vitest";
import { snapshotOf } from "../../tests/support/snapshots";
import { births, type Seen } from "./births";
import { diff, Fate } from "./diff";
import { random } from "./random";
import { State, type Snapshot } from "./snapshot";

const { Live, Free } = State;

function moments(...snapshots: readonly Snapshot[]): Seen[] {
  let last: Seen | null = null;
  return snapshots.map((snapshot, i) => (last = { snapshot, born: births(last, snapshot, i + 1) }));
}

describe("the diff of two moments", () => {
  it("tells what came, what went and what stayed, by size and region", () => {
    const [one, two] = moments(
      snapshotOf([[32, Live], [32, Live], [64, Free], [16, Live]]),
      snapshotOf([[32, Live], [16, Live], [16, Free], [64, Live], [16, Live]]),
    );
    const found = diff(one!, two!, 1);
    expect(found.kept).toEqual({ blocks: 2, bytes: 48 });
    expect(found.gone).toEqual({ blocks: 1, bytes: 32 });
    expect(found.came).toEqual({ blocks: 2, bytes: 80 });
    const none = { blocks: 0, bytes: 0 };
    expect(found.bySize).toEqual([
      { key: 16, kept: { blocks: 1, bytes: 16 }, came: { blocks: 1, bytes: 16 }, gone: none },
      { key: 32, kept: { blocks: 1, bytes: 32 }, came: none, gone: { blocks: 1, bytes: 32 } },
      { key: 64, kept: none, came: { blocks: 1, bytes: 64 }, gone: none },
    ]);
    expect(found.byRegion.map((row) => row.key)).toEqual([4096, 4096 + found.region]);
    expect([...found.blocks.state.subarray(0, found.blocks.count)]).toEqual([
      Fate.Kept, Fate.Gone, Fate.Came, Fate.Came, Fate.Kept,
    ]);
  });

  it("sees that a block went and another took its place, if it was looked at in between", () => {
    const all = moments(snapshotOf([[64, Live]]), snapshotOf([[64, Free]]), snapshotOf([[64, Live]]));
    const found = diff(all[0]!, all[2]!, 1);
    expect([found.kept.blocks, found.came.blocks, found.gone.blocks]).toEqual([0, 1, 1]);
    expect(diff(all[1]!, all[2]!, 2)).toMatchObject({ kept: { blocks: 0 }, came: { blocks: 1 }, gone: { blocks: 0 } });
  });

  it("of a moment with itself is nothing but what stayed", () => {
    const [one] = moments(snapshotOf([[64, Live], [16, Free], [16, Live]]));
    const found = diff(one!, one!, 1);
    expect([found.kept.blocks, found.came.blocks, found.gone.blocks]).toEqual([2, 0, 0]);
  });

  it("accounts for every live byte of both moments", () => {
    const next = random(11);
    const heap = (): Snapshot =>
      snapshotOf(Array.from({ length: 300 }, () => [16 * (1 + Math.floor(next() * 9)), next() < 0.6 ? Live : Free] as const));
    const live = (snapshot: Snapshot): number => {
      let sum = 0;
      for (let i = 0; i < 300; i++) if (snapshot.blocks.state[i] === Live) sum += snapshot.blocks.size[i]!;
      return sum;
    };
    for (let round = 0; round < 30; round++) {
      const [one, two] = moments(heap(), heap());
      const { came, gone, kept, bySize, byRegion, blocks } = diff(one!, two!, 1);
      expect(kept.bytes + gone.bytes).toBe(live(one!.snapshot));
      expect(kept.bytes + came.bytes).toBe(live(two!.snapshot));
      for (const rows of [bySize, byRegion]) {
        expect(rows.reduce((sum, row) => sum + row.came.bytes, 0)).toBe(came.bytes);
        expect(rows.reduce((sum, row) => sum + row.gone.bytes, 0)).toBe(gone.bytes);
      }
      for (let i = 1; i < blocks.count; i++) expect(blocks.address[i]).toBeGreaterThanOrEqual(blocks.address[i - 1]!);
    }
  });
});
