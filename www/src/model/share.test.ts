import { describe, expect, it } from "vitest";
import { anyCore, anyOperations } from "../../tests/support/scenarios";
import { random } from "./random";
import { MOST_OPERATIONS, type Scenario } from "./scenario";
import { CONTENDERS, STEPS, WORKLOADS } from "./compare";
import { joinHash, MOST_TEXT, readComparison, readInspect, readScenario, readTour, splitHash, writeComparison, writeInspect, writeScenario, writeTour } from "./share";

describe("a scenario in a link", () => {
  it("comes back as it was, whatever it is", () => {
    const next = random(4);
    for (let seed = 0; seed < 300; seed++) {
      const operations = anyOperations(seed, Math.floor(next() * 60));
      const scenario: Scenario = { core: anyCore(next), operations, at: Math.floor(next() * (operations.length + 1)) };
      const { view, query } = splitHash(joinHash("sandbox", writeScenario(scenario)));
      expect(view).toBe("sandbox");
      expect(readScenario(query)).toEqual({ ok: true, value: scenario });
    }
  });

  it("holds as many operations as the sandbox keeps, and no more", () => {
    const core = { kind: "buddy", region: 16384, smallest: 16 } as const;
    const most = anyOperations(1, MOST_OPERATIONS, 65536);
    expect(readScenario(writeScenario({ core, operations: most, at: most.length })).ok).toBe(true);
    const more = "r".repeat(MOST_OPERATIONS + 1);
    expect(readScenario(`v=1&on=buddy.4096.64&do=${more}`)).toMatchObject({ fault: { fault: { why: "many" } } });
    expect(readScenario(`v=1&on=buddy.4096.64&do=${"r".repeat(100_000)}`)).toMatchObject({ fault: { why: "long" } });
  });

  const start = "v=1&on=buddy.4096.64&";
  it.each([
    ["", { why: "missing", name: "v" }],
    ["v=2&on=buddy.4096.64&do=", { why: "version", found: "2" }],
    ["v=1", { why: "missing", name: "on" }],
    ["v=1&on=arena.4096&do=", { why: "part", name: "on", found: "arena.4096" }],
    ["v=1&on=buddy.4096&do=", { why: "part", name: "on", found: "buddy.4096" }],
    ["v=1&on=buddy.4096.64.2&do=", { why: "part", name: "on", found: "buddy.4096.64.2" }],
    ["v=1&on=buddy.1e3.64&do=", { why: "part", name: "on", found: "buddy.1e3.64" }],
    ["v=1&on=slab.4294967296.16&do=", { why: "part", name: "on", found: "slab.4294967296.16" }],
    [`${start}do=a100x`, { why: "operations", fault: { why: "operation", number: 2 } }],
    [`${start}do=%F0%9F%8C%B3`, { why: "operations", fault: { why: "operation", number: 1 } }],
    [`${start}do=a`, { why: "operations", fault: { why: "operation", number: 1 } }],
    [`${start}do=a0`, { why: "operations", fault: { why: "size", number: 1 } }],
    [`${start}do=a65537`, { why: "operations", fault: { why: "size", number: 1 } }],
    [`${start}do=a-1`, { why: "operations", fault: { why: "operation", number: 1 } }],
    [`${start}do=a100.3`, { why: "operations", fault: { why: "align", number: 1 } }],
    [`${start}do=f0`, { why: "operations", fault: { why: "free", number: 1 } }],
    [`${start}do=a1f0f0`, { why: "operations", fault: { why: "free", number: 3 } }],
    [`${start}do=a1rf0`, { why: "operations", fault: { why: "free", number: 3 } }],
    [`${start}do=a1&at=2`, { why: "part", name: "at", found: "2" }],
    [`${start}do=a1&at=-1`, { why: "part", name: "at", found: "-1" }],
    [`${start}do=a1&at=`, { why: "part", name: "at", found: "" }],
  ])("that reads %j is refused, and why is told", (query, fault) => {
    expect(readScenario(query)).toEqual({ ok: false, fault });
  });

  it("may begin without an operation", () => {
    expect(readScenario("v=1&on=bump.1024")).toEqual({
      ok: true,
      value: { core: { kind: "bump", region: 1024 }, operations: [], at: 0 },
    });
  });
});

describe("a tour's link", () => {
  const steps = new Map([["merging", 6]]);

  it("comes back as it was", () => {
    for (let step = 0; step < 6; step++) {
      expect(readTour(writeTour({ tour: "merging", step }), steps)).toEqual({ ok: true, value: { tour: "merging", step } });
    }
    expect(readTour("v=1&tour=merging", steps)).toEqual({ ok: true, value: { tour: "merging", step: 0 } });
  });

  it.each([
    ["v=1", { why: "missing", name: "tour" }],
    ["v=1&tour=__proto__", { why: "part", name: "tour", found: "__proto__" }],
    ["v=1&tour=merging&step=7", { why: "part", name: "step", found: "7" }],
    ["v=1&tour=merging&step=0", { why: "part", name: "step", found: "0" }],
    ["v=1&tour=merging&step=1.5", { why: "part", name: "step", found: "1.5" }],
    [`v=${"9".repeat(60)}`, { why: "version", found: `${"9".repeat(40)}…` }],
  ])("that reads %j is refused, and why is told", (query, fault) => {
    expect(readTour(query, steps)).toEqual({ ok: false, fault });
  });
});

