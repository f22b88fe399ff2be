import assert from "node:assert/strict";
import { test } from "node:test";

import { disagreement, intolerable, measureShape } from "./schedule.mjs";

const SHAPE = { name: "shape", set: "shapes", number: 0, unit: "step", steps: 1600 };
const EFFORT = { least: 5, most: 9, sure: 0.01, seconds: 60, slow: 8, patience: 60 };

/** An engine in which a step takes an allocator that many milliseconds, on a machine that slows down. */
function engine(times, runs) {
  let drift = 1;
  return {
    run: async (jobs) => {
      drift *= 1.1;
      return jobs.map(({ module, steps }) => {
        const allocator = module.replace("-shapes", "");
        runs.push(allocator);
        if (times[allocator] === undefined) return { error: "unreachable" };
        return { ms: times[allocator] * steps * drift, checksum: "1", pages: 2, initial: 1 };
      });
    },
  };
}

test("rounds are interleaved, rotate, and stop when the ratios are certain", async () => {
  const runs = [];
  const results = await measureShape(engine({ talc: 0.001, heap: 0.0005 }, runs), SHAPE, ["talc", "heap"], "talc", EFFORT, 1);
  assert.equal(results.heap.ms.length, EFFORT.least);
  // A probe and a warm-up each come first.
  assert.deepEqual(runs.slice(4, 8), ["talc", "heap", "heap", "talc"]);
});

test("who is slow takes part in few rounds", async () => {
  const results = await measureShape(engine({ talc: 0.001, lol: 0.1 }, []), SHAPE, ["talc", "lol"], "talc", EFFORT, 1);
  assert.deepEqual(results.lol.ms.map((ms) => ms !== undefined), [true, false, false, false, false]);
});

test("who may fail is recorded, who may not is an error", async () => {
  const results = await measureShape(engine({ talc: 0.001 }, []), SHAPE, ["talc", "wee"], "talc", EFFORT, 1);
  assert.equal(results.wee.error, "unreachable");
  await assert.rejects(measureShape(engine({ talc: 0.001 }, []), SHAPE, ["talc", "heap"], "talc", EFFORT, 1), /heap failed at shape/);
});

test("nobody may damage a block", () => {
  assert.equal(intolerable("wee", { error: "unreachable" }), undefined);
  assert.match(intolerable("wee", { error: "unreachable", damaged: true }), /does not hold/);
});

test("whoever computes something else is named", () => {
  assert.deepEqual(disagreement({ a: { checksum: "1" }, b: { checksum: "2" }, c: { checksum: "1" }, d: { error: "" } }), ["b"]);
});

test("who would take for ever is left out, who was only disturbed once is not", async () => {
  let disturbed = true;
  const busy = {
    run: async (jobs) =>
      jobs.map(({ module }) => {
        if (module.startsWith("lol")) return { ms: 1e6, checksum: "1" };
        const ms = disturbed ? 1e6 : 1;
        disturbed = false;
        return { ms, checksum: "1" };
      }),
  };
  const results = await measureShape(busy, SHAPE, ["talc", "lol"], "talc", EFFORT, 1);
  assert.equal(results.lol.error, "too slow");
  assert.equal(results.talc.ms.length, EFFORT.least);
});
