import { readFileSync } from "node:fs";
import { bench, describe } from "vitest";
import { Reader } from "../../src/formats/foreign";
import { findHeaps } from "../../src/headless";
import { random } from "../../src/model/random";
import { HEADER, Reader as BytesReader, Section, sections, Writer } from "../../src/wire/wasm-binary";
import { file } from "../support/files";
import { Program } from "../support/truth";

/**
 * How long a search takes: `npx vitest bench --run tests/bench/search`. Each memory is of 256 MiB and has a heap that
 * was made by running its allocator; docs/foreign-heaps.md has figures.
 */

const PAGES = 4096;
const PAGE = 65536;

interface Workbench {
  readonly memory: WebAssembly.Memory;
  readonly allocate: (size: number, align: number) => number;
  readonly deallocate: (at: number, size: number, align: number) => void;
}

/** A module of the workbench whose memory may grow as far as it likes. */
function start(allocator: string): Workbench {
  const bytes = new Uint8Array(readFileSync(file(`workbench-${allocator}`, ".wasm")));
  const out = new Writer().raw(bytes.subarray(0, HEADER));
  for (const { id, from, to } of sections(bytes)) {
    const content = new BytesReader(bytes, from + 2, to);
    out.section(id, id === Section.memory ? new Writer().byte(1, 0).number(content.number()).done() : bytes.subarray(from, to));
  }
  return new WebAssembly.Instance(new WebAssembly.Module(out.done())).exports as unknown as Workbench;
}

const part = random(1);
/** The contents of all that is no heap, by the index of a word. */
const FILLS: Record<string, ((i: number) => number) | null> = {
  "nothing": null,
  "text": (i) => 0x61626364 + ((i * 0x01030507) & 0x0f0f0f0f),
  "random bytes": () => part() * 2 ** 32,
  "small numbers": () => part() * 300,
  "numbers of 16 bits": () => part() * 65536,
  "numbers of 16 bits, half of them zero": () => Math.max(0, part() * 131072 - 65536),
  "numbers of 24 bits": () => part() * 2 ** 24,
  "numbers below four": () => part() * 4,
  "pixels": (i) => 0xff000000 | (i & 0xffffff),
  "addresses": () => Math.floor(part() * (PAGES * PAGE) / 16) * 16,
  "floats": () => new Uint32Array(Float32Array.of(part()).buffer)[0]!,
};

/** A memory whose heap begins at a page, after somebody else grew it. */
function memory(allocator: string, at: number, fill: ((i: number) => number) | null): WebAssembly.Memory {
  const { memory, allocate, deallocate } = start(allocator);
  const first = memory.buffer.byteLength / PAGE;
  if (at > first) memory.grow(at - first);
  new Program({ memory, allocate: (size, align) => allocate(size, align) >>> 0, free: deallocate }, 7, { align: [8], foreign: false }).run(1500);
  const heap = findHeaps(memory)[0]!;
  const end = memory.buffer.byteLength;
  memory.grow(PAGES - end / PAGE);
  const words = new Uint32Array(memory.buffer);
  // Memory that was never touched costs the system's work at the first look.
  const pattern = Uint32Array.from({ length: 1 << 20 }, (_, i) => fill?.(i) ?? 0);
  for (const [from, to] of [[first * PAGE, Math.min(heap.start, at * PAGE)], [end, PAGES * PAGE]] as const) {
    for (let i = from; i < to; i += pattern.byteLength) words.set(pattern.subarray(0, Math.min(to - i, pattern.byteLength) / 4), i / 4);
  }
  if (!findHeaps(memory).some(({ start }) => start === heap.start)) throw new Error(`the heap of ${allocator} is not found`);
  return memory;
}

/** A memory that one heap fills, with live blocks of one size and some that are freed. */
function full(size: number): WebAssembly.Memory {
  const { memory, allocate, deallocate } = start("dlmalloc");
  for (let i = 0; memory.buffer.byteLength < PAGES * PAGE; i++) {
    const block = allocate(size, 8);
    if (i % 3 === 0) deallocate(block, size, 8);
  }
  return memory;
}

/** Some runs on a memory that exists only as long: each is large. */
function measure<T>(name: string, make: () => T, run: (made: T) => void): void {
  let made: T | null = null;
  bench(name, () => { run(made!); }, {
    iterations: 7,
    time: 0,
    warmupIterations: 2,
    warmupTime: 0,
    setup: () => {
      made ??= make();
    },
    teardown: (_, mode) => {
      if (mode === "run") made = null;
    },
  });
}

for (const [name, fill] of Object.entries(FILLS)) {
  describe(`256 MiB, the rest ${name}`, () => {
    for (const [where, at] of [["at the front", 0], ["in the middle", PAGES / 2], ["at the end", PAGES - 200]] as const) {
      measure(`dlmalloc ${where}`, () => memory("dlmalloc", at, fill), findHeaps);
    }
    measure("dlmalloc at the front, as bytes", () => memory("dlmalloc", 0, fill).buffer, findHeaps);
    for (const allocator of ["talc", "wasmalloc"]) measure(`${allocator} at the front`, () => memory(allocator, 0, fill), findHeaps);
  });
}

describe("256 MiB of one heap", () => {
  for (const size of [56, 1000, 20_000]) {
    measure(`blocks of ${size} B`, () => full(size), findHeaps);
    measure(`blocks of ${size} B, read again`, () => ({ reader: new Reader(), memory: full(size) }), ({ reader, memory }) => reader.read(memory));
  }
});
