import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import { faults } from "../../tests/support/dhat";
import { chromeTrace } from "./export-chrome";
import { blocksTable, csv, historyTable, json, traceTable, type Table } from "./export-data";
import { dhat } from "./export-dhat";
import { Blocks, State, type Snapshot } from "./snapshot";
import { Trace } from "./trace";

/** As a program that reads CSV does; lines end in CRLF. */
const parseCsv = (text: string): string[][] => parse(text, { record_delimiter: "\r\n" });

const snapshot = (): Snapshot => {
  const blocks = new Blocks();
  blocks.push(1024, 64, State.Live, 0);
  blocks.push(1088, 64, State.Fresh, -1);
  const slab = { address: 1024, size: 4096, class: 1, used: 1, capacity: 2, overhead: 0 };
  return { blocks, slabs: [slab], classes: [16, 64] } as unknown as Snapshot;
};

const odd: Table = {
  columns: ["a", "b,c"],
  rows: [
    ['say "no", or\r\nyes', 1],
    [null, -2.5],
    ["", 2 ** 32],
  ],
};

describe("CSV and JSON", () => {
  it("come back as they were", () => {
    expect(parseCsv(csv(odd).join(""))).toEqual([["a", "b,c"], ['say "no", or\r\nyes', "1"], ["", "-2.5"], ["", "4294967296"]]);
    expect(JSON.parse(json(odd).join(""))).toEqual([
      { a: 'say "no", or\r\nyes', "b,c": 1 },
      { a: null, "b,c": -2.5 },
      { a: "", "b,c": 2 ** 32 },
    ]);
  });

  it("have the blocks of a moment", () => {
    expect(parseCsv(csv(blocksTable(snapshot())).join(""))).toEqual([
      ["address", "size", "state", "class_size"],
      ["1024", "64", "live", "64"],
      ["1088", "64", "fresh", ""],
    ]);
  });

  it("have the history, and every record of a trace", () => {
    const moment = {
      id: 9,
      time: 12.5,
      highLive: 1,
      highCommitted: 7,
      label: "parse, again",
      live: 1,
      liveBlocks: 2,
      free: 3,
      freeBlocks: 4,
      largestFree: 5,
      meta: 6,
      gap: 0,
      committed: 7,
      growths: null,
      tracked: true,
      bounded: true,
      waiting: 0,
      memory: 65536,
    };
    expect(parseCsv(csv(historyTable([moment])).join(""))[1]).toEqual(["9", "12.5", "parse, again", "1", "2", "3", "4", "5", "6", "7", ""]);
    const rows = JSON.parse(json(traceTable(sampled())).join("")) as unknown[];
    expect(rows.slice(0, 2)).toEqual([
      { record: 0, kind: "allocate", align: 8, thread: 5, address: 64, size: 300, other: 0 },
      { record: 1, kind: "site", align: 1, thread: 0, address: 64, size: 300, other: 1 },
    ]);
  });

  it("come in parts where they are long", () => {
    const rows = Array.from({ length: 60_000 }, (_, i) => [i, "some words"]);
    const parts = csv({ columns: ["n", "words"], rows });
    expect(parts.length).toBeGreaterThan(1);
    expect(parseCsv(parts.at(-1)).at(-1)).toEqual(["59999", "some words"]);
    expect((JSON.parse(json({ columns: ["n", "words"], rows }).join("")) as unknown[]).length).toBe(60_000);
  });
});

function sampled(): Trace {
  const trace = new Trace();
  trace.rate = 1;
  trace.pages = 2;
  trace.sites = [["grow", "main"], ["push", "main"], ["grow", "main"]];
  trace.push(1 | (3 << 8) | (5 << 16), 64, 300, 0); // 0
  trace.push(6, 64, 300, 1);
  trace.push(1, 512, 200, 0); // 2
  trace.push(6, 512, 200, 2);
  trace.push(3, 64, 300, 0); // 4
  trace.push(1, 64, 100, 0);
  trace.push(6, 64, 100, 3); // 6: another site with the same names
  trace.push(7, 10, 0, 0);
  return trace;
}

