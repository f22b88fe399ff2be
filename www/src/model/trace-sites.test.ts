import { describe, expect, it } from "vitest";
import { culprit } from "./stack";
import { bySite, choose, frames, samples, SiteTable, weightOf } from "./trace-sites";
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

  it("has the files of scripts, where that is asked for, and none behind functions of wasm", () => {
    expect(frames(V8, true)).toEqual(["alloc::raw_vec::finish_grow", "wasm-function[12]", "parse (demo.js)", "HTMLElement.run (x.js)"]);
    expect(frames(FIREFOX, true)).toEqual(["alloc::raw_vec::finish_grow", "parse (demo.js)", "main.js:7:1"]);
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

  it("are chosen by range, and by what became of them until its end", () => {
    const all = samples(sampled());
    const sizes = (choice: Partial<Parameters<typeof choose>[1]>): number[] =>
      choose(all, { from: 0, to: 9, end: 9, which: "live", peak: 0, ...choice }).map(({ size }) => size);
    expect(sizes({})).toEqual([900]);
    expect(sizes({ from: 2, to: 6, which: "all" })).toEqual([500]);
    expect(sizes({ to: 6 })).toEqual([]);
    expect(sizes({ which: "temporary" })).toEqual([10, 500]);
    expect(sizes({ to: 5, end: 5 }), "what was live then, whatever became of it").toEqual([500]);
    expect(sizes({ which: "peak", peak: 4 })).toEqual([10, 500]);
    expect(sizes({ which: "peak", peak: 5 })).toEqual([500]);
  });

  it("add up by site, the most bytes first", () => {
    const trace = sampled();
    const [first, second] = bySite(samples(trace), trace.sites);
    expect([first!.site, first!.samples, Math.round(first!.bytes)]).toEqual([2, 2, 1404]);
    expect([second!.site, second!.samples, Math.round(second!.blocks)]).toEqual([1, 1, 11]);
  });
});
