import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Resvg, initWasm } from "@resvg/resvg-wasm";
import asc from "assemblyscript/asc";
// eslint-disable-next-line @typescript-eslint/ban-ts-comment -- the package has no types
// @ts-ignore
import initSqlJs from "sql.js";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { Parser } from "web-tree-sitter";
import { findHeaps } from "../../src/headless";
import { expectSound, liveOf, Program, theHeap } from "../support/truth";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const require = createRequire(import.meta.url);

/** The memories of modules that are started while something runs. */
async function memoriesOf(run: () => Promise<unknown>): Promise<WebAssembly.Memory[]> {
  const found = new Set<WebAssembly.Memory>();
  const note = (from: object): void => {
    for (const each of Object.values(from)) if (each instanceof WebAssembly.Memory) found.add(each);
  };
  const { instantiate } = WebAssembly;
  const spy = vi.spyOn(WebAssembly, "instantiate").mockImplementation((async (source: BufferSource, imports?: WebAssembly.Imports) => {
    const result: WebAssembly.WebAssemblyInstantiatedSource | WebAssembly.Instance = await instantiate(source, imports);
    note(("instance" in result ? result.instance : result as WebAssembly.Instance).exports);
    // Emscripten's other imports are proxies that notice who looks at them.
    if (imports?.["env"]?.["memory"] !== undefined) note({ memory: imports["env"]["memory"] });
    return result;
  }) as typeof instantiate);
  await run();
  spy.mockRestore();
  return [...found];
}

interface Database {
  run(sql: string): void;
  prepare(sql: string): { run(values: readonly unknown[]): void; free(): void };
  close(): void;
}
const startSqlJs = initSqlJs as () => Promise<{ Database: new () => Database }>;

describe("modules that nobody here built", () => {
  it("sql.js: Emscripten, C", async () => {
    let database!: Database;
    const [memory] = await memoriesOf(async () => (database = new (await startSqlJs()).Database()));
    database.run("create table t(a)");
    const before = theHeap(memory!);
    const statement = database.prepare("insert into t values (?)");
    for (let i = 0; i < 200; i++) statement.run([new Uint8Array(5000).fill(0xee)]);
    const after = theHeap(memory!);
    expectSound(after);
    expect(after).toMatchObject({ allocator: "dlmalloc", certain: true });
    // The database is in the heap; some of it found room in what was allocated before.
    expect(after.live.bytes - before.live.bytes).toBeGreaterThan(190 * 5000);
    statement.free();
    database.close();
    expect(theHeap(memory!).live.bytes).toBeLessThan(before.live.bytes + 100_000);
  });

  it("@resvg/resvg-wasm: Rust on std's default", async () => {
    const [memory] = await memoriesOf(() => initWasm(readFileSync(require.resolve("@resvg/resvg-wasm/index_bg.wasm"))));
    const shapes = Array.from({ length: 500 }, (_, i) => `<rect x="${i}" y="${i}" width="9" height="9"/>`).join("");
    const svg = new Resvg(`<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300">${shapes}</svg>`);
    const before = theHeap(memory!);
    const picture = svg.render();
    const after = theHeap(memory!);
    expectSound(after);
    expect(after).toMatchObject({ allocator: "dlmalloc", certain: true });
    // Four bytes a pixel, in one block.
    expect(Array.from(after.blocks()).some(({ size, state }) => state === "live" && size >= 400 * 300 * 4 && size < 400 * 300 * 4 + 32)).toBe(true);
    picture.free();
    expect(theHeap(memory!).live.bytes).toBeLessThanOrEqual(before.live.bytes);
  });

  it("web-tree-sitter: Emscripten, its memory imported", async () => {
    const memories = await memoriesOf(() => Parser.init());
    const parsers = Array.from({ length: 20 }, () => new Parser());
    const heap = memories.flatMap(findHeaps).find(({ live }) => live.blocks >= parsers.length);
    expectSound(heap!);
    expect(heap).toMatchObject({ allocator: "dlmalloc", certain: true });
  });
});

describe.each(["incremental", "minimal"])("a module of AssemblyScript, runtime %s", (runtime) => {
  let binary: Uint8Array<ArrayBuffer>;
  beforeAll(async () => {
    const source = `
      export function allocate(size: i32): usize { return heap.alloc(size); }
      export function resize(at: usize, size: i32): usize { return heap.realloc(at, size); }
      export function free(at: usize): void { heap.free(at); }`;
    const compiled = await asc.compileString(source, { runtime, optimizeLevel: 3 });
    if (compiled.binary === null) throw new Error("the AssemblyScript compiler refused the module");
    binary = new Uint8Array(compiled.binary);
  });

  it.each([
    { seed: 1, foreign: false },
    { seed: 2, foreign: false },
    { seed: 3, foreign: true },
  ])("is decoded as it was recorded, block for block: $seed, foreign growth: $foreign", async ({ seed, foreign }) => {
    const imports = { env: { abort: () => undefined } };
    const { instance } = await WebAssembly.instantiate(binary, imports);
    const calls = instance.exports as unknown as {
      memory: WebAssembly.Memory;
      allocate: (size: number) => number;
      resize: (at: number, size: number) => number;
      free: (at: number) => void;
    };
    const program = new Program(
      {
        memory: calls.memory,
        allocate: (size) => calls.allocate(size) >>> 0,
        resize: (at, _from, _align, to) => calls.resize(at, to) >>> 0,
        free: (at) => {
          calls.free(at);
        },
      },
      seed,
      { align: [1], foreign },
    );
    for (let round = 0; round < 30; round++) {
      program.run(100);
      const heap = theHeap(calls.memory);
      expect(heap.allocator).toBe("AssemblyScript TLSF");
      expectSound(heap);
      const decoded = liveOf(heap);
      expect([...decoded.keys()]).toEqual([...program.live.keys()].sort((a, b) => a - b));
      for (const [at, { size }] of program.live) expect(decoded.get(at)).toBeGreaterThanOrEqual(size);
    }
  });
});
