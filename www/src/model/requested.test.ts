import { describe, expect, it } from "vitest";
import { Requested } from "./requested";
import { RecordKind as Kind, Trace } from "./trace";

/** A trace that is looked at after each record; the moments are numbered from 1. */
function looked(...records: [kind: number, a: number, b: number, c?: number][]): Requested {
  const trace = new Trace(1);
  const requested = new Requested(trace);
  records.forEach(([kind, a, b, c = 0], i) => {
    trace.push(kind, a, b, c);
    requested.note(i + 1);
  });
  return requested;
}

const at = (requested: Requested, moment: number): [number, number][] => [...requested.at(moment)].sort(([a], [b]) => a - b);

describe("what was asked for", () => {
  it("is known of what was allocated, until it is freed", () => {
    const requested = looked(
      [Kind.Allocate | (3 << 8), 64, 10],
      [Kind.Zeroed, 128, 20],
      [Kind.Reallocate, 256, 30, 64],
      [Kind.Reallocate, 256, 25, 256],
      [Kind.Reallocate, 0, 4000, 256],
      [Kind.Deallocate, 128, 20],
      [Kind.Allocate, 0, 9999],
      [Kind.Deallocate, 512, 7],
    );
    expect(at(requested, 1)).toEqual([[64, 10]]);
    expect(at(requested, 2)).toEqual([[64, 10], [128, 20]]);
    expect(at(requested, 3)).toEqual([[128, 20], [256, 30]]);
    expect(at(requested, 4)).toEqual([[128, 20], [256, 25]]);
    expect(at(requested, 5), "a refused reallocation leaves the block").toEqual([[128, 20], [256, 25]]);
    for (const moment of [6, 7, 8]) expect(at(requested, moment)).toEqual([[256, 25]]);
  });

  it("is that of the moment, whichever was looked at before", () => {
    const requested = looked([Kind.Allocate, 64, 10], [Kind.Deallocate, 64, 10], [Kind.Allocate, 64, 12]);
    for (const [moment, known] of [[3, 12], [1, 10], [2, undefined], [3, 12], [1, 10]] as const) {
      expect(requested.at(moment).get(64), `moment ${moment}`).toBe(known);
    }
  });

  it("has its thread, where the trace tells threads", () => {
    const [one, two] = [1 << 16, 2 << 16];
    const requested = looked(
      [Kind.Allocate | one, 64, 10],
      [Kind.Zeroed | two, 128, 20],
      [Kind.Allocate, 192, 30],
      [Kind.Reallocate | two, 256, 40, 64],
      [Kind.Deallocate | one, 128, 20],
    );
    const threads = (moment: number): [number, number][] => [...requested.threadsAt(moment)].sort(([a], [b]) => a - b);
    expect(threads(3)).toEqual([[64, 1], [128, 2]]);
    expect(threads(5)).toEqual([[256, 2]]);
    expect(at(requested, 5)).toEqual([[192, 30], [256, 40]]);
    expect(threads(1)).toEqual([[64, 1]]);
  });

  it("is unknown of all that was there before records were lost, and known of what came since", () => {
    const requested = looked(
      [Kind.Allocate, 64, 10],
      [Kind.Lost, 0, 3],
      [Kind.Allocate, 128, 20],
      // The block that was forgotten; it may be another by now.
      [Kind.Reallocate, 192, 30, 64],
    );
    expect(at(requested, 1)).toEqual([[64, 10]]);
    expect(at(requested, 2)).toEqual([]);
    expect(at(requested, 3)).toEqual([[128, 20]]);
    expect(at(requested, 4)).toEqual([[128, 20], [192, 30]]);
  });

  it("is unknown at moments that nobody noted, and a moment is noted once", () => {
    const trace = new Trace();
    const requested = new Requested(trace);
    expect(requested.at(1).size).toBe(0);
    trace.push(Kind.Allocate, 64, 10, 0);
    requested.note(5);
    trace.push(Kind.Allocate, 128, 10, 0);
    requested.note(5);
    expect([...requested.at(5).keys()]).toEqual([64]);
    expect(requested.at(6).size).toBe(0);
  });
});
