import { describe, expect, it } from "vitest";
import { incomplete, siteLines } from "./report";

const site = (stack: readonly string[], blocks: number, bytes: number): { stack: readonly string[]; blocks: number; bytes: number } => ({ stack, blocks, bytes });

it("names all callers of a site, in lines that can be read", () => {
  const stack = Array.from({ length: 14 }, (_, i) => `program::module::function_${i}`);
  const lines = siteLines([site(stack, 3, 300)], 1024, null);
  for (const name of stack) expect(lines.join("\n")).toContain(name);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(120);
});

it("estimates no more than what is known to live", () => {
  const sites = [site(["a"], 30, 3000), site(["b"], 10, 1000)];
  expect(siteLines(sites, 1024, { bytes: 2000, blocks: 20 }).slice(1).map((line) => line.trim().replace(/ +/g, " "))).toEqual(["1.5 KiB 15 blocks a", "500 B 5 blocks b"]);
  expect(siteLines(sites, 1024, { bytes: 9000, blocks: 90 }).slice(1).map((line) => line.trim().replace(/ +/g, " "))).toEqual(["2.9 KiB 30 blocks a", "1,000 B 10 blocks b"]);
});

describe("a recording is called incomplete", () => {
  it("where more was freed than allocated", () => {
    expect(incomplete({ allocations: 3, frees: 5 }).join()).toMatch(/^Incomplete: 5 frees and 3 allocations were seen\. /);
  });

  it("where fewer blocks live than were not freed", () => {
    expect(incomplete({ allocations: 2155, frees: 1160 }, 35).join()).toMatch(/^Incomplete: by what was seen 995 blocks live, in the heap 35 do\. /);
  });

  it("and not where the heap has as many or more, or nobody knows", () => {
    for (const blocks of [995, 2000, undefined]) expect(incomplete({ allocations: 2155, frees: 1160 }, blocks)).toEqual([]);
  });
});
