import { describe, expect, it } from "vitest";
import { randomTrace } from "../../tests/support/random-trace";
import { leaks, RecordKind as Kind, Survivors, survivors, Trace } from "./trace";

function trace(): Trace {
  const made = new Trace(1);
  for (const [kind, a, b, c] of [
    [Kind.Allocate, 64, 100, 0], // 0
    [Kind.Zeroed, 128, 40, 0],
    [Kind.Grow, 1, 2, 0], // 2
    [Kind.Allocate, 256, 40, 0],
    [Kind.Deallocate, 64, 100, 0], // 4
    [Kind.Reallocate, 512, 300, 128],
    [Kind.Reallocate, 0, 9000, 256], // 6: refused
    [Kind.Allocate, 0, 50, 0],
    [Kind.Allocate, 1024, 40, 0], // 8
    [Kind.Allocate, 256, 30, 0],
  ] as const) {
    made.push(kind, a, b, c);
  }
  return made;
}

describe("what is live at the end of a trace", () => {
  it("has the record that gave it, the oldest first", () => {
    expect(survivors(trace())).toEqual([
      { address: 512, size: 300, born: 5 },
      { address: 1024, size: 40, born: 8 },
      // Its free was lost: another block stands there.
      { address: 256, size: 30, born: 9 },
    ]);
    expect(survivors(new Trace())).toEqual([]);
  });

  it("is counted by size, of a part of the trace", () => {
    const made = trace();
    made.push(Kind.Allocate, 2048, 40, 0); // 10
    const all = survivors(made);
    const [large, forty, thirty] = [
      { size: 300, blocks: 1, bytes: 300, oldest: 5 },
      { size: 40, blocks: 2, bytes: 80, oldest: 8 },
      { size: 30, blocks: 1, bytes: 30, oldest: 9 },
    ];
    expect(leaks(all, 0, 11)).toEqual([large, forty, thirty]);
    expect(leaks(all, 6, 10)).toEqual([{ ...forty, blocks: 1, bytes: 40 }, thirty]);
    expect(leaks(all, 5, 6)).toEqual([large]);
    expect(leaks(all, 0, 5)).toEqual([]);
  });

  it("is the same found in parts, on the way there and back", () => {
    const whole = randomTrace(5000, 7, { lost: 0.002 });
    for (const most of [1, 777, 5000]) {
      const parts = new Survivors(whole);
      for (const [from, to] of [[0, 3000], [1000, 4999], [2000, 2500], [0, whole.count]] as const) {
        let reads = 1;
        while (!parts.read(to, most)) reads++;
        expect(reads).toBeLessThanOrEqual(Math.ceil(whole.count / most) + 1);
        expect(parts.rows(from, to)).toEqual(leaks(survivors(whole, to), from, to));
      }
    }
  });
});
