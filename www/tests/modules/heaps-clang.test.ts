import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WASI } from "node:wasi";
import { describe, expect, it, vi } from "vitest";
import { recorded } from "../support/recorded";
import { expectSound, liveOf, Program, theHeap } from "../support/truth";

vi.setConfig({ testTimeout: 120_000 });

/** A library of C: wasi-libc's allocator, and stdio, which links what WASI gives. */
const source = (take: string): string => `
#include <stdio.h>
#include <stdlib.h>
static char line[64];
int speak(int number) { return snprintf(line, sizeof line, "%d blocks", number); }
void *take(size_t size, size_t align) { ${take} }
void *resize(void *block, size_t size) { return realloc(block, size); }
void drop(void *block) { free(block); }`;

interface Library {
  readonly memory: WebAssembly.Memory;
  readonly speak: (number: number) => number;
  readonly take: (size: number, align: number) => number;
  readonly resize: (block: number, size: number) => number;
  readonly drop: (block: number) => void;
}

/** The compiled library; null where clang, its linker or wasi-libc is missing. */
function compiled(take: string): Uint8Array<ArrayBuffer> | null {
  const folder = mkdtempSync(join(tmpdir(), "wasi-library-"));
  try {
    writeFileSync(join(folder, "library.c"), source(take));
    const exported = ["speak", "take", "resize", "drop"].map((name) => `-Wl,--export=${name}`);
    const options = ["--target=wasm32-wasi", "-O2", "-mexec-model=reactor", ...exported, "library.c", "-o", "library.wasm"];
    execFileSync("clang", options, { cwd: folder, stdio: "ignore" });
    return new Uint8Array(readFileSync(join(folder, "library.wasm")));
  } catch {
    return null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const ALIGNED = "return align > 16 ? aligned_alloc(align, (size + align - 1) / align * align) : malloc(size);";
const binary = compiled(ALIGNED);
const why = binary === null ? ": skipped, because clang, wasm-ld or wasi-libc is missing" : "";

describe.skipIf(binary === null)(`dlmalloc of wasi-libc, in C that clang compiled${why}`, () => {
  it.each([
    { seed: 1, foreign: false, align: [8] },
    { seed: 2, foreign: false, align: [8, 32, 128] },
    { seed: 3, foreign: true, align: [8] },
    { seed: 4, foreign: true, align: [8, 32, 128] },
  ])("is decoded as it was recorded, block for block: seed $seed, foreign growth: $foreign", ({ seed, foreign, align }) => {
    const module = new WebAssembly.Module(binary!);
    const wasi = new WASI({ version: "preview1" });
    const instance = new WebAssembly.Instance(module, wasi.getImportObject() as WebAssembly.Imports);
    wasi.initialize(instance);
    const { memory, speak, take, resize, drop } = instance.exports as unknown as Library;
    const program = new Program(
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
      { align, foreign },
    );
    for (let round = 0; round < 30; round++) {
      program.run(100);
      expect(speak(program.live.size)).toBe(`${program.live.size} blocks`.length);
      const heap = theHeap(memory);
      expect(heap.allocator).toBe("dlmalloc");
      expectSound(heap);
      const decoded = liveOf(heap);
      expect([...decoded.keys()]).toEqual([...program.live.keys()].sort((a, b) => a - b));
      for (const [address, { size }] of program.live) expect(decoded.get(address)).toBeGreaterThanOrEqual(size);
    }
  });

  // The linker may put `memalign` into the program's own function, whose arguments stand in another order.
  it.each([
    { take: "return malloc(size);", align: [8], numbered: true },
    // All of the allocator is in what is exported.
    { take: ALIGNED, align: [8, 32, 128], numbered: false },
  ])("is recorded block for block, with call sites, where blocks are aligned to $align", ({ take: how, align, numbered }) => {
    const wasi = new WASI({ version: "preview1" });
    const running = recorded(compiled(how)!, wasi.getImportObject() as WebAssembly.Imports);
    wasi.initialize({ exports: running.exports });
    const { memory, speak, take, resize, drop } = running.exports as unknown as Library;
    const program = new Program(
      {
        memory,
        allocate: (size, by) => take(size, by) >>> 0,
        free: (address) => {
          drop(address);
        },
        resize: (address, _from, _align, to) => resize(address, to) >>> 0,
      },
      5,
      { align, foreign: true },
    );
    program.run(1000);
    speak(1);
    const live = running.live();
    for (const [address, { size }] of program.live) expect(live.get(address)).toBe(size);
    expect(live.size).toBe(theHeap(memory).live.blocks);
    // The linker left no names: stacks have numbers.
    expect([...running.functions()].some((name) => /^wasm-function\[\d+\]$/.test(name))).toBe(numbered);
  });
});
