import { describe, expect, it } from "vitest";
import { MOST_BYTES, open, refusal, save, type TraceDamage } from "./trace-file";
import { recordAt, Trace } from "./trace";
import { Head, Kind } from "../wire/trace-layout";

function sample(): Trace {
  const trace = new Trace(1);
  trace.push(1 | (3 << 8), 1024, 100, 0);
  trace.push(8, 0, 7, 0);
  trace.kind = 3;
  trace.pages = 17;
  trace.rate = 4096;
  trace.lost = 2 ** 33 + 5;
  trace.sites = [["f", "main"], ["é"]];
  return trace;
}

const damage = (bytes: Uint8Array): TraceDamage => {
  const opened = open(bytes);
  if (opened.ok) throw new Error("was opened");
  return opened.damage;
};

describe("a trace's file", () => {
  it("is read as it was saved", () => {
    const opened = open(save(sample()));
    if (!opened.ok) throw new Error(opened.damage.is);
    const { trace } = opened;
    expect([...trace.words.slice(0, 8)]).toEqual([...sample().words.slice(0, 8)]);
    const { count, kind, pages, rate, lost, sites } = trace;
    expect({ count, kind, pages, rate, lost, sites }).toEqual({
      count: 2,
      kind: 3,
      pages: 17,
      rate: 4096,
      lost: 2 ** 33 + 5,
      sites: [["f", "main"], ["é"]],
    });
    expect(save(trace)).toEqual(save(sample()));
  });

  it("is laid out as the document says", () => {
    const bytes = save(sample());
    const view = new DataView(bytes.buffer);
    expect(new TextDecoder().decode(bytes.subarray(0, 8))).toBe("BONTRACE");
    const words = [8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52].map((at) => view.getUint32(at, true));
    expect(words).toEqual([2, 64, 16, 3, 17, 4096, 2, 0, 5, 2, 21, 0]);
    expect([64, 68, 72].map((at) => view.getUint32(at, true))).toEqual([0x301, 1024, 100]);
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(96)))).toEqual([["f", "main"], ["é"]]);
  });

  it("has the thread of each record, and none where version 1 wrote it", () => {
    const trace = new Trace();
    trace.push(Head.of(Kind.Allocate, 3, 0xffff), 64, 10, 0);
    trace.push(Head.of(Kind.Deallocate, 3, 2), 64, 10, 0);
    const bytes = save(trace);
    const read = (): (readonly [number, number, number])[] => {
      const opened = open(bytes);
      if (!opened.ok) throw new Error(opened.damage.is);
      return [0, 1].map((i) => recordAt(opened.trace, i)).map(({ kind, align, thread }) => [kind, align, thread] as const);
    };
    expect(read()).toEqual([[Kind.Allocate, 8, 0xffff], [Kind.Deallocate, 8, 2]]);
    bytes[8] = 1;
    bytes.fill(0, 66, 68);
    bytes.fill(0, 82, 84);
    expect(read()).toEqual([[Kind.Allocate, 8, 0], [Kind.Deallocate, 8, 0]]);
  });

  it("is refused wherever it was cut off", () => {
    const bytes = save(sample());
    for (let end = 0; end < bytes.length; end++) {
      expect(damage(bytes.subarray(0, end)).is).toBe(end === 0 ? "empty" : end < 8 ? "foreign" : "cut");
    }
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    expect(damage(longer).is).toBe("long");
  });

  it("is refused where it lies", () => {
    const lie = (at: number, value: number): TraceDamage => {
      const bytes = save(sample());
      bytes[at] = value;
      return damage(bytes);
    };
    expect(lie(0, 0)).toEqual({ is: "foreign" });
    expect(damage(new Uint8Array(10_000).fill(1, 5_000))).toEqual({ is: "unfinished" });
    expect(lie(8, 3)).toEqual({ is: "version", version: 3, known: 2 });
    expect(lie(8, 0)).toEqual({ is: "version", version: 0, known: 2 });
    expect(lie(12, 65)).toEqual({ is: "header" });
    expect(lie(16, 15)).toEqual({ is: "header" });
    // 2^56 records: nothing of that size is allocated, or looped over.
    expect(lie(39, 1).is).toBe("cut");
    expect(lie(32, 1).is).toBe("long");
    expect(lie(64, 9)).toEqual({ is: "record", index: 0 });
    expect(lie(65, 32)).toEqual({ is: "record", index: 0 });
    expect(lie(80, 0)).toEqual({ is: "record", index: 1 });
    expect(lie(96, 0xff)).toEqual({ is: "sites" });
    expect(lie(96, "{".charCodeAt(0))).toEqual({ is: "sites" });
  });

  it("is not read at all where it is empty or too large", () => {
    expect(refusal(0)).toEqual({ is: "empty" });
    expect(refusal(200 * 2 ** 20)).toEqual({ is: "large", size: 200 * 2 ** 20, most: MOST_BYTES });
    expect(refusal(MOST_BYTES)).toBeNull();
  });
});
