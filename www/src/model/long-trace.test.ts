import { describe, expect, it, vi } from "vitest";
import { randomTrace } from "../../tests/support/random-trace";
import { File, Kind, RECORD } from "../wire/trace-layout";
import { LongTrace } from "./long-trace";
import { course, peakIn, survivors, type Trace } from "./trace";
import { Plan, Planner } from "./trace-plan";
import { save } from "./trace-file";
import { samples, type Sample } from "./trace-sites";

async function opened(trace: Trace): Promise<LongTrace> {
  const long = await LongTrace.open(new Blob([save(trace)]));
  if (!(long instanceof LongTrace)) throw new Error(long?.is ?? "ended");
  return long;
}

vi.setConfig({ testTimeout: 60_000 });

/** Compares what is too long to be printed. */
const same = (a: Uint32Array, b: Uint32Array): boolean => a.length === b.length && a.every((word, i) => word === b[i]);

/** Several parts of a file: a part has 65,536 records. */
const COUNT = 300_000;

describe("a trace that is read by range", () => {
  for (const [what, lost] of [["complete", 0], ["with losses", 0.00005]] as const) {
    const trace = randomTrace(COUNT, 5, { lost });

    it(`has the course, the samples and the survivors of the trace in memory: ${what}`, async () => {
      const long = await opened(trace);
      expect(long.count).toBe(COUNT);
      expect(long.lost).toBe(trace.lost);
      expect(long.course).toEqual(course(trace));
      expect(long.samples).toEqual(samples(trace));
      expect(long.sites).toEqual(trace.sites);
      for (const end of [0, 1, 65_535, 65_536, 65_537, 200_000, COUNT]) expect(await long.survivors(end)).toEqual(survivors(trace, end));
      for (const [from, to] of [[0, COUNT], [70_000, 140_000], [131_072, 131_073], [9, 9]] as const) {
        expect(await long.peakIn(from, to)).toBe(peakIn(trace, from, to));
      }
    });

    it(`gives a range as a trace that begins with what was live: ${what}`, async () => {
      const long = await opened(trace);
      const [from, to] = [150_000, 250_000];
      const { trace: part, births } = await long.window(from, to);
      const begins = births.length;
      const before = survivors(trace, from);
      expect([...new Set(births)]).toEqual(before.map(({ born }) => born));
      expect(part.count).toBe(begins + to - from);
      expect(same(part.words.subarray(begins * 4, part.count * 4), trace.words.subarray(from * 4, to * 4))).toBe(true);
      const blocks = (all: ReturnType<typeof survivors>): number[][] => all.map(({ address, size }) => [address, size]).sort((a, b) => a[0]! - b[0]!);
      expect(blocks(survivors(part))).toEqual(blocks(survivors(trace, to)));
      const live = (all: readonly Sample[], end: number): unknown[] =>
        all.filter(({ born, died }) => born < end && (died < 0 || died >= end)).map(({ site, address, size, weight }) => [address, size, site, weight]).sort((a, b) => a[0]! - b[0]!);
      expect(live(samples(part), part.count)).toEqual(live(samples(trace), to));
    });

    it(`makes the same operations part by part as at once: ${what}`, async () => {
      const long = await opened(trace);
      const planner = new Planner();
      const { step, slot, size, align, ...totals } = Plan.of(trace);
      let [at, equal] = [0, 0];
      for await (const { words } of long.parts()) {
        const part = planner.next(words);
        for (let i = 0; i < part.count; i++, at++) {
          if (part.step[i] === step[at] && part.slot[i] === slot[at] && part.size[i] === size[at] && part.align[i] === align[at]) equal++;
        }
      }
      expect(planner).toMatchObject(totals);
      expect([at, equal]).toEqual([totals.count, totals.count]);
    });
  }

  it("is refused where its file is another's, cut, longer, or has a record that is none", async () => {
    const bytes = save(randomTrace(100));
    const of = async (file: Uint8Array<ArrayBuffer>): Promise<unknown> => {
      const long = await LongTrace.open(new Blob([file]));
      return long instanceof LongTrace ? null : long;
    };
    expect(await of(bytes)).toBeNull();
    expect(await of(new Uint8Array())).toEqual({ is: "empty" });
    expect(await of(new TextEncoder().encode("hello"))).toEqual({ is: "foreign" });
    expect(await of(bytes.slice(0, -1))).toMatchObject({ is: "cut" });
    expect(await of(Uint8Array.of(...bytes, 0))).toMatchObject({ is: "long" });
    const wrong = bytes.slice();
    wrong[File.bytes + 50 * RECORD] = Kind.Lost + 1;
    expect(await of(wrong)).toEqual({ is: "record", index: 50 });
    const sites = bytes.slice();
    sites[sites.length - 1] = 0;
    expect(await of(sites)).toEqual({ is: "sites" });
  });

  it("tells how far it is, and ends where it is told to", async () => {
    const file = new Blob([save(randomTrace(200_000))]);
    const shares: number[] = [];
    await LongTrace.open(file, (share) => shares.push(share) > 0);
    expect(shares.length).toBe(4);
    expect(shares.at(-1)).toBe(1);
    expect(await LongTrace.open(file, () => false)).toBeNull();
  });
});
