import { afterEach, describe, expect, it, vi } from "vitest";
import { assemble, bumpParts } from "../../tests/support/wasm-builder";
import { Trace } from "../model/trace";
import { SiteTable } from "../model/trace-sites";
import { rewrite } from "./rewrite";
import { siteTaker } from "./stack";
import { Tap } from "./tap";

const capture = Object.getOwnPropertyDescriptor(Error, "captureStackTrace")!;
afterEach(() => {
  vi.restoreAllMocks();
  Object.defineProperty(Error, "captureStackTrace", capture);
});

/** Returns the innermost functions of an allocation in a module, the module's and its caller. */
function ofModule(): string[] {
  const done = rewrite(assemble(bumpParts()));
  if (!done.ok) throw new Error(done.refusal.why);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(done.bytes));
  const sites = new SiteTable();
  const tap = new Tap(exports, () => 0);
  tap.start(new Trace(), 1e-9, siteTaker(sites));
  (exports["make"] as (size: number) => number)(8);
  tap.stop();
  return sites.stacks[0]!.slice(0, 2);
}

/** Takes stacks from functions of their own. */
function program(take: () => number): { one: () => number; two: () => number; deep: (depth: number) => number } {
  const one = (): number => take() + 0;
  const two = (): number => take() + 0;
  const deep = (depth: number): number => (depth === 0 ? take() : deep(depth - 1)) + 0;
  return { one, two, deep };
}

describe("the stack of an operation", () => {
  it("has one number, however often it is taken", () => {
    const sites = new SiteTable();
    const { one, two, deep } = program(siteTaker(sites));
    const each = [one, two].map((call) => [0, 0, 0].map(() => call()));
    for (const numbers of each) expect(new Set(numbers).size).toBe(1);
    expect(each[0]![0]).not.toBe(each[1]![0]);
    expect(new Set([0, 1, 2].map((depth) => deep(depth))).size).toBe(3);
    expect(sites.stacks.flat().some((name) => name.includes("one"))).toBe(true);
  });

  it("has a text made of it once, where the engine gives frames", () => {
    const sites = new SiteTable();
    const texts = vi.spyOn(sites, "take");
    const { one } = program(siteTaker(sites));
    for (let i = 0; i < 10; i++) one();
    expect(texts).toHaveBeenCalledTimes(1);
  });

  it("is the same where the engine gives a text only", () => {
    const frames = ofModule();
    expect(frames[0]).toMatch(/make|wasm-function/);
    Object.defineProperty(Error, "captureStackTrace", { value: undefined, configurable: true, writable: true });
    expect(ofModule()).toEqual(frames);
  });

  it("leaves the engine's settings as they were", () => {
    const settings = (): unknown[] => ["stackTraceLimit", "prepareStackTrace"].map((name) => Object.getOwnPropertyDescriptor(Error, name)?.value as unknown);
    const before = settings();
    program(siteTaker(new SiteTable())).one();
    expect(settings()).toEqual(before);
  });
});
