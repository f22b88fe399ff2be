import { expect, it } from "vitest";
import { snapshotOf } from "../../tests/support/snapshots";
import { History } from "./history";
import { State } from "./snapshot";
import { grew, timelineData } from "./timeline-data";

it("the timeline has a column for each line, and knows where memory grew", () => {
  const history = new History({ moments: 3, bytes: 1e6 });
  for (const [size, growths] of [[16, 1], [32, 1], [48, 3], [48, 4]] as const) {
    history.add(snapshotOf([[size, State.Live], [64, State.Free]], { growths }), "", 0);
  }
  expect(timelineData(history.moments)).toEqual([[2, 3, 4, 5], [32, 48, 48, 48], [96, 112, 112, 112], [64, 64, 64, 64]]);
  expect(grew(history.moments)).toEqual([1, 2]);
});
