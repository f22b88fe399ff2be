import { expect, it, vi } from "vitest";
import * as bonsai from "../../src/formats/bonsai";
import { Reader } from "../../src/formats/foreign";
import { Memory } from "../../src/formats/memory";
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
function beginnings(words: Uint32Array<ArrayBuffer>): { together: number[]; each: number[] } {
  const memory = new Memory(words.buffer);
  const length = 4 * words.length;
  const together: number[] = [];
  for (let at = 0; (at = memory.mayBegin(at, length)) < length; at = Math.floor(at / 16) * 16 + 16) together.push(at);
  const each: number[] = [];
  for (let at = 0; at < length; at += 16) {
    const found = memory.mayBegin(at, Math.min(at + 32, length));
    if (found < at + 16) each.push(found);
  }
  return { together, each };
}

it("no beginning is missed where 64 bytes are looked at together", () => {
  for (let seed = 1; seed <= 6; seed++) {
    const part = random(seed);
    const words = new Uint32Array(1 << 16);
    const length = 4 * words.length;
    // Words of the kinds that beginnings are made of, so that many agree by accident.
    const word = (i: number): number => {
      const ahead = 4 * i + Math.floor(part() * (length - 4 * i));
      const kinds = [0, 1, 3, 7, 16, 16 * Math.ceil(part() * 20), (8 * Math.ceil(part() * 20)) | 3, (8 * Math.ceil(part() * 20)) | 1, ahead & ~7, (ahead & ~15) | 12, 40, 56, 88, 0x10000 | 1, part() * 2 ** 32];
      return kinds[Math.floor(part() * kinds.length)]!;
    };
    for (let i = 0; i < words.length; i++) words[i] = word(i);
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