describe("DHAT", () => {
  it("has what version 2 of its format asks for, and the figures", () => {
    const file = dhat(sampled(), "demo");
    expect(file).toEqual({
      dhatFileVersion: 2,
      mode: "rust-heap",
      verb: "Allocated",
      bklt: true,
      bkacc: false,
      tu: "ops",
      Mtu: "Mops",
      tuth: 500,
      cmd: "demo",
      pid: 1,
      tg: 3,
      te: 8,
      pps: [
        { tb: 400, tbk: 2, tl: 5, mb: 300, mbk: 1, gb: 300, gbk: 1, eb: 100, ebk: 1, fs: [1, 2] },
        { tb: 200, tbk: 1, tl: 5, mb: 200, mbk: 1, gb: 200, gbk: 1, eb: 200, ebk: 1, fs: [3, 2] },
      ],
      ftbl: ["[root]", "grow", "main", "push"],
    });
  });

  it("is as valgrind's documentation of it says, and would be found out if it were not", () => {
    const file = dhat(sampled(), "demo");
    expect(faults(JSON.stringify(file))).toEqual([]);
    const [point] = file.pps;
    for (const [change, what] of [
      [{ dhatFileVersion: 3 }, "dhatFileVersion is 3"],
      [{ tuth: undefined }, "tuth is undefined"],
      [{ extra: 1 }, "extra is not of the format"],
      [{ ftbl: file.ftbl.slice(1) }, "the first frame is no root"],
      [{ tg: 9 }, "most was live after the end"],
      [{ pps: [{ ...point, tb: 1.5 }] }, "pps[0].tb is 1.5"],
      [{ pps: [{ ...point, fs: [4] }] }, "pps[0].fs is [4]"],
      [{ pps: [{ ...point, eb: 10_000 }] }, "pps[0]. holds more at once than its peak, or than all"],
      [{ pps: [point, point] }, "pps[1].fs is there twice"],
    ] as const) {
      expect(faults(JSON.stringify({ ...file, ...change }))).toContain(what);
    }
  });

  it("is empty, and still a file, where nothing was sampled", () => {
    expect(dhat(new Trace(), "demo")).toMatchObject({ pps: [], ftbl: ["[root]"], te: 0 });
  });
});

describe("Chrome's trace format", () => {
  it("has counters with whole microseconds that do not go back", () => {
    const { traceEvents, displayTimeUnit } = chromeTrace(sampled(), "demo");
    expect(displayTimeUnit).toBe("ms");
    expect(traceEvents[0]).toEqual({ name: "process_name", ph: "M", ts: 0, pid: 1, tid: 1, args: { name: "demo" } });
    const counters = traceEvents.slice(1);
    expect(counters.every(({ ph, ts, pid, tid, args }) => ph === "C" && Number.isInteger(ts) && pid === 1 && tid === 1 && Object.values(args).every((value) => typeof value === "number"))).toBe(true);
    const live = counters.filter(({ name }) => name === "live");
    expect(live.map(({ args }) => args["bytes"])).toEqual([300, 300, 500, 500, 200, 300, 300, 300]);
    expect(live.every(({ ts }, i) => i === 0 || ts >= live[i - 1]!.ts)).toBe(true);
    expect(live.at(-1).ts).toBe(10_000);
    expect(counters.find(({ name }) => name === "linear memory")!.args).toEqual({ bytes: 2 * 65536 });
  });

  it("stays small, however long the trace", () => {
    const trace = new Trace();
    for (let i = 1; i <= 50_000; i++) trace.push(1, i * 16, 8, 0);
    expect(chromeTrace(trace, "demo", 100).traceEvents.length).toBe(301);
  });
});
