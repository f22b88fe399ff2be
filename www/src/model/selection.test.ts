import { describe, expect, it } from "vitest";
import { snapshotOf } from "../../tests/support/snapshots";
import { History } from "./history";
import { compare, NOTHING_CHOSEN, present, still, travel } from "./selection";
import { State } from "./snapshot";

function history(count: number, moments = 100): History {
  const all = new History({ moments, bytes: 1e9 });
  for (let i = 1; i <= count; i++) all.add(snapshotOf([[16 * i, State.Live]]), "", i);
  return all;
}

describe("the selection", () => {
  const chosen = { ...NOTHING_CHOSEN, at: 4096 };

  it("goes to a moment, and the last one is now", () => {
    const seen = history(5);
    expect(travel(chosen, seen, 2)).toEqual({ at: 4096, moment: 2, range: null });
    expect(travel(chosen, seen, 5)).toEqual({ at: 4096, moment: null, range: null });
    expect(present(travel(chosen, seen, 2))).toEqual(chosen);
  });

  it("goes to the nearest moment that can be shown", () => {
    expect(travel(chosen, history(9, 4), 1).moment).toBe(6);
  });

  it("compares two moments in either order, and looks at the later one", () => {
    const seen = history(5);
    expect(compare(chosen, seen, 4, 2)).toEqual({ at: 4096, moment: 4, range: [2, 4] });
    expect(compare(chosen, seen, 2, 5)).toEqual({ at: 4096, moment: null, range: [2, 5] });
    expect(compare(chosen, seen, 3, 3)).toEqual({ at: 4096, moment: 3, range: null });
  });

  it("lets go of moments that are forgotten", () => {
    const seen = history(5, 5);
    const old = compare(chosen, seen, 1, 3);
    seen.add(snapshotOf([[16, State.Live]]), "", 6);
    expect(still(old, seen)).toEqual({ at: 4096, moment: 3, range: null });
    const kept = compare(chosen, seen, 3, 4);
    expect(still(kept, seen)).toBe(kept);
    for (let i = 0; i < 5; i++) seen.add(snapshotOf([[16, State.Live]]), "", 7);
    expect(still(kept, seen)).toEqual(chosen);
  });
});
