import { afterEach, describe, expect, it, vi } from "vitest";
import { findHeaps } from "../../src/headless";
import { survivors, Trace } from "../../src/model/trace";
import { intercept, type SeenInstance } from "../../src/record/intercept";
import { assemblyScript, resvg, sqlJs, treeSitter } from "../support/foreign";

vi.setConfig({ testTimeout: 120_000 });

/** Modules that nobody here built, run as they are and recorded from their first instruction on. */

interface Recorded extends SeenInstance {
  readonly trace: Trace;
}

let undo: (() => void) | null = null;
afterEach(() => {
  undo?.();
  undo = null;
});

/** Instances of at least that many bytes: Node has small modules of its own. */
function watch(recording = true, least = 5000): Recorded[] {
  const seen: Recorded[] = [];
  undo = intercept(WebAssembly, {
    record: () => recording,
    onInstance: (instance) => {
      const trace = new Trace();
      if ((instance.size ?? 0) < least) return;
      instance.tap?.start(trace);
      seen.push({ ...instance, trace });
    },
  });
  return seen;
}

const names = ({ search }: SeenInstance): string[] => (search?.found ?? []).map(({ name }) => name);

function live({ tap, trace }: Recorded): { blocks: number; bytes: number } {
  tap?.drain();
  const all = survivors(trace);
  return { blocks: all.length, bytes: all.reduce((sum, { size }) => sum + size, 0) };
}

/** Addresses of live blocks that only the recording has, and that only the heap has. */
function differences({ memory, trace }: Recorded, allocator: string): { recorded: number[]; decoded: number[] } {
  const recorded = new Set(survivors(trace).map(({ address }) => address));
  const decoded: number[] = [];
  for (const heap of findHeaps(memory!)) {
    if (heap.allocator !== allocator) continue;
    for (const block of heap.blocks()) if (block.state === "live" && !recorded.delete(block.address)) decoded.push(block.address);
  }
  return { recorded: [...recorded], decoded };
}
const NONE = { recorded: [], decoded: [] };

const last = (seen: readonly Recorded[]): Recorded => seen.at(-1)!;

describe("a published package does the same when it is recorded", () => {
  it("@resvg/resvg-wasm", async () => {
    watch(false);
    const plain = await resvg();
    undo?.();
    const seen = watch();
    expect(await resvg()).toBe(plain);
    const recorded = last(seen);
    expect(recorded.refusal).toBeNull();
    expect(names(recorded)).toEqual(["malloc (dlmalloc)", "free (dlmalloc)", "realloc (dlmalloc)", "memalign (dlmalloc)"]);
    recorded.tap!.drain();
    expect(recorded.tap!.records).toBeGreaterThan(1000);
    // 200 circles are kept as long as the drawing is; the PNG's buffer is not.
    expect(live(recorded).blocks).toBeGreaterThan(200);
    expect(live(recorded).bytes).toBeLessThan(recorded.memory!.buffer.byteLength);
    expect(differences(recorded, "dlmalloc")).toEqual(NONE);
  });

  it("sql.js", async () => {
    watch(false);
    const plain = await sqlJs();
    undo?.();
    const seen = watch();
    expect(await sqlJs()).toEqual(plain);
    const recorded = last(seen);
    expect(names(recorded)).toEqual(["free (dlmalloc)", "malloc (dlmalloc)", "memalign (dlmalloc)"]);
    // The rows that are left hold 199,343 characters, in pages of the database.
    expect(live(recorded).bytes).toBeGreaterThan(Number(plain[1]));
    expect(differences(recorded, "dlmalloc")).toEqual(NONE);
  });

  it("web-tree-sitter", async () => {
    const seen = watch();
    await treeSitter();
    const recorded = last(seen);
    expect(names(recorded)).toEqual(expect.arrayContaining(["malloc", "calloc", "realloc", "free"]));
    expect(live(recorded).blocks).toBeGreaterThan(5);
  });

  it.each([["-O3"], ["-O1"], ["-O0"]])("AssemblyScript %s", (level) => {
    const bytes = assemblyScript(level);
    const run = (): unknown => {
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { abort: () => undefined } });
      return (exports["run"] as (count: number) => number)(20_000);
    };
    const plain = run();
    const seen = watch();
    expect(run()).toBe(plain);
    const { blocks } = live(last(seen));
    // 200 points are kept, with their names; the collector frees most of the others.
    expect(blocks).toBeGreaterThan(400);
    expect(blocks).toBeLessThan(4000);
    expect(differences(last(seen), "AssemblyScript TLSF")).toEqual(NONE);
  });
});

