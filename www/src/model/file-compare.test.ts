import { describe, expect, it } from "vitest";
import type { Contender } from "./compare";
import { file } from "../text/compare-file";
import { conclude, heapThen, ROUNDS, runFile, type FileResult, type Parser } from "./file-compare";
import { Blocks, State, type Snapshot } from "./snapshot";

const PAGE = 65536;
const snapshot = (parts: readonly (readonly [number, State])[], kind: Snapshot["kind"] = "heap"): Snapshot => {
  const blocks = new Blocks();
  let at = PAGE;
  for (const [size, state] of parts) {
    blocks.push(at, size, state);
    at += size;
  }
  return { kind, committed: null, memory: at, growths: null, start: PAGE, end: at, blocks, units: null, granule: 16, base: 0, slabs: [], classes: [], lists: [] };
};

/** A program that takes so many milliseconds of the clock and so many pages a parse, up to a limit. */
class Fake implements Parser {
  memory = PAGE;
  log: string[] = [];
  private first = true;

  constructor(
    private readonly clock: { now: number },
    private readonly cost: { readonly time: number; readonly first: number; readonly each: number; readonly most?: number },
  ) {}

  parse(): void {
    this.log.push("parse");
    this.clock.now += this.cost.time;
    const pages = this.first ? this.cost.first : this.cost.each;
    this.first = false;
    if (this.memory + pages * PAGE > (this.cost.most ?? Infinity)) throw new RangeError("memory ran out");
    this.memory += pages * PAGE;
  }

  clear(): void {
    this.log.push("clear");
  }

  look(): Snapshot {
    this.log.push("look");
    return this.log.includes("clear") ? snapshot([[4 * PAGE, State.Free]]) : snapshot([[3 * PAGE, State.Live], [PAGE, State.Free]]);
  }
}

function ran(fakes: Partial<Record<Contender, { time: number; first: number; each: number; most?: number }>>): { results: FileResult[]; parsers: Map<Contender, Fake> } {
  const clock = { now: 0 };
  const parsers = new Map(Object.entries(fakes).map(([who, cost]) => [who as Contender, new Fake(clock, cost)]));
  const steps = runFile(parsers, () => clock.now, (error) => (error instanceof RangeError ? error.message : null));
  for (let next = steps.next(); ; next = steps.next()) if (next.done === true) return { results: next.value, parsers };
}

describe("a file on several allocators", () => {
  it("is parsed first in a fresh module, of which memory and maps are, and then in turns, of which times are", () => {
    const { results, parsers } = ran({ heap: { time: 4, first: 3, each: 0 }, bump: { time: 2, first: 2, each: 2 } });
    expect(parsers.get("heap")!.log.slice(0, 5)).toEqual(["parse", "look", "clear", "look", "parse"]);
    // The quickest takes 2 ms, so a turn of all of them is four parses.
    expect(results.map(({ parses }) => parses)).toEqual([2 + 4 * ROUNDS, 2 + 4 * ROUNDS]);
    expect(results.map(({ times }) => times)).toEqual([new Array(ROUNDS).fill(4), new Array(ROUNDS).fill(2)]);
    expect(results.map(({ grown }) => grown / PAGE)).toEqual([3, 2]);
    expect(results.map(({ grownInAll }) => grownInAll / PAGE)).toEqual([3, 2 * (2 + 4 * ROUNDS)]);
    expect(results[0]!.heap!.parse.figures).toMatchObject({ live: 3 * PAGE, largestFree: PAGE });
    expect(results[0]!.heap!.clear.figures).toMatchObject({ live: 0, largestFree: 4 * PAGE });
  });

  it("leaves out of the conclusion who ran out of memory", () => {
    const { results } = ran({ heap: { time: 4, first: 3, each: 0 }, slab: { time: 3, first: 4, each: 0 }, bump: { time: 1, first: 2, each: 2, most: 8 * PAGE } });
    expect(results[2]).toMatchObject({ stopped: "memory ran out", parses: 3 });
    const concluded = conclude(results, "parse")!;
    expect(concluded.memory).toEqual({ best: ["heap"], value: 3 * PAGE, last: "slab", lastValue: 4 * PAGE });
    expect(concluded.time).toEqual({ best: ["slab"], value: 3, last: "heap", lastValue: 4 });
    expect(concluded.choice).toEqual([]);
    expect(conclude(results.slice(1), "parse"), "of one alone nothing can be said").toBeNull();
  });

  it("ends where the file cannot be parsed", () => {
    const parser: Parser = { memory: 0, parse: () => { throw new Error("line 1"); }, clear: () => undefined, look: () => null };
    expect(() => runFile(new Map([["heap", parser]]), () => 0, () => null).next()).toThrow("line 1");
  });
});

describe("the conclusion", () => {
  const result = (who: Contender, grown: number, times: number[], largest: number): FileResult => {
    const then = heapThen(snapshot([[largest, State.Free], [16, State.Live]]));
    return { who, heap: { parse: then, clear: then }, grown, grownInAll: grown, parses: 7, times, stopped: "" };
  };

  it("does not tell apart whose runs overlap", () => {
    const concluded = conclude([result("heap", 2 * PAGE, [1.2, 1.5, 1.6], 64), result("slab", 2 * PAGE, [1, 1.1, 1.3], 640), result("tiny", 3 * PAGE, [1.4, 2, 3], 32)], "parse")!;
    expect(concluded.time).toEqual({ best: ["heap", "slab"], value: 1.1, last: "tiny", lastValue: 2 });
    expect(concluded.memory.best).toEqual(["heap", "slab"]);
    expect(concluded.choice).toEqual(["heap", "slab"]);
    expect(concluded.free).toEqual({ best: ["slab"], value: 640, last: "tiny", lastValue: 32 });
  });

  it("says a small difference in pages, not as a factor of 1.0", () => {
    const names = { heap: { name: "Heap" }, slab: { name: "SlabHeap" } } as Parameters<typeof file>[0];
    const said = (grown: number, largest: number): readonly string[] => {
      const results = [result("heap", 100 * PAGE, [1], 2_000_000), result("slab", grown * PAGE, [2], largest)];
      return file(names).conclusion(conclude(results, "parse"), results, "a.json", "parse");
    };
    expect(said(102, 2_000_001).slice(1)).toEqual([
      expect.stringMatching(/SlabHeap by .* \(102 pages\), 2 pages more\.$/),
      expect.stringMatching(/SlabHeap takes 2\.0 times as long\.$/),
      expect.stringMatching(/ on all of them\.$/),
    ]);
    expect(said(150, 1_000_000)[1]).toMatch(/\(150 pages\), 1\.5 times as much\.$/);
  });
});

it("a heap that was found by search begins and ends where its blocks do", () => {
  const { span } = heapThen(snapshot([[100, State.Static], [50, State.Stack], [16, State.Live], [32, State.Free], [PAGE, State.Unused]], "foreign"));
  expect(span).toEqual([PAGE + 150, PAGE + 198]);
});
