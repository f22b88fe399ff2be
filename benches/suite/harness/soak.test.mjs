import assert from "node:assert/strict";
import { test } from "node:test";

import { Soak, judge, margin, page, warmed } from "./soak.mjs";

/** A module's exports, as far as the soak knows them; `pages` tells how memory grows with slices. */
function instance(pages, more = {}) {
  let slices = 0;
  let live = 0;
  return {
    memory: { get buffer() { return { byteLength: pages(slices) * 65536 }; } },
    soak: (operations) => { slices += operations > 0 ? 1 : 0; live = 100; },
    soak_live: () => live,
    soak_sound: () => 1,
    soak_blocks: () => 1,
    soak_end: () => { live = 0; },
    run: (program, size, seed) => BigInt(size + seed),
    ...more,
  };
}

const soak = (exports, programs = false) => new Soak({ exports }, programs).run({ operations: 2_000_000 }, () => {});

test("memory that grows while it warms up, and then no more, is flat", () => {
  const result = soak(instance((slices) => 100 + Math.min(slices, 30)));
  assert.deepEqual([result.operations, result.warm, result.pages, judge(result)], [2_000_000, 130, 130, undefined]);
});

test("a short soak has as long a warm-up as a long one", () => {
  for (const operations of [25_000, 1_000_000, 60_000_000]) {
    const exports = instance((slices) => 100 + Math.floor(Math.min(slices, 1600) / 16));
    const result = new Soak({ exports }).run(warmed(operations), () => {});
    assert.deepEqual([result.operations, result.warm, result.pages], [40_000_000 + operations, 200, 200]);
  }
});

test("memory that grows on and on is complained about", () => {
  const result = soak(instance((slices) => 100 + 3 * slices));
  assert.match(judge(result, 0.25), /grown on after its warm-up: 340 pages, more than 275/);
});

test("a small leak is complained about", () => {
  const result = soak(instance((slices) => 200 + Math.floor(slices / 8)));
  assert.match(judge(result, margin("heap")), /grown on after its warm-up: 210 pages, more than 209/);
  assert.equal(judge(result, margin("buddy")), undefined);
  let blocks = 0;
  const leaks = instance(() => 1, { soak_blocks: () => blocks++ });
  assert.throws(() => soak(leaks), /1 blocks have not come back/);
  assert.ok(soak(leaks, true).runs > 0, "what programs keep is no leak");
});

test("a heap that is damaged, and one that keeps something, end the soak", () => {
  assert.throws(() => soak(instance(() => 1, { soak_sound: () => 0 })), /damaged/);
  assert.throws(() => soak(instance(() => 1, { soak_end: () => undefined })), /live after the end/);
  assert.equal(judge({ error: "unreachable", warm: 1, pages: 1 }, 1), "unreachable");
});

test("programs must compute the same again on the same input", () => {
  assert.ok(soak(instance(() => 1), true).runs > 0);
  let runs = 0;
  const drifts = instance(() => 1, { run: () => BigInt(runs++) });
  const long = new Soak({ exports: drifts }, true);
  assert.throws(() => long.run({ operations: 10_000_000 }, () => {}), /something else/);
});

test("the report has the course of memory", () => {
  const about = { date: "2026-01-02T00:00:00Z", commit: "0123456789abcdef", processor: "p", cores: 2, system: "s", rustc: "r" };
  const result = { allocator: "heap", ...soak(instance((slices) => 100 + Math.min(slices, 30))) };
  const text = page(about, [{ ...result, complaint: judge(result, margin(result.allocator)) }]);
  for (const part of ["`node benches/suite/soak.mjs --peer heap --report`", "| 2,000,000 | 0 | 0 | 130 | 130 | 0.0 | 0 % | bounded |", "| 5 % | 104 |", "| 100 % | 130 |"]) {
    assert.ok(text.includes(part), `${part}\nis not in\n${text}`);
  }
});
