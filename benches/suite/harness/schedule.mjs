// In which order what is run, and how often.

import { ALLOCATORS } from "../../../modules/table.mjs";
import { paired, uncertainty } from "./statistics.mjs";

/**
 * How hard to look: rounds at least and at most, how sure of a ratio is sure enough, and after how
 * many seconds a shape in an engine has had its time, whether sure or not. Then for who is slow: in which rounds
 * it takes part, every one of so many, and how many seconds a run may be expected to take.
 *
 * Seconds times shapes times engines is how long a run takes at most, but for the first runs of everybody: 25 minutes if
 * complete, two with --quick.
 */
export const EFFORT = {
  full: { least: 9, most: 60, sure: 0.004, seconds: 15, slow: 8, patience: 5 },
  quick: { least: 5, most: 25, sure: 0.01, seconds: 4.5, slow: Infinity, patience: 1 },
};
/** Even of what takes long. */
const FEWEST = 3;

/** A run of this part of the steps shows who would take for ever. */
const PROBE = 1 / 16;
/** Longer than this times the reference's time is too slow to be repeated often. */
const SLOW = 6;

/** Returns the job that an engine is asked to run. */
export function jobOf(allocator, shape, steps, seed) {
  return { module: `${allocator}-${shape.set}`, shape: shape.number, steps, seed };
}

/**
 * Measures a shape in an engine. Every round gives each allocator one run, in an order that
 * rotates, so that whatever disturbs the machine disturbs all of them; a ratio compares runs of
 * one round.
 *
 * Returns by allocator `{ checksum, pages, warm, ms: [...] }`, `{ error }`, with `undefined` in `ms` for
 * rounds that were left out.
 */
export async function measureShape(engine, shape, allocators, reference, effort, seed) {
  const { steps } = shape;
  const job = (allocator, part) => jobOf(allocator, shape, part, seed);
  const one = async (allocator, part) => (await engine.run([job(allocator, part)]))[0];

  const start = Date.now();
  const results = {};
  for (const allocator of allocators) {
    if (await takesForever(allocator)) {
      results[allocator] = { error: "too slow" };
      continue;
    }
    // The first whole run warms the code up, and does not count in a ratio.
    const first = await one(allocator, steps);
    if (intolerable(allocator, first)) throw new Error(`${allocator} failed at ${shape.name}: ${intolerable(allocator, first)}`);
    results[allocator] = first.error === undefined ? { ...first, warm: first.ms, ms: [] } : first;
  }

  const running = allocators.filter((allocator) => results[allocator].error === undefined);
  const pace = results[reference]?.warm ?? Math.min(...running.map((allocator) => results[allocator].warm));
  const slow = new Set(running.filter((allocator) => results[allocator].warm > SLOW * pace));
  for (let round = 0; round < effort.most; round++) {
    const order = running
      .map((_, turn) => running[(turn + round) % running.length])
      .filter((allocator) => !slow.has(allocator) || round % effort.slow === 0);
    const runs = await engine.run(order.map((allocator) => job(allocator, steps)));
    for (const allocator of running) {
      const run = runs[order.indexOf(allocator)];
      if (run?.error !== undefined) throw new Error(`${allocator} failed at ${shape.name} after it had not: ${run.error}`);
      results[allocator].ms.push(run?.ms);
    }
    if (round + 1 >= effort.least && running.every((allocator) => sure(allocator))) break;
    if (round + 1 >= FEWEST && Date.now() - start > effort.seconds * 1000) break;
  }
  return results;

  /** Twice: the first time, code may have to be compiled, or the machine may be busy. */
  async function takesForever(allocator) {
    const part = Math.floor(steps * PROBE);
    if (shape.unit === "run" || part === 0) return false;
    for (let attempt = 0; attempt < 2; attempt++) {
      const probe = await one(allocator, part);
      if (probe.error !== undefined || probe.ms / 1000 / PROBE <= effort.patience) return false;
    }
    return true;
  }

  function sure(allocator) {
    if (allocator === reference || slow.has(allocator)) return true;
    const base = results[reference]?.ms;
    const times = results[allocator].ms;
    return uncertainty(base ? paired(times, base) : times) < effort.sure;
  }
}

/** Returns the reason why a run of an allocator cannot be put up with. */
export function intolerable(allocator, { error, damaged }) {
  if (damaged) return "a block does not hold what was written to it";
  return ALLOCATORS[allocator].mayFail ? undefined : error;
}

/** Names whoever computed something else than the others did. */
export function disagreement(results) {
  const counts = new Map();
  for (const { checksum } of Object.values(results)) {
    if (checksum !== undefined) counts.set(checksum, (counts.get(checksum) ?? 0) + 1);
  }
  const common = [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
  return Object.keys(results).filter(
    (allocator) => results[allocator].checksum !== undefined && results[allocator].checksum !== common,
  );
}
