import { describe, expect, it } from "vitest";
import { randomTrace } from "../../tests/support/random-trace";
import { Kind, RECORD_WORDS } from "../wire/trace-layout";
import { LiveTable } from "./live-table";
import { recordAt } from "./trace";

describe("the live blocks of a recording", () => {
  it.each([1, 2, 3, 4])("are those of a map, seed %i", (seed) => {
    const trace = randomTrace(40_000, seed, { lost: seed % 2 === 0 ? 0.001 : 0 });
    const [table, map] = [new LiveTable(), new Map<number, { size: number; born: number }>()];
    for (let i = 0; i < trace.count; i++) {
      const { kind, a, b, c } = recordAt(trace, i);
      if (kind === Kind.Lost) map.clear();
      else if (kind === Kind.Deallocate) map.delete(a);
      else if (kind === Kind.Allocate || kind === Kind.Zeroed) map.set(a, { size: b, born: i });
      else if (kind === Kind.Reallocate && a !== 0) {
        map.delete(c);
        map.set(a, { size: b, born: i });
      }
      table.record(trace.words, i * RECORD_WORDS, i);
      if (i % 997 !== 0 && i < trace.count - 1) continue;
      const expected = Array.from(map, ([address, rest]) => ({ address, ...rest })).sort((x, y) => x.born - y.born);
      expect(table.survivors()).toEqual(expected);
      expect([table.blocks, table.bytes]).toEqual([map.size, expected.reduce((sum, { size }) => sum + size, 0)]);
    }
  });

  it("are not counted any more after a loss, in which they may have been freed, until they are seen again", () => {
    const table = new LiveTable();
    const words = Uint32Array.of(Kind.Allocate, 64, 10, 0, Kind.Allocate, 128, 20, 0, Kind.Lost, 0, 3, 0);
    table.apply(words, 0);
    expect([table.blocks, table.bytes, table.unsure, table.survivors()]).toEqual([0, 0, 2, []]);
    table.apply(Uint32Array.of(Kind.Reallocate, 256, 30, 64, Kind.Deallocate, 128, 0, 0), 3);
    expect([table.blocks, table.bytes, table.unsure]).toEqual([1, 30, 0]);
    expect(table.survivors()).toEqual([{ address: 256, size: 30, born: 3 }]);
  });

  it("are found again whatever goes, with addresses that fall on one place", () => {
    const table = new LiveTable();
    const live = new Set<number>();
    for (let i = 1; i <= 3000; i++) {
      table.begin(i * 4, i, i);
      live.add(i * 4);
      if (i % 3 === 0) {
        table.end((i / 3) * 8);
        live.delete((i / 3) * 8);
      }
    }
    expect(table.survivors().map(({ address }) => address).sort((a, b) => a - b)).toEqual([...live].sort((a, b) => a - b));
  });
});