describe("the engine's functions", () => {
  const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

  it("are as they were when the interception ends", () => {
    const before = { ...Object.getOwnPropertyDescriptors(WebAssembly) };
    watch();
    expect(WebAssembly.instantiate).not.toBe(before.instantiate.value);
    undo!();
    expect(Object.getOwnPropertyDescriptors(WebAssembly)).toEqual(before);
  });

  it.each([true, false])("cannot be told from the engine's own, recording %s", async (recording) => {
    const shape = (): unknown[] =>
      Object.entries(Object.getOwnPropertyDescriptors(WebAssembly)).map(([name, descriptor]) => {
        const { value: made, ...flags } = descriptor as Omit<PropertyDescriptor, "value"> & { value: unknown };
        if (typeof made !== "function") return [name, made, flags];
        // An engine's function has its name in its text; a proxy has none.
        const text = Function.prototype.toString.call(made).replace(/^function \w* ?\(/, "function (");
        return [name, made.name, made.length, text, Object.keys(made), flags];
      });
    const before = shape();
    const seen = watch(recording, 0);
    expect(shape()).toEqual(before);
    const module = await WebAssembly.compile(empty);
    const instance = await WebAssembly.instantiate(module);
    expect([module.constructor, instance.constructor]).toEqual([WebAssembly.Module, WebAssembly.Instance]);
    expect([module instanceof WebAssembly.Module, Object.getPrototypeOf(module) === WebAssembly.Module.prototype]).toEqual([true, true]);
    class Mine extends WebAssembly.Module {}
    expect(new Mine(empty)).toBeInstanceOf(Mine);
    expect(() => new (WebAssembly.compile as unknown as new () => object)()).toThrow(TypeError);
    await expect(WebAssembly.compile(new Uint8Array(new SharedArrayBuffer(8)) as unknown as BufferSource)).rejects.toThrow();
    expect(seen.length).toBe(1);
    undo!();
    expect(module.constructor).toBe(WebAssembly.Module);
    expect(shape()).toEqual(before);
  });

  it("keep their forms: bytes, modules, constructors, and their errors", async () => {
    const seen = watch(true, 0);
    const both = await WebAssembly.instantiate(empty);
    expect(both.module).toBeInstanceOf(WebAssembly.Module);
    expect(both.instance).toBeInstanceOf(WebAssembly.Instance);
    const module = await WebAssembly.compile(empty.buffer);
    expect(await WebAssembly.instantiate(module)).toBeInstanceOf(WebAssembly.Instance);
    expect(new WebAssembly.Instance(new WebAssembly.Module(empty))).toBeInstanceOf(WebAssembly.Instance);
    expect(seen.filter(({ size }) => size === 8).length).toBe(3);
    await expect(WebAssembly.compile(Uint8Array.of(1, 2))).rejects.toBeInstanceOf(WebAssembly.CompileError);
    expect(() => new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 99))).toThrow(WebAssembly.CompileError);
    await expect(WebAssembly.instantiate("x" as unknown as BufferSource)).rejects.toBeInstanceOf(TypeError);
    expect(() => { (WebAssembly.Module as unknown as () => void)(); }).toThrow(TypeError);
  });

  it("take a stream, and leave one that the engine refuses to it", async () => {
    const seen = watch(true, 0);
    const response = (type: string): Response => new Response(empty, { headers: { "content-type": type } });
    await WebAssembly.instantiateStreaming(response("application/wasm"));
    expect(await WebAssembly.compileStreaming(Promise.resolve(response("application/wasm")))).toBeInstanceOf(WebAssembly.Module);
    expect(seen.filter(({ size }) => size === 8).length).toBe(1);
    const wrong = response("text/html");
    await expect(WebAssembly.instantiateStreaming(wrong)).rejects.toBeInstanceOf(TypeError);
    // Glue falls back on the bytes, which must still be there.
    expect((await wrong.arrayBuffer()).byteLength).toBe(8);
  });
});
