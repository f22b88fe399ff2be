import { expect, it, vi } from "vitest";
import * as bonsai from "../../src/formats/bonsai";
import { Reader } from "../../src/formats/foreign";
import { Memory, Tries } from "../../src/formats/memory";
import { Mark } from "../../src/formats/sieve";
import { findHeaps } from "../../src/headless";
import { random } from "../../src/model/random";
import { workbench } from "../support/modules";
import { Program, type Calls } from "../support/truth";

vi.setConfig({ testTimeout: 120_000 });

/** A module of the workbench on dlmalloc, whose heap begins where memory was grown up to. */
function started(pages: number): Calls {
  const { memory, allocate, deallocate } = new WebAssembly.Instance(workbench("dlmalloc")).exports as unknown as {
    memory: WebAssembly.Memory;
    allocate: (size: number, align: number) => number;
    deallocate: (at: number, size: number, align: number) => void;
  };
  memory.grow(pages);
  return { memory, allocate: (size, align) => allocate(size, align) >>> 0, free: deallocate };
}

/** Writes a page that is a heap of emmalloc: blocks of 32 bytes, all live. */
function other(memory: WebAssembly.Memory, at: number): void {
  const words = new Uint32Array(memory.buffer, at, 65536 / 4);
  words.set([16, 0, at + 65536, 16]);
  for (let i = 4; i < words.length - 4; i += 8) words.set([32, 0, 0, 0, 0, 0, 0, 32], i);
  words.set([16, 0, 0, 16], words.length - 4);
}

it("a running memory, its bytes and a shared copy say the same", () => {
  const calls = started(40);
  new Program(calls, 3, { align: [8], foreign: true }).run(800);
  const shared = new SharedArrayBuffer(calls.memory.buffer.byteLength);
  new Uint8Array(shared).set(new Uint8Array(calls.memory.buffer));
  const threads = new WebAssembly.Memory({ initial: shared.byteLength / 65536, maximum: 1000, shared: true });
  new Uint8Array(threads.buffer).set(new Uint8Array(shared));
  const [first, ...others] = [calls.memory, calls.memory.buffer, shared, threads].map((each) => findHeaps(each).map((heap) => [heap.certain, ...heap.blocks()]));
  expect(first).toHaveLength(1);
  for (const other of others) expect(other).toEqual(first);
});

it("a heap is found wherever it begins, whatever is in front of it", () => {
  const part = random(5);
  const fills: (() => number)[] = [() => 0, () => 0x65746164, () => part() * 2 ** 32, () => part() * 300, () => 0x13];
  for (const fill of fills) {
    const calls = started(30);
    const program = new Program(calls, 4, { align: [8], foreign: false });
    program.run(400);
    const at = findHeaps(calls.memory)[0]!.start;
    const words = new Uint32Array(calls.memory.buffer);
    for (let i = at / 4 - 20 * 16384; i < at / 4; i++) words[i] = fill();
    const certain = findHeaps(calls.memory).filter((heap) => heap.certain);
    expect(certain.map(({ start, live }) => [start, live.blocks])).toEqual([[at, program.live.size]]);
  }
});

it("memory that a fake chunk spans is searched, too", () => {
  const calls = started(20);
  const first = new Program(calls, 4, { align: [8], foreign: false });
  first.run(400);
  const heap = findHeaps(calls.memory)[0]!;
  const words = new Uint32Array(calls.memory.buffer);
  const fake = heap.start - 15 * 65536;
  // A live chunk that ends where the heap's second block begins, and in it the heap of another allocator.
  const [, second] = heap.blocks();
  words[fake / 4 + 1] = (second!.address - 8 - fake) | 3;
  other(calls.memory, fake + 65536);
  const found = findHeaps(calls.memory).map(({ allocator, start }) => [allocator, start]);
  expect(found).toEqual([["emmalloc", fake + 65536], ["dlmalloc", heap.start]]);
});

it("memory that grew is not searched again, and a heap that begins there is found", () => {
  const calls = started(10);
  const program = new Program(calls, 6, { align: [8], foreign: false });
  program.run(300);
  const reader = new Reader();
  reader.read(calls.memory);
  for (let round = 0; round < 20; round++) {
    program.run(200);
    const found = reader.read(calls.memory)!.found!;
    expect(found.heaps).toEqual([{ allocator: "dlmalloc", certain: true, sized: true, live: program.live.size }]);
    expect(found.pages.all).toBe(calls.memory.buffer.byteLength / 65536);
  }
  other(calls.memory, calls.memory.grow(2) * 65536);
  const heaps = reader.read(calls.memory)!.found!.heaps.map(({ allocator }) => allocator);
  expect(heaps).toContain("dlmalloc");
  expect(heaps).toContain("emmalloc");
});

