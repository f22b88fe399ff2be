import { describe, expect, it } from "vitest";
import { compare, CONTENDERS, ranOut, strays, WORKLOADS, type Result, type Settings } from "../../src/model/compare";
import { decode } from "../../src/model/decode";
import { figures } from "../../src/model/metrics";
import { workbenchOf } from "../../src/modules";
import { workbench } from "../support/modules";

/** The comparison on the built modules, as the page runs it. */
const modules = new Map(CONTENDERS.map((contender) => [contender, workbench(contender)]));

function run(settings: Settings, keep: Parameters<typeof compare<ReturnType<typeof workbenchOf>>>[3] = () => undefined): Result[] {
  let now = 0;
  // Each look at the clock takes longer than a round has to, so that no round is repeated.
  const steps = compare(settings, (contender) => workbenchOf(modules.get(contender)!), () => (now += 50), keep);
  for (;;) {
    const next = steps.next();
    if (next.done === true) return next.value;
  }
}

describe.each(WORKLOADS)("the workload %s", (workload) => {
  const settings: Settings = { workload, seed: 5, steps: 2_000, contenders: CONTENDERS };
  const results = run(settings);

  it("does the same on every allocator, and finds its blocks as it left them", () => {
    expect(strays(results, settings)).toEqual([]);
    const whole = results.filter((result) => !ranOut(result, settings));
    expect(whole.length).toBeGreaterThanOrEqual(5);
    expect(new Set(whole.map(({ checksum, live, peak }) => `${checksum} ${live} ${peak}`)).size).toBe(1);
    for (const { peak, live } of whole) expect(peak).toBeGreaterThanOrEqual(live);
  });

  it("leaves heaps that can be read from outside", () => {
    run({ ...settings, steps: 20_000, contenders: ["heap", "slab", "buddy", "tiny"] }, (contender, bench) => {
      expect(decode(bench.memory.buffer, Number(bench.BONSAI_HEAP!.value)), contender).toMatchObject({ ok: true });
    });
  });

  it("is another with another seed, and the same with the same", () => {
    const [heap] = results;
    expect(run({ ...settings, contenders: ["heap"] })[0]).toEqual({ ...heap, times: expect.anything() as number[] });
    expect(run({ ...settings, seed: 6, contenders: ["heap"] })[0]!.checksum).not.toBe(heap!.checksum);
  });
});

it("what a heap says it has live is no less than the workload asked for, and is gone when it ends", () => {
  const settings: Settings = { workload: "churn", seed: 1, steps: 5_000, contenders: ["heap", "slab", "buddy"] };
  const live: Record<string, [number, number]> = {};
  run(settings, (contender, bench) => {
    const read = (): number => {
      const decoded = decode(bench.memory.buffer, Number(bench.BONSAI_HEAP!.value));
      if (!decoded.ok) throw new Error(JSON.stringify(decoded.damage));
      return figures(decoded.snapshot).live;
    };
    const asked = bench.live();
    const before = read();
    expect(before, contender).toBeGreaterThanOrEqual(asked);
    expect(before, contender).toBeLessThan(asked * 2);
    (bench as unknown as { finish: () => void }).finish();
    live[contender] = [before, read()];
  });
  for (const [before, after] of Object.values(live)) expect(after).toBeLessThan(before / 10);
});

it("imports nothing", () => {
  for (const module of modules.values()) expect(WebAssembly.Module.imports(module)).toEqual([]);
});