describe("a comparison's link", () => {
  it("comes back as it was", () => {
    const next = random(8);
    for (let i = 0; i < 100; i++) {
      const contenders = CONTENDERS.filter(() => next() < 0.5);
      const settings = {
        workload: WORKLOADS[Math.floor(next() * WORKLOADS.length)]!,
        seed: Math.floor(next() * 1e6),
        steps: STEPS[Math.floor(next() * STEPS.length)]!,
        contenders: contenders.length === 0 ? (["heap"] as const) : contenders,
      };
      expect(readComparison(writeComparison(settings))).toEqual({ ok: true, value: settings });
    }
  });

  const good = "v=1&load=churn&seed=1&steps=20000&on=heap.slab";
  it.each([
    [good.replace("churn", "chum"), { why: "part", name: "load", found: "chum" }],
    [good.replace("seed=1", "seed=-1"), { why: "part", name: "seed", found: "-1" }],
    [good.replace("seed=1", "seed=1000000"), { why: "part", name: "seed", found: "1000000" }],
    [good.replace("steps=20000", "steps=20000000"), { why: "part", name: "steps", found: "20000000" }],
    [good.replace("heap.slab", "heap.heap"), { why: "part", name: "on", found: "heap.heap" }],
    [good.replace("heap.slab", "heap.jemalloc"), { why: "part", name: "on", found: "heap.jemalloc" }],
    [good.replace("&on=heap.slab", ""), { why: "missing", name: "on" }],
    ["v=3", { why: "version", found: "3" }],
  ])("that reads %j is refused, and why is told", (query, fault) => {
    expect(readComparison(query)).toEqual({ ok: false, fault });
  });
});

it("a hash is a view, and perhaps more", () => {
  expect(splitHash("")).toEqual({ view: "", query: "" });
  expect(splitHash("#sandbox")).toEqual({ view: "sandbox", query: "" });
  expect(splitHash("#tours?v=1&tour=a?b")).toEqual({ view: "tours", query: "v=1&tour=a?b" });
  expect(joinHash("tours", "")).toBe("#tours");
});

describe("a place in Inspect in a link", () => {
  const names = {
    samples: ["trees", "poem"],
    modules: ["bare"],
    kinds: ["json", "text"],
    allocators: ["heap", "slab"],
    panels: ["block", "sizes"],
    colourings: ["state", "age"],
    below: ["sites", "log"],
  };
  const usual = { source: { is: "sample", id: "trees" }, allocator: "heap", beside: "", panel: "block", colouring: "state", below: "", did: "p", moment: "", zoom: "", block: "" } as const;

  it("comes back as it was, and is empty where all is as usual", () => {
    expect(writeInspect(usual, names)).toBe("");
    expect(readInspect("", names)).toEqual({ ok: true, value: usual });
    for (const place of [
      { ...usual, allocator: "slab", panel: "sizes", colouring: "age", below: "log" },
      { ...usual, source: { is: "sample", id: "poem" }, beside: "slab" },
      { ...usual, did: "pcpp", moment: "2.4", zoom: "11a000.512", block: "11a0d0" },
      { ...usual, source: { is: "module", id: "bare" } },
      { ...usual, source: { is: "text", name: "a & b.txt", kind: "text", text: "1 + 1 = 2?\n#" } },
      { ...usual, source: { is: "text", name: "", kind: "json", text: "" } },
      { ...usual, source: { is: "file", name: "mine.wasm" } },
    ] as const) {
      expect(readInspect(writeInspect(place, names), names)).toEqual({ ok: true, value: place });
    }
  });

  it("names a text that is too long, and does not carry it", () => {
    const source = { is: "text", name: "long.json", kind: "json", text: "x".repeat(MOST_TEXT + 1) } as const;
    expect(readInspect(writeInspect({ ...usual, source }, names), names)).toMatchObject({ value: { source: { is: "file", name: "long.json" } } });
    expect(readInspect(`v=1&text=${"x".repeat(MOST_TEXT + 1)}`, names)).toMatchObject({ fault: { why: "long" } });
  });

  it("tells what is wrong with it", () => {
    expect(readInspect("on=slab", names)).toMatchObject({ fault: { why: "missing", name: "v" } });
    for (const [part, value] of [["on", "jemalloc"], ["beside", "x"], ["panel", "door"], ["colour", "red"], ["below", "cellar"], ["sample", "elm"], ["module", "x"], ["did", "cp"], ["did", "pxp"], ["moment", "0"], ["moment", "2-4"], ["zoom", "11a000"], ["block", "0x11"]] as const) {
      expect(readInspect(`v=1&${part}=${value}`, names)).toEqual({ ok: false, fault: { why: "part", name: part, found: value } });
    }
  });
});
