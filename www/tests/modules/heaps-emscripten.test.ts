import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { recorded } from "../support/recorded";
import { expectSound, liveOf, Program, theHeap } from "../support/truth";

vi.setConfig({ testTimeout: 120_000 });

/** Both allocators of Emscripten, in a library that its own compiler made. */

const SOURCE = `
#include <stdlib.h>
#include <malloc.h>
void *take(size_t size, size_t align) { return align > 8 ? memalign(align, size) : malloc(size); }
void *resize(void *block, size_t size) { return realloc(block, size); }
void drop(void *block) { free(block); }`;

interface Library {
  readonly memory: WebAssembly.Memory;
  readonly _initialize?: () => void;
  readonly take: (size: number, align: number) => number;
  readonly resize: (block: number, size: number) => number;
  readonly drop: (block: number) => void;
}

/** The compiled library; null where there is no emcc, or one without its system libraries. */
function compiled(allocator: string): Uint8Array<ArrayBuffer> | null {
  const folder = mkdtempSync(join(tmpdir(), "emscripten-"));
  try {
    writeFileSync(join(folder, "library.c"), SOURCE);
    const settings = [`MALLOC=${allocator}`, "STANDALONE_WASM", "ALLOW_MEMORY_GROWTH=1", "EXPORTED_FUNCTIONS=_take,_resize,_drop"].flatMap((each) => ["-s", each]);
    execFileSync("emcc", ["library.c", "-O2", "--no-entry", "--profiling-funcs", ...settings, "-o", "library.wasm"], { cwd: folder, stdio: "ignore" });
    return new Uint8Array(readFileSync(join(folder, "library.wasm")));
  } catch {
    return null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Functions that do nothing, for all that it imports. */
function idle(module: WebAssembly.Module): WebAssembly.Imports {
  const imports: Record<string, Record<string, () => number>> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = () => 0;
  return imports;
}

function start(binary: Uint8Array<ArrayBuffer>): Library {
  const module = new WebAssembly.Module(binary);
  const library = new WebAssembly.Instance(module, idle(module)).exports as unknown as Library;
  library._initialize?.();
  return library;
}

/** A random program on a library. */
const programOn = ({ memory, take, resize, drop }: Library, seed: number, options: { readonly align: readonly number[]; readonly foreign: boolean }): Program =>
  new Program(
    {
      memory,
      allocate: (size, by) => take(size, by) >>> 0,
      free: (address) => {
        drop(address);
      },
      // Only malloc's alignment outlives a realloc.
      resize: (address, _from, _align, to) => resize(address, to) >>> 0,
    },
    seed,
    options,
  );

describe.each(["emmalloc", "dlmalloc"])("%s of Emscripten", (allocator) => {
  const binary = compiled(allocator);
  const why = binary === null ? ": skipped, because there is no emcc" : "";
  it.skipIf(binary === null).each([
    { seed: 1, foreign: false, align: [8] },
    { seed: 2, foreign: false, align: [8, 32, 128] },
    { seed: 3, foreign: true, align: [8] },
    { seed: 4, foreign: true, align: [8, 32, 128] },
  ])(`is decoded as it was recorded, block for block: seed $seed, foreign growth: $foreign${why}`, ({ seed, foreign, align }) => {
    const library = start(binary!);
    const { memory } = library;
    const program = programOn(library, seed, { align, foreign });
    for (let round = 0; round < 30; round++) {
      program.run(100);
      const heap = theHeap(memory);
      expect(heap.allocator).toBe(allocator);
      expectSound(heap);
      if (program.live.size > 12) expect(heap.certain).toBe(true);
      const decoded = liveOf(heap);
      expect([...decoded.keys()]).toEqual([...program.live.keys()].sort((a, b) => a - b));
      for (const [address, { size }] of program.live) expect(decoded.get(address)).toBeGreaterThanOrEqual(size);
    }
  });

  // Of this small library, dlmalloc's `realloc` and `memalign` are inlined, and have no body to exchange.
  it.skipIf(binary === null || allocator === "dlmalloc")(`is recorded block for block, with call sites${why}`, () => {
    const running = recorded(binary!, idle(new WebAssembly.Module(binary!)));
    const library = running.exports as unknown as Library;
    library._initialize?.();
    const program = programOn(library, 5, { align: [8, 32], foreign: true });
    program.run(1000);
    const live = running.live();
    // It rounds what it hands on.
    for (const [address, { size }] of program.live) expect(live.get(address)).toBeGreaterThanOrEqual(size);
    expect(live.size - program.live.size, "blocks of the library itself").toBeLessThan(4);
    expect([...running.functions()]).toContain("take");
  });
});