/** Beginnings in a memory, as a search finds them: 64 bytes together, or 16 by 16. */
function beginnings(words: Uint32Array<ArrayBuffer>, tries: Tries = Tries.all): { together: number[]; each: number[] } {
  const memory = new Memory(words.buffer);
  const length = 4 * words.length;
  const together: number[] = [];
  for (let at = 0; (at = memory.mayBegin(at, length, tries)) < length; at = Math.floor(at / 16) * 16 + 16) together.push(at);
  const each: number[] = [];
  for (let at = 0; at < length; at += 16) {
    const found = memory.mayBegin(at, Math.min(at + 32, length), tries);
    if (found < at + 16) each.push(found);
  }
  return { together, each };
}

/** Words of the kinds that beginnings are made of, so that many agree by accident. */
function accidents(seed: number, count: number): Uint32Array<ArrayBuffer> {
  const part = random(seed);
  const length = 4 * count;
  return Uint32Array.from({ length: count }, (_, i) => {
    const ahead = 4 * i + Math.floor(part() * (length - 4 * i));
    const kinds = [0, 1, 3, 7, 16, 16 * Math.ceil(part() * 20), (8 * Math.ceil(part() * 20)) | 3, (8 * Math.ceil(part() * 20)) | 1, ahead & ~7, (ahead & ~15) | 12, 40, 56, 88, 0x10000 | 1, part() * 2 ** 32];
    return kinds[Math.floor(part() * kinds.length)]!;
  });
}

it("no beginning is missed where 64 bytes are looked at together", () => {
  for (let seed = 1; seed <= 6; seed++) {
    const words = accidents(seed, 1 << 16);
    for (const [i, value] of [[1000, bonsai.FIRST], [1601, bonsai.FIRST]] as const) words[i] = value;
    // A gap of talc, which who points at it confirms.
    words.set([0, 4 * 5003, 5, 32], 6000);
    words[5003] = 4 * 6000;
    const { together, each } = beginnings(words);
    expect(together).toEqual(each);
    const marks = new Set(each.flatMap((found) => Object.values(Mark).filter((mark) => (found & mark) !== 0)));
    expect([...marks].sort()).toEqual(Object.values(Mark).sort());
  }
});

it("of a page full of accidents only chunks are left out, and none at its start or behind a zero", () => {
  let left = 0;
  for (let seed = 1; seed <= 6; seed++) {
    const words = accidents(seed, 1 << 16);
    const some = new Set(beginnings(words, Tries.some).together);
    const { each } = beginnings(words);
    const chunks = Mark.chunk | Mark.upperChunk;
    for (const found of each) {
      const at = Math.floor(found / 16) * 16;
      const first = at % 65536 < 64 * Tries.some;
      const fresh = ((found & Mark.chunk) !== 0 && words[at / 4] === 0) || ((found & Mark.upperChunk) !== 0 && words[at / 4 + 2] === 0);
      if (some.has(found)) continue;
      expect([found & ~chunks & 15, first, fresh], `at ${at}`).toEqual([0, false, false]);
      left++;
    }
    for (const found of some) expect(each).toContain(found);
  }
  expect(left).toBeGreaterThan(0);
});

/** A word of a memory in which each 64 bytes could begin a chunk, and none does: its next chunk would have to be in use. */
const barren = (i: number): number => (i % 2 === 0 ? 1 : 0x11);

it("in a page that led nowhere, a chunk is found behind a zero, and by the next page otherwise", () => {
  for (const [front, expected] of [[0, [40_000]], [1, []]] as const) {
    const words = Uint32Array.from({ length: 65536 / 2 }, (_, i) => barren(i));
    words[40_000 / 4] = front;
    // 30 live chunks of 24 bytes.
    for (let i = 0; i < 30; i++) words[(40_000 + 24 * i) / 4 + 1] = 24 | 3;
    const found = (tries: Tries): number[] => beginnings(words, tries).together.map((at) => Math.floor(at / 16) * 16);
    expect(found(Tries.some).slice(0, 1)).toEqual(expected);
    expect(found(Tries.all)[0]).toBe(40_000);
  }
});

