import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { bench, describe } from "vitest";
import { Trace } from "../../src/model/trace";
import { SiteTable } from "../../src/model/trace-sites";
import { intercept } from "../../src/record/intercept";
import { LiveSamples } from "../../src/record/live";
import { rewrite } from "../../src/record/rewrite";
import { siteTaker } from "../../src/record/stack";
import type { Sink, Tap } from "../../src/record/tap";
import { programs, type Load } from "./record-programs";

/**
 * The cost of recording: `npx vitest bench --run tests/bench/record`. The ways to record take turns, and a ratio is
 * the median of those to the plain program in the same round; only ratios count.
 */

const RATE = 16_384;
const ROUNDS = 25;

/** Keeps the last million records, so that a run takes no memory without end. */
function ring(): Sink {
  const trace = new Trace(2 ** 20);
  return {
    append: (records) => {
      if (trace.count + records.length / 4 > 2 ** 20) trace.count = 0;
      trace.append(records);
    },
  };
}

const WAYS: Readonly<Record<string, ((tap: Tap) => void) | null>> = {
  "plain": null,
  "rewritten, not recorded": () => undefined,
  "every operation recorded": (tap) => { tap.start(ring()); },
  "the same, with call sites": (tap) => { tap.start(ring(), RATE, siteTaker(new SiteTable())); },
  "counted": (tap) => { tap.start(new LiveSamples(RATE)); },
  "the same, with call sites (as for Node)": (tap) => { tap.start(new LiveSamples(RATE), RATE, siteTaker(new SiteTable())); },
};

async function start(load: Load, begin: ((tap: Tap) => void) | null): Promise<() => void> {
  const undo = intercept(WebAssembly, { record: () => begin !== null, onInstance: ({ tap }) => { if (tap !== null) begin?.(tap); } });
  try {
    return await load();
  } finally {
    undo();
  }
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

async function compare(load: Load): Promise<string[]> {
  const runs: { way: string; run: () => void; times: number[] }[] = [];
  for (const [way, begin] of Object.entries(WAYS)) runs.push({ way, run: await start(load, begin), times: [] });
  for (const { run } of runs) for (let i = 0; i < 3; i++) run();
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < runs.length; i++) {
      const { run, times } = runs[(i + round) % runs.length]!;
      const from = performance.now();
      run();
      times.push(performance.now() - from);
    }
  }
  const plain = runs[0]!.times;
  return runs.map(({ way, times }) => `  ${median(times).toFixed(2).padStart(8)} ms  ${median(times.map((time, i) => time / plain[i]!)).toFixed(2)}  ${way}`);
}

for (const [name, load] of Object.entries(programs())) process.stdout.write(`${name}\n${(await compare(load)).join("\n")}\n`);

describe("rewriting", () => {
  const require = createRequire(import.meta.url);
  for (const name of ["sql.js/dist/sql-wasm.wasm", "@resvg/resvg-wasm/index_bg.wasm", "web-tree-sitter/web-tree-sitter.wasm"]) {
    const bytes = readFileSync(require.resolve(name));
    const done = rewrite(bytes);
    bench(`${name}: ${bytes.length} bytes, ${done.ok ? done.bytes.length - bytes.length : "none"} more`, () => { rewrite(bytes); });
  }
});
