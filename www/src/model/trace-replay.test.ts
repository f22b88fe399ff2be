import { describe, expect, it } from "vitest";
import { Plan, Step } from "./trace-plan";
import { replay, type Calls } from "./trace-replay";
import { course, Trace } from "./trace";

function trace(records: readonly (readonly [number, number, number, number])[]): Trace {
  const all = new Trace(1);
  for (const record of records) all.push(...record);
  return all;
}

const steps = (plan: Plan): (readonly [number, number, number])[] =>
  Array.from({ length: plan.count }, (_, i) => [plan.step[i]!, plan.slot[i]!, plan.size[i]!]);

describe("a plan", () => {
  it("has blocks by number", () => {
    const plan = Plan.of(
      trace([
        [1 | (3 << 8), 64, 10, 0],
        [2, 128, 20, 0],
        [5, 1, 2, 0],
        [4 | (3 << 8), 256, 30, 64],
        [3, 128, 20, 0],
        [1, 64, 5, 0],
      ]),
    );
    expect(steps(plan)).toEqual([
      [Step.Allocate, 0, 10],
      [Step.Zeroed, 1, 20],
      [Step.Reallocate, 0, 30],
      [Step.Free, 1, 0],
      [Step.Allocate, 1, 5],
    ]);
    expect(plan.align[0]).toBe(8);
    expect([plan.slots, plan.peak, plan.live]).toEqual([2, 50, 35]);
  });

  it("tolerates and counts what was lost", () => {
    const plan = Plan.of(
      trace([
        [3, 4096, 8, 0],
        [4, 512, 40, 8192],
        [1, 64, 10, 0],
        [8, 0, 3, 0],
        [1, 64, 12, 0],
        [1, 0, 2 ** 30, 0],
        [4, 0, 2 ** 30, 64],
        [4, 512, 50, 64],
      ]),
    );
    expect(steps(plan)).toEqual([
      [Step.Allocate, 0, 40],
      [Step.Allocate, 1, 10],
      [Step.Free, 1, 0],
      [Step.Allocate, 1, 12],
      [Step.Free, 0, 0],
      [Step.Reallocate, 1, 50],
    ]);
    const { unknownFrees, unknownReallocations, impliedFrees, refused, peak } = plan;
    expect([unknownFrees, unknownReallocations, impliedFrees, refused, peak]).toEqual([1, 1, 2, 2, 52]);
  });
});

/** Hands out addresses one behind the other, notes what is live, and grows by a page a block. */
class Fake implements Calls {
  memory = { buffer: new ArrayBuffer(65536) };
  readonly live = new Map<number, readonly [number, number]>();
  limit = 100;

  allocate(size: number, align: number): number {
    if (size > this.limit) return 0;
    const address = 64 * (this.memory.buffer.byteLength / 65536);
    this.memory.buffer = new ArrayBuffer(this.memory.buffer.byteLength + 65536);
    this.live.set(address, [size, align]);
    return address;
  }

  allocate_zeroed(size: number, align: number): number {
    return this.allocate(size, align);
  }

  deallocate(address: number, size: number, align: number): void {
    expect(this.live.get(address)).toEqual([size, align]);
    this.live.delete(address);
  }

  reallocate(address: number, size: number, align: number, newSize: number): number {
    if (newSize > this.limit) return 0;
    this.deallocate(address, size, align);
    return this.allocate(newSize, align);
  }
}

describe("a replay", () => {
  const plan = Plan.of(
    trace([
      [1 | (4 << 8), 64, 10, 0],
      [2, 128, 20, 0],
      [4 | (4 << 8), 256, 30, 64],
      [1, 512, 101, 0],
      [4, 640, 7, 512],
      [3, 640, 7, 0],
      [4, 700, 200, 128],
      [3, 700, 200, 0],
    ]),
  );

  it("does what the trace did, with the layouts that the allocator must be told", async () => {
    const fake = new Fake();
    const done = await replay([plan], fake, undefined, () => 0);
    // The block of 101 bytes is refused, and nothing happens to it; growing to 200 bytes is refused.
    expect(done).toEqual({ time: 0, operations: 8, pages: 3, growths: 3, refused: 2 });
    expect([...fake.live.values()]).toEqual([[30, 16]]);
  });

  it("counts the time in the allocator, and ends when it is told to", async () => {
    let clock = 0;
    const done = await replay([plan], new Fake(), undefined, () => (clock += 3));
    expect(done?.time).toBe(3);
    expect(await replay([plan], new Fake(), () => Promise.resolve(false))).toBeNull();
  });
});

describe("the course of a trace", () => {
  it("says what was live when", () => {
    const all = trace([
      [1, 64, 100, 0],
      [5, 17, 20, 0],
      [1, 128, 50, 0],
      [7, 1000, 0, 0],
      [3, 64, 100, 0],
      [7, 3000, 0, 0],
    ]);
    all.pages = 17;
    const { at, live, blocks, pages, time, peak } = course(all);
    expect([...at]).toEqual([0, 1, 2, 3, 4, 5]);
    expect([...live]).toEqual([100, 100, 150, 150, 50, 50]);
    expect([...blocks]).toEqual([1, 1, 2, 2, 1, 1]);
    expect([...pages]).toEqual([17, 20, 20, 20, 20, 20]);
    expect([...time].map(Math.round)).toEqual([0, 333, 667, 1000, 2000, 3000]);
    expect(peak).toBe(150);
  });

  it("has no more points than asked for, whatever its length", () => {
    const all = new Trace();
    for (let i = 1; i <= 1000; i++) all.push(1, i * 16, 1, 0);
    const { live, peak } = course(all, 10);
    expect([...live]).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
    expect(peak).toBe(1000);
    expect(course(new Trace()).live.length).toBe(0);
  });
});
