import { median, type Contender } from "./compare";
import { figures, type Figures } from "./metrics";
import { State, type Snapshot } from "./snapshot";

/**
 * One file, parsed by the same program on several allocators: what each took and how long, and what follows from it.
 * Every allocator's module is fresh and parses once, which is what its memory and its map are of; then all of them parse
 * again and again in turns, which is what the times are of.
 */

/** The times at which a heap is looked at: after the first parse, or after the document was freed. */
export const WHEN = ["parse", "clear"] as const;
export type When = (typeof WHEN)[number];

/** Turns that are timed. */
export const ROUNDS = 5;
/** A turn parses until it took so long, in milliseconds: a browser's clock shows tenths of them. */
const LEAST = 8;
const MOST_REPEATS = 20;

/** A heap at one time. */
export interface HeapThen {
  readonly snapshot: Snapshot;
  readonly figures: Figures;
  /** The first address of the heap, and the one behind it. */
  readonly span: readonly [number, number];
}

export interface FileResult {
  readonly who: Contender;
  /** Null where the first parse did not end. */
  readonly heap: Readonly<Record<When, HeapThen>> | null;
  /** Bytes by which memory grew: at the first parse, and at all of them. */
  readonly grown: number;
  readonly grownInAll: number;
  /** Parses that were done. */
  readonly parses: number;
  /** Milliseconds of one parse, by turn. */
  readonly times: readonly number[];
  /** The reason why the module could not go on, or "". */
  readonly stopped: string;
}

/** The program on one allocator. */
export interface Parser {
  /** Bytes of its memory. */
  readonly memory: number;
  parse(): void;
  clear(): void;
  look(): Snapshot | null;
}

/** Memory outside of the heaps that were found in it. */
const OUTSIDE: ReadonlySet<number> = new Set([State.Data, State.Unused, State.Stack, State.Static]);

export function heapThen(snapshot: Snapshot): HeapThen {
  const { blocks, kind, start, end } = snapshot;
  let span: readonly [number, number] = [start, end];
  if (kind === "foreign") {
    let [first, last] = [0, blocks.count - 1];
    while (first < last && OUTSIDE.has(blocks.state[first]!)) first++;
    while (last > first && OUTSIDE.has(blocks.state[last]!)) last--;
    span = [blocks.address[first] ?? 0, last < 0 ? 0 : blocks.end(last)];
  }
  return { snapshot, figures: figures(snapshot), span };
}

type Growing = { -readonly [K in keyof FileResult]: FileResult[K] } & { times: number[] };

/**
 * Runs the program on every allocator; yields between parses. `stops` tells a module that cannot go on from a file that
 * cannot be parsed, which ends all of it.
 */
export function* runFile(
  parsers: ReadonlyMap<Contender, Parser>,
  clock: () => number,
  stops: (error: unknown) => string | null,
): Generator<number, FileResult[]> {
  const results: Growing[] = [];
  const begins = new Map<Contender, number>();
  const guarded = (result: Growing, run: () => void): void => {
    if (result.stopped !== "") return;
    try {
      run();
    } catch (error) {
      const why = stops(error);
      if (why === null) throw error;
      result.stopped = why;
    }
  };
  const parse = (result: Growing, parser: Parser): void => {
    guarded(result, () => {
      parser.parse();
      result.parses++;
    });
    result.grownInAll = parser.memory - begins.get(result.who)!;
  };
  let quickest = Infinity;
  const all = parsers.size * (ROUNDS + 1);
  let done = 0;
  for (const [who, parser] of parsers) {
    const result: Growing = { who, heap: null, grown: 0, grownInAll: 0, parses: 0, times: [], stopped: "" };
    results.push(result);
    begins.set(who, parser.memory);
    parse(result, parser);
    result.grown = result.grownInAll;
    guarded(result, () => {
      const parsed = parser.look();
      parser.clear();
      const cleared = parser.look();
      if (parsed !== null && cleared !== null) result.heap = { parse: heapThen(parsed), clear: heapThen(cleared) };
    });
    const begin = clock();
    parse(result, parser);
    quickest = Math.min(quickest, clock() - begin);
    yield ++done / all;
  }
  const repeats = Math.max(1, Math.min(MOST_REPEATS, Math.ceil(LEAST / Math.max(quickest, 0.1))));
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < results.length; i++) {
      const result = results[(i + round) % results.length]!;
      const parser = parsers.get(result.who)!;
      const begin = clock();
      for (let repeat = 0; repeat < repeats && result.stopped === ""; repeat++) parse(result, parser);
      if (result.stopped === "") result.times.push((clock() - begin) / repeats);
      yield ++done / all;
    }
  }
  return results;
}

/** The best of the allocators in one respect, and the last. */
export interface Ranking {
  /** The best, and who cannot be told from it, in the order of the results. */
  readonly best: readonly Contender[];
  readonly value: number;
  readonly last: Contender;
  readonly lastValue: number;
}

export interface Conclusion {
  /** By the bytes by which memory grew in all. */
  readonly memory: Ranking;
  /** By the median time of a parse; who has runs as fast as the fastest's slowest cannot be told from it. */
  readonly time: Ranking;
  /** By the largest free piece at that time: the largest is the best. */
  readonly free: Ranking;
  /** Among the best in memory and in time. */
  readonly choice: readonly Contender[];
}

function ranking(results: readonly FileResult[], value: (result: FileResult) => number, alike: (best: FileResult, other: FileResult) => boolean): Ranking {
  const sorted = [...results].sort((a, b) => value(a) - value(b));
  const [best, last] = [sorted[0]!, sorted[sorted.length - 1]!];
  return {
    best: results.filter((result) => result === best || alike(best, result)).map(({ who }) => who),
    value: value(best),
    last: last.who,
    lastValue: value(last),
  };
}

/** The conclusion from the results of those that did not stop; null where fewer than two did not. */
export function conclude(results: readonly FileResult[], when: When): Conclusion | null {
  const whole = results.filter(({ stopped, heap, times }) => stopped === "" && heap !== null && times.length > 0);
  if (whole.length < 2) return null;
  const same = (of: (result: FileResult) => number) => (a: FileResult, b: FileResult): boolean => of(a) === of(b);
  const memory = ranking(whole, (result) => result.grownInAll, same(({ grownInAll }) => grownInAll));
  const time = ranking(whole, ({ times }) => median(times), (best, other) => Math.min(...other.times) <= Math.max(...best.times));
  const largest = (result: FileResult): number => result.heap![when].figures.largestFree;
  const free = ranking(whole, (result) => -largest(result), same(largest));
  return {
    memory,
    time,
    free: { ...free, value: -free.value, lastValue: -free.lastValue },
    choice: memory.best.filter((who) => time.best.includes(who)),
  };
}
