import { describe, expect, it } from "vitest";
import { decode } from "../../src/model/decode";
import { History } from "../../src/model/history";
import { random } from "../../src/model/random";
import { verdict, type Verdict } from "../../src/model/verdict";
import { workbenchOf, type WorkbenchExports } from "../../src/modules";
import { inspector as en } from "../../src/text/inspector";
import { workbench } from "../support/modules";

/** Each heap is driven into each verdict that it can come to, and the sentence is put to the test. */
class Program {
  readonly exports: WorkbenchExports;
  private readonly past = new History();
  private readonly blocks: { readonly at: number; readonly size: number }[] = [];

  constructor(readonly heap: string) {
    this.exports = workbenchOf(workbench(heap));
  }

  allocate(size: number): { readonly at: number; readonly size: number } {
    const block = { at: this.exports.allocate(size, 8) >>> 0, size };
    expect(block.at, `${size} bytes of ${this.heap}`).not.toBe(0);
    this.blocks.push(block);
    return block;
  }

  fill(count: number, size: number): void {
    for (let i = 0; i < count; i++) this.allocate(size);
  }

  /** Frees the blocks that are chosen, by index. */
  free(which: (index: number) => boolean = () => true): void {
    const kept = this.blocks.filter(({ at, size }, i) => {
      if (!which(i)) return true;
      this.exports.deallocate(at, size, 8);
      return false;
    });
    this.blocks.splice(0, this.blocks.length, ...kept);
  }

  look(): Verdict {
    const { memory, BONSAI_HEAP } = this.exports;
    const decoded = decode(memory.buffer, Number(BONSAI_HEAP!.value));
    if (!decoded.ok) throw new Error(JSON.stringify(decoded.damage));
    this.past.add(decoded.snapshot, "", 0);
    return verdict(this.past.moments);
  }

  /** Returns true if a request makes memory grow. */
  grows(size: number): boolean {
    const before = this.exports.memory.buffer.byteLength;
    this.allocate(size);
    return this.exports.memory.buffer.byteLength > before;
  }
}

const MIB = 2 ** 20;
/** A header and rounding at most: what a piece holds beside a request. */
const SLACK = 64;

const TRACKED = ["heap", "slab", "buddy"] as const;

describe.each(TRACKED)("the verdict on %s", (heap) => {
  it("is empty before the first request", () => {
    expect(new Program(heap).look().kind).toBe("empty");
  });

  it("is healthy with much live; the largest piece can be had without growth, and no more", () => {
    const program = new Program(heap);
    program.fill(4000, 1000);
    const { kind, now } = program.look();
    expect(kind).toBe("healthy");
    if (now!.largestFree > 4 * SLACK) expect(program.grows(now!.largestFree - SLACK)).toBe(false);
    expect(program.grows(program.look().now!.largestFree + 1)).toBe(true);
  });

  it("is a peak after much is dropped, and what is free then serves what comes next", () => {
    const program = new Program(heap);
    program.fill(4000, 1000);
    program.look();
    program.free((i) => i % 40 !== 0 || i > 200);
    const { kind, now } = program.look();
    expect(kind).toBe("peak");
    const before = program.exports.memory.buffer.byteLength;
    program.fill(Math.floor(now!.free / 2 / 1024), 1000);
    expect(program.exports.memory.buffer.byteLength).toBe(before);
  });

  it("is a leak where each look finds more", () => {
    const program = new Program(heap);
    for (let i = 0; i < 6; i++) {
      program.fill(1000, 1000);
      expect(program.look().kind).not.toBe("leak");
    }
    program.fill(1000, 1000);
    expect(program.look().kind).toBe("leak");
  });

  it("is fragmentation where every other block stays; a larger request makes memory grow", () => {
    const program = new Program(heap);
    program.fill(20_000, 300);
    program.free((i) => i % 2 === 0);
    const { kind, now } = program.look();
    expect(kind).toBe("fragmentation");
    expect(now!.free).toBeGreaterThan(MIB);
    expect(program.grows(now!.largestFree + 1)).toBe(true);
  });

  it("is no fragmentation after small blocks of many sizes are all dropped: they merge first", () => {
    const program = new Program(heap);
    const next = random(7);
    for (let i = 0; i < 60; i++) program.allocate(200_000 + Math.floor(next() * 200_000));
    for (let i = 0; i < 20_000; i++) program.allocate(16 + Math.floor(next() * 500));
    program.free();
    const { kind, now } = program.look();
    expect(kind).toBe("peak");
    expect(now!.live).toBeLessThan(4096);
    expect(program.grows(now!.largestFree / 2)).toBe(false);
  });
});

it("blocks of a heap that wait are one piece with what is beside them: all of it can be had", () => {
  const program = new Program("heap");
  program.fill(40_000, 400);
  program.free();
  const { now } = program.look();
  expect(now!.waiting).toBeGreaterThan(0);
  expect(now!.largestFree).toBeGreaterThan(3 * MIB);
  expect(program.grows(now!.largestFree - SLACK)).toBe(false);
});

it("a bump heap is said to be used, never live or healthy, whatever is freed", () => {
  const program = new Program("bump");
  expect(program.look().kind).toBe("empty");
  for (let i = 0; i < 9; i++) {
    program.fill(200, 1000);
    const text = en.heap.verdict(program.look());
    expect(text.sentence).toMatch(/^Used up to here: /);
    expect(`${text.sentence} ${text.advice}`).not.toMatch(/live|healthy|leak/i);
  }
  program.free();
  expect(program.look().kind).toBe("used");
});

it("a tiny heap is not judged; what it says is free can be had", () => {
  const program = new Program("tiny");
  program.fill(1000, 1000);
  program.free();
  const { kind, now } = program.look();
  expect(kind).toBe("untracked");
  expect(en.heap.verdict(program.look()).sentence).toContain("of linear memory");
  const before = program.exports.memory.buffer.byteLength;
  expect(now!.memory).toBe(before);
  program.fill(Math.floor(now!.free / 1024), 1000);
  expect(program.exports.memory.buffer.byteLength).toBe(before);
});
