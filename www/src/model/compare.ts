/**
 * The same workload on several allocators, each in a module of its own, a slice at a time so that the
 * page can draw in between.
 *
 * Every run has a fresh instance, because memory never shrinks. The first run of each allocator is
 * not timed: it warms the code up, and counts what costs time to count. Then come the rounds, in
 * each of which every allocator has one run, in an order that rotates, so that whatever disturbs
 * the machine disturbs all of them. What is told of the times is their median.
 */
export const WORKLOADS = ["random", "churn", "large", "vectors", "stack", "ratchet"] as const;
export type WorkloadName = (typeof WORKLOADS)[number];
export const CONTENDERS = ["heap", "slab", "buddy", "bump", "tiny", "dlmalloc"] as const;
export type Contender = (typeof CONTENDERS)[number];
export const STEPS = [20_000, 100_000, 400_000] as const;
export const MOST_SEED = 999_999;
export const ROUNDS = 5;

export interface Settings {
  readonly workload: WorkloadName;
  readonly seed: number;
  /** Allocations, frees and changes of size, together. */
  readonly steps: number;
  readonly contenders: readonly Contender[];
}

/** The load of a comparison that nobody has changed yet. */
export const START: Settings = { workload: "churn", seed: 1, steps: 100_000, contenders: CONTENDERS };

/** An instance of a module of the workbench. */
export interface Bench {
  readonly memory: { readonly buffer: { readonly byteLength: number } };
  start(workload: number, seed: number): number;
  /** Does so many steps, and returns how many it did. */
  step(count: number): number;
  /** The same, and counts growths. */
  observe(count: number): number;
  live(): number;
  peak(): number;
  growths(): number;
  checksum(): number;
}

export interface Result {
  readonly contender: Contender;
  /** Steps done: fewer than asked for if memory ran out. */
  readonly steps: number;
  /** Milliseconds of each timed run. */
  readonly times: readonly number[];
  /** The most bytes that were live at once, as they were asked for. */
  readonly peak: number;
  readonly live: number;
  /** Bytes by which memory grew. */
  readonly grown: number;
  /** Steps after which it had. */
  readonly growths: number;
  /** Tells whether all did the same; 0 if a block lost what was written to it. */
  readonly checksum: number;
}

export interface Progress {
  /** Runs done, the untimed ones included. */
  readonly runs: number;
  readonly all: number;
}

/** A round repeats a run, in fresh instances, until it took so long in all, in milliseconds: a shorter one is noise. */
const LEAST = 40;
/** But never more often than that: a clock may stand still. */
const MOST_REPEATS = 20;

/** A slice of a timed run is to take this long at least: a browser's clock shows tenths of milliseconds. */
const SLICE = 4;
const FIRST_SLICE = 500;
const LARGEST_SLICE = 65_536;

/** Yields between slices; returns the results in the order of the contenders. */
export function* compare<B extends Bench>(
  settings: Settings,
  instance: (contender: Contender) => B,
  clock: () => number,
  keep: (contender: Contender, bench: B) => void,
): Generator<Progress, Result[]> {
  const { contenders, steps } = settings;
  const all = contenders.length * (ROUNDS + 1);
  const workload = WORKLOADS.indexOf(settings.workload);
  const fresh = (contender: Contender): B => {
    const bench = instance(contender);
    bench.start(workload, settings.seed);
    return bench;
  };
  let runs = 0;
  const results: Result[] = [];
  for (const contender of contenders) {
    const bench = fresh(contender);
    const before = bench.memory.buffer.byteLength;
    let done = 0;
    for (let slice = FIRST_SLICE; done < steps; ) {
      const count = Math.min(slice, steps - done);
      const did = bench.observe(count);
      done += did;
      yield { runs, all };
      if (did < count) break;
    }
    results.push({
      contender,
      steps: done,
      times: [],
      peak: bench.peak() >>> 0,
      live: bench.live() >>> 0,
      grown: bench.memory.buffer.byteLength - before,
      growths: bench.growths(),
      checksum: bench.checksum() >>> 0,
    });
    keep(contender, bench);
    runs++;
  }

  const times: number[][] = contenders.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < contenders.length; i++) {
      const which = (i + round) % contenders.length;
      // As many as the first run could do, so that all rounds time the same.
      const goal = results[which]!.steps;
      let time = 0;
      let repeats = 0;
      for (let slice = FIRST_SLICE; time < LEAST && repeats < MOST_REPEATS; repeats++) {
        const bench = fresh(contenders[which]!);
        for (let done = 0; done < goal; ) {
          const count = Math.min(slice, goal - done);
          const begin = clock();
          bench.step(count);
          const took = clock() - begin;
          time += took;
          done += count;
          if (took < SLICE && slice < LARGEST_SLICE) slice *= 2;
          yield { runs, all };
        }
      }
      times[which]!.push(time / Math.max(1, repeats));
      runs++;
    }
  }
  return results.map((result, i) => ({ ...result, times: times[i]! }));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Nanoseconds a step: the median of the rounds, the fastest and the slowest. */
export function perStep({ times, steps }: Result): { readonly middle: number; readonly low: number; readonly high: number } {
  const scale = 1e6 / Math.max(1, steps);
  return { middle: median(times) * scale, low: Math.min(...times) * scale, high: Math.max(...times) * scale };
}

/** True if a run stopped before its end because memory ran out. */
export const ranOut = (result: Result, settings: Settings): boolean => result.steps < settings.steps;

/** Those whose blocks lost what was written to them, or that did something else than the others. */
export function strays(results: readonly Result[], settings: Settings): Contender[] {
  const whole = results.filter((result) => !ranOut(result, settings));
  const usual = whole.find(({ checksum }) => checksum !== 0)?.checksum;
  return results
    .filter((result) => result.checksum === 0 || (!ranOut(result, settings) && result.checksum !== usual))
    .map(({ contender }) => contender);
}

/**
 * What the width of a drawing stands for. One value far above all others would leave nothing to see
 * of those, so it is cut.
 */
export function scaleOf(values: readonly number[]): number {
  const [first = 0, second = first] = [...values].sort((a, b) => b - a);
  return Math.max(first > 4 * second ? 1.5 * second : first, Number.MIN_VALUE);
}
