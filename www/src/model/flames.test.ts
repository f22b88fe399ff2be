import { describe, expect, it } from "vitest";
import { flames, search, withoutPage } from "./flames";
import { foldedStacks, speedscope } from "./export-stacks";
import type { SiteTotal } from "./trace-sites";

const site = (bytes: number, ...stack: string[]): SiteTotal => ({ site: 1, stack, samples: 1, blocks: 1, bytes });
/** Innermost first. */
const SITES = [site(300, "push", "read", "parse", "main"), site(100, "grow", "read", "parse", "main"), site(50, "grow", "other", "main")];

describe("the flame graph", () => {
  it("has callers above what they call, and bytes that add up", () => {
    const list = flames(SITES, "all");
    expect(list.map(({ name, depth, from, bytes, parent }) => [name, depth, from, bytes, parent])).toEqual([
      ["all", 0, 0, 450, -1],
      ["main", 1, 0, 450, 0],
      ["parse", 2, 0, 400, 1],
      ["read", 3, 0, 400, 2],
      ["push", 4, 0, 300, 3],
      ["grow", 4, 300, 100, 3],
      ["other", 2, 400, 50, 1],
      ["grow", 3, 400, 50, 6],
    ]);
  });

  it("has, bottom up, whoever asked on top, and the callers below", () => {
    expect(flames(SITES, "all", { bottomUp: true }).map(({ name, depth, bytes }) => [name, depth, bytes])).toEqual([
      ["all", 0, 450],
      ["push", 1, 300],
      ["read", 2, 300],
      ["parse", 3, 300],
      ["main", 4, 300],
      ["grow", 1, 150],
      ["read", 2, 100],
      ["parse", 3, 100],
      ["main", 4, 100],
      ["other", 2, 50],
      ["main", 3, 50],
    ]);
  });

  it("folds chains of single calls, and nothing that asked for memory itself", () => {
    const folded = flames(SITES, "all", { folded: true });
    expect(folded.map(({ chain }) => chain)).toEqual([["all"], ["main"], ["parse", "read"], ["push"], ["grow"], ["other", "grow"]]);
    const asks = flames([...SITES, site(1, "parse", "main")], "all", { folded: true });
    expect(asks.map(({ chain }) => chain)).toEqual([["all"], ["main"], ["parse"], ["read"], ["push"], ["grow"], ["other", "grow"]]);
  });

  it("leaves out the page that called, and scripts that wasm called stay", () => {
    const stack = ["f", "imported (glue.js)", "g", "parse (glue.js)", "Room.call (page-x1.js)", "page.ts:3:1"];
    expect(withoutPage([site(1, ...stack)])[0]!.stack).toEqual(["f", "imported (glue.js)", "g"]);
    expect(withoutPage([site(1, "only (page.js)")])[0]!.stack, "a stack of nothing else is kept").toEqual(["only (page.js)"]);
  });

  it("is searched: what is found is counted once", () => {
    const list = flames(SITES, "all");
    expect(search(list, "GROW").bytes).toBe(150);
    expect([...search(list, "grow").found].map((i) => list[i]!.depth)).toEqual([4, 3]);
    expect(search(list, "r").bytes, "one below the other").toBe(450);
    expect(search(list, " ").found.size).toBe(0);
    expect(search(list, "all").found.size, "the root is no function").toBe(0);
  });

  it("has a root where there is nothing, and bears a stack of any depth", () => {
    expect(flames([], "all")).toMatchObject([{ name: "all", bytes: 0 }]);
    const stack = Array.from({ length: 50_000 }, (_, i) => `f${i}`);
    expect(flames([site(1, ...stack)], "all").length).toBe(50_001);
    expect(flames([site(1, ...stack)], "all", { folded: true }).length).toBe(2);
  });
});

describe("call sites for other tools", () => {
  it("are folded stacks, a line each, outermost first", () => {
    expect(foldedStacks(SITES)).toBe("main;parse;read;push 300\nmain;parse;read;grow 100\nmain;other;grow 50\n");
    expect(foldedStacks([site(1.6, "<a as b; c>::d")])).toBe("<a as b: c>::d 2\n");
  });

  it("are speedscope's samples, weighed in bytes, over frames that stand once", () => {
    const file = speedscope(SITES, "demo");
    const [profile] = file.profiles;
    const names = file.shared.frames.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(profile!.samples.map((sample) => sample.map((i) => names[i]))).toEqual(SITES.map(({ stack }) => [...stack].reverse()));
    expect(profile!.weights).toEqual([300, 100, 50]);
    expect(profile!.endValue).toBe(450);
  });
});