/** A memory of numbers with a heap that begins in a page of them, behind a word that is not zero; with or without the words of its state. */
function amongNumbers(named: boolean): { buffer: ArrayBuffer; start: number; live: number } {
  const [grown, moved] = [20, 40_000];
  const calls = started(grown);
  const program = new Program(calls, 9, { align: [8], foreign: false });
  program.run(1000);
  const { start, end } = findHeaps(calls.memory)[0]!;
  const own = new Uint32Array(calls.memory.buffer);
  const words = Uint32Array.from({ length: own.length + 65536 / 4 }, (_, i) => barren(i));
  if (named) words.set(own.subarray(0, start / 4 - grown * 16384).map((word) => (word >= start && word < end ? word + moved : word)));
  words.set(own.subarray(start / 4, end / 4), (start + moved) / 4);
  for (let i = (start + moved) / 4; i < (end + moved) / 4; i += 2) words[i] ||= 1;
  return { buffer: words.buffer, start: start + moved, live: program.live.size };
}

it.each([["certain, where its state is there", true], ["uncertain, where it is not", false]])("a heap that begins among numbers is found whole: %s", (_, named) => {
  const { buffer, start, live } = amongNumbers(named);
  const found = findHeaps(buffer).filter((heap) => heap.live.blocks > 40);
  expect(found.map((heap) => [heap.allocator, heap.certain, heap.start, heap.live.blocks])).toEqual([["dlmalloc", named, start, live]]);
});

it.each([1, 2, 3, 4])("a heap of talc ends where its state says, whatever is behind it: numbers below %i00", (hundreds) => {
  const { memory, allocate, deallocate } = new WebAssembly.Instance(workbench("talc")).exports as unknown as {
    memory: WebAssembly.Memory;
    allocate: (size: number, align: number) => number;
    deallocate: (at: number, size: number, align: number) => void;
  };
  const program = new Program({ memory, allocate: (size, align) => allocate(size, align) >>> 0, free: deallocate }, hundreds, { align: [8], foreign: false });
  program.run(900);
  const before = findHeaps(memory).map(({ allocator, certain, start, end, live }) => ({ allocator, certain, start, end, live }));
  expect(before).toMatchObject([{ allocator: "talc", certain: true, end: memory.buffer.byteLength }]);
  const part = random(hundreds);
  const behind = 65536 * memory.grow(40);
  new Uint32Array(memory.buffer, behind).forEach((_, i, words) => { words[i] = part() * 100 * hundreds; });
  const [heap] = findHeaps(memory).filter(({ allocator }) => allocator === "talc");
  expect({ ...before[0], live: heap!.live, end: heap!.end, certain: heap!.certain }).toEqual(before[0]);
  // Without its state, nothing tells where it ends.
  const copy = memory.buffer.slice(0);
  new Uint32Array(copy, 0, heap!.start / 4).fill(0);
  for (const { allocator, certain, end } of findHeaps(copy)) if (allocator === "talc" && end > behind) expect(certain).toBe(false);
});

it("no chunk is missed that leads far, alone among what is none", () => {
  for (let seed = 1; seed <= 6; seed++) {
    const part = random(seed);
    const words = new Uint32Array(1 << 18);
    const length = 4 * words.length;
    const size = (most: number): number => 8 * Math.floor((65_536 + part() * (most - 65_536)) / 8);
    for (let i = 0; i < words.length; i++) words[i] = part() < 1 / 40 ? size(length) | (part() < 0.5 ? 1 : 3) : 0x61616161 + Math.floor(part() * 2 ** 30);
    // A live chunk, a free one behind it, and what is behind a top.
    const chunks = Array.from({ length: 12 }, () => {
      const [at, live, top] = [8 * Math.floor(part() * 32_768), size(300_000), size(300_000)];
      words[at / 4 + 1] = live | 3;
      words[(at + live) / 4 + 1] = top | 1;
      words[(at + live + top) / 4 + 1] = 40;
      return Math.floor(at / 16) * 16;
    });
    const { together, each } = beginnings(words);
    expect(together).toEqual(each);
    expect(each.map((found) => Math.floor(found / 16) * 16)).toEqual(expect.arrayContaining(chunks));
  }
});
