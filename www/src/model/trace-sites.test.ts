import { describe, expect, it } from "vitest";
import { bySite, choose, culprit, flames, frames, samples, SiteTable, weightOf } from "./trace-sites";
import { Trace } from "./trace";

const V8 = `Error
    at bonsaiSite (http://127.0.0.1/assets/x.js:1:2)
    at __wbg_bonsaiSite_958634902058ddfb (http://127.0.0.1/demo.js:60:9)
    at bonsai_demo.wasm.<bonsai_demo::sites::Stack as bonsai_alloc::trace::sites::Sites>::site (wasm://wasm/0a:wasm-function[3]:0x1)
    at bonsai_demo.wasm.alloc::raw_vec::finish_grow::h0123456789abcdef (wasm://wasm/0a:wasm-function[9]:0x2)
    at wasm://wasm/0a:wasm-function[12]:0x33
    at parse (http://127.0.0.1/demo.js:5:1)
    at async HTMLElement.run (http://127.0.0.1/assets/x.js?v=3:9:9)`;

const FIREFOX = `bonsaiSite@http://127.0.0.1/assets/x.js:1:2
alloc::raw_vec::finish_grow@http://127.0.0.1/demo_bg.wasm:wasm-function[9]:0x2
parse@http://127.0.0.1/demo.js:5:1
@http://127.0.0.1/main.js:7:1`;

it("a stack is named by the function that wanted the memory, not by Rust's libraries", () => {
  expect(culprit(["alloc::raw_vec::finish_grow", "<alloc::vec::Vec<T> as core::clone::Clone>::clone", "my::parse", "main"])).toBe("my::parse");
  expect(culprit(["allocate_all", "main"])).toBe("allocate_all");
  expect(culprit(["alloc::raw_vec::finish_grow", "std::rt::start"])).toBe("alloc::raw_vec::finish_grow");
  expect(culprit([])).toBe("");
});

describe("a stack", () => {
  it("is read as V8 writes it, without the frames of the hook", () => {
    expect(frames(V8)).toEqual([
      "alloc::raw_vec::finish_grow",
      "wasm-function[12]",
      "parse",
      "HTMLElement.run",
    ]);
  });

  it("is read as Firefox writes it", () => {
    expect(frames(FIREFOX)).toEqual(["alloc::raw_vec::finish_grow", "parse", "main.js:7:1"]);
  });

  it("is never empty, and kept once", () => {
    expect(frames("")).toEqual(["(unknown)"]);
    const table = new SiteTable();
    expect([table.take(V8), table.take(FIREFOX), table.take(V8)]).toEqual([1, 2, 1]);
    expect(table.take(V8.replace(":5:1", ":6:1")), "the same names at another place").toBe(1);
    expect(table.stacks.length).toBe(2);
  });
});

function sampled(): Trace {
  const trace = new Trace();
  trace.rate = 100;
  trace.sites = [
    ["grow", "read", "main"],
    ["push", "read", "main"],
  ];
  trace.push(1, 64, 10, 0); // 0
  trace.push(6, 64, 10, 1);
  trace.push(1, 128, 500, 0); // 2
  trace.push(6, 128, 500, 2);
  trace.push(3, 64, 10, 0); // 4
  trace.push(4, 256, 900, 128); // 5: ends it
  trace.push(6, 256, 900, 2);
  trace.push(6, 512, 1, 9); // no such site
  trace.push(4, 0, 9999, 256); // 8: refused
  return trace;
}

describe("samples", () => {
  it("live from the allocation to the end of the block", () => {
    expect(samples(sampled()).map(({ site, size, born, died }) => [site, size, born, died])).toEqual([
      [1, 10, 1, 4],
      [2, 500, 3, 5],
      [2, 900, 6, -1],
    ]);
  });

  it("stand for as many blocks as their chance was small", () => {
    expect(weightOf(10, 100)).toBeCloseTo(1 / (1 - Math.exp(-0.1)));
    expect(weightOf(1_000_000, 100)).toBe(1);
    expect(weightOf(10, 0)).toBe(1);
    // What is sampled of a million blocks, scaled, is about a million.
    let seed = 1;
    const random = (): number => ((seed = (seed * 48271) % 2147483647) / 2147483647);
    let blocks = 0;
    for (let i = 0; i < 1_000_000; i++) if (random() < 1 - Math.exp(-24 / 4096)) blocks += weightOf(24, 4096);
    expect(Math.abs(blocks / 1_000_000 - 1)).toBeLessThan(0.05);
  });

  it("are chosen by range, and by what is still live", () => {
    const all = samples(sampled());
    expect(choose(all, { from: 0, to: 9, liveOnly: true }).map(({ size }) => size)).toEqual([900]);
    expect(choose(all, { from: 2, to: 6, liveOnly: false }).map(({ size }) => size)).toEqual([500]);
    expect(choose(all, { from: 0, to: 6, liveOnly: true })).toEqual([]);
  });

  it("add up by site, the most bytes first", () => {
    const trace = sampled();
    const [first, second] = bySite(samples(trace), trace.sites);
    expect([first!.site, first!.samples, Math.round(first!.bytes)]).toEqual([2, 2, 1404]);
    expect([second!.site, second!.samples, Math.round(second!.blocks)]).toEqual([1, 1, 11]);
  });
});

describe("the flame graph", () => {
  it("has callers above what they call, and bytes that add up", () => {
    const trace = sampled();
    const list = flames(bySite(samples(trace), trace.sites), "all");
    expect(list.map(({ name, depth, parent }) => [name, depth, parent])).toEqual([
      ["all", 0, -1],
      ["main", 1, 0],
      ["read", 2, 1],
      ["push", 3, 2],
      ["grow", 3, 2],
    ]);
    const [all, , read, push, grow] = list;
    expect(read!.bytes).toBeCloseTo(all!.bytes);
    expect(push!.bytes + grow!.bytes).toBeCloseTo(all!.bytes);
    expect(grow!.from).toBeCloseTo(push!.bytes);
  });

  it("has a root where there is nothing, and bears a stack of any depth", () => {
    expect(flames([], "all")).toMatchObject([{ name: "all", bytes: 0 }]);
    const stack = Array.from({ length: 50_000 }, (_, i) => `f${i}`);
    expect(flames([{ site: 1, stack, samples: 1, blocks: 1, bytes: 1 }], "all").length).toBe(50_001);
  });
});
