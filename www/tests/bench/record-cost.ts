import { Trace } from "../../src/model/trace";
import { SiteTable } from "../../src/model/trace-sites";
import { intercept } from "../../src/record/intercept";
import { LiveSamples } from "../../src/record/live";
import { siteTaker } from "../../src/record/stack";
import type { Sink, Tap } from "../../src/record/tap";

/** The cost of recording, in any engine: the ways to record take turns, and ratios compare runs of one round. */

/** Loads a fresh instance of a program, and returns a function that runs the program once. */
export type Load = () => (() => void) | Promise<() => void>;

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

/** Returns a line for each way: the median time of a run, and the median ratio to the plain program in the same round. */
export async function compare(load: Load): Promise<string[]> {
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

/** Loads a module that needs nothing of its host, and calls one of its functions with a number. */
export const inWasm = (bytes: Uint8Array<ArrayBuffer>, name: string, count: number): Load => () => {
  const module = new WebAssembly.Module(bytes);
  const imports: Record<string, Record<string, () => number>> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = () => 0;
  const { exports } = new WebAssembly.Instance(module, imports);
  (exports["_initialize"] as (() => void) | undefined)?.();
  const run = exports[name] as (count: number) => void;
  return () => {
    run(count);
  };
};
