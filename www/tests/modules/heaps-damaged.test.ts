import { expect, it, describe, vi } from "vitest";
import type { Heap } from "../../component/headless";
import { findHeaps } from "../../src/headless";
import { random } from "../../src/model/random";
import { workbench } from "../support/modules";
import { expectSound, Program } from "../support/truth";

vi.setConfig({ testTimeout: 120_000 });

/** A memory with a heap of some hundred blocks. */
function memory(allocator: string): ArrayBuffer {
  const { memory, allocate, deallocate } = new WebAssembly.Instance(workbench(allocator)).exports as unknown as {
    memory: WebAssembly.Memory;
    allocate: (size: number, align: number) => number;
    deallocate: (at: number, size: number, align: number) => void;
  };
  new Program({ memory, allocate: (size, align) => allocate(size, align) >>> 0, free: deallocate }, 7, { align: [8], foreign: true }).run(1500);
  return memory.buffer;
}

/** Expects of the heaps the rules that hold for any heap in any memory. */
function expectPlausible(heaps: readonly Heap[], length: number): void {
  for (const heap of heaps) {
    expectSound(heap);
    expect(heap.start).toBeGreaterThanOrEqual(0);
    expect(heap.end).toBeLessThanOrEqual(length);
  }
}

describe.each(["dlmalloc", "talc"])("a damaged heap of %s", (allocator) => {
  const whole = memory(allocator);
  const [sound] = findHeaps(whole);

  it("is read, or not, but never outside of memory, whatever word is another", () => {
    const part = random(3);
    let lost = 0;
    for (let round = 0; round < 300; round++) {
      const damaged = whole.slice(0);
      const words = new Uint32Array(damaged);
      const at = Math.floor((sound!.start + part() * (sound!.end - sound!.start)) / 4);
      words[at] = [0, 0xffffffff, words[at]! ^ (1 << Math.floor(part() * 32)), Math.floor(part() * 2 ** 32)][round % 4]!;
      const heaps = findHeaps(damaged);
      expectPlausible(heaps, damaged.byteLength);
      if (heaps[0]?.live.blocks !== sound!.live.blocks) lost++;
    }
    // Most words are contents, and change nothing.
    expect(lost).toBeLessThan(150);
  });

  it("is uncertain or gone where sizes of chunks are damaged", () => {
    if (allocator !== "dlmalloc") return;
    const live = Array.from(sound!.blocks()).filter(({ state }) => state === "live");
    for (const { address } of live.filter((_, i) => i % 20 === 10)) {
      const damaged = whole.slice(0);
      new Uint32Array(damaged)[address / 4 - 1]! ^= 0x40;
      const heaps = findHeaps(damaged).filter(({ start, end }) => start <= address && address < end);
      expect(heaps.filter(({ certain }) => certain), `a chunk at ${address} of another size`).toEqual([]);
    }
  });

  it("is not taken for one where it is cut off", () => {
    for (let end = sound!.start; end < sound!.end - 65536; end += 65536) {
      const heaps = findHeaps(whole.slice(0, end));
      expectPlausible(heaps, end);
      expect(heaps.filter(({ certain }) => certain)).toEqual([]);
    }
  });
});

describe("a memory without a heap", () => {
  const WORDS = 1 << 18;
  const kinds: Record<string, (i: number, part: () => number) => number> = {
    zeros: () => 0,
    "words of chance": (_, part) => part() * 2 ** 32,
    "small numbers": (_, part) => part() * 300,
    "a number that is a head of a chunk": () => 0x13,
    "heads that follow each other": (i) => (i % 4 === 1 ? 0x13 : i % 4 === 3 ? 40 : 0),
    "addresses of itself": (i) => 4 * i,
    "addresses behind": (i) => 4 * i + 16,
    "addresses of chance": (_, part) => Math.floor(part() * WORDS) * 4,
  };
  it.each(Object.keys(kinds))("of %s has none that is certain", (kind) => {
    for (let seed = 0; seed < 4; seed++) {
      const part = random(seed);
      const words = Uint32Array.from({ length: WORDS }, (_, i) => kinds[kind]!(i, part));
      const heaps = findHeaps(words.buffer);
      expectPlausible(heaps, words.byteLength);
      expect(heaps.filter(({ certain }) => certain)).toEqual([]);
    }
  });

  it("of any length is read", () => {
    for (const length of [0, 1, 3, 4, 7, 8, 15, 16, 17, 4099]) expect(findHeaps(new ArrayBuffer(length))).toEqual([]);
  });
});

it("a copy of a heap in the same memory is not called certain", () => {
  const whole = memory("dlmalloc");
  const [sound] = findHeaps(whole);
  const twice = new Uint8Array(2 * whole.byteLength);
  twice.set(new Uint8Array(whole), 0);
  twice.set(new Uint8Array(whole), whole.byteLength);
  const certain = findHeaps(twice.buffer).filter((heap) => heap.certain);
  expect(certain.map(({ start, end }) => [start, end])).toEqual([[sound!.start, sound!.end]]);
});
