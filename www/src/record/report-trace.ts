import { median } from "../model/compare";
import type { LongTrace } from "../model/long-trace";
import { leaks } from "../model/trace";
import { Planner, type Steps, type Totals } from "../model/trace-plan";
import { replay, type Calls, type Replayed } from "../model/trace-replay";
import { bySite, choose } from "../model/trace-sites";
import { countsOf } from "./live";
import { incomplete, size, sizeLines, siteLines, whole } from "./report";

/** An allocator that a recording is replayed on, and what makes a fresh instance of it. */
export interface Peer {
  readonly name: string;
  readonly start: () => Calls;
}

/** Goes that are timed, behind one that is not; a longer recording gets one in all. */
const ROUNDS = 3;
const LONG = 1_000_000;

/** Makes the operations of a recording, part by part. */
async function* stepsOf(trace: LongTrace, planner: Planner): AsyncGenerator<Steps> {
  for await (const { words } of trace.parts()) yield planner.next(words);
}

interface Outcome {
  readonly name: string;
  readonly replayed: Replayed;
}

/** Replays a recording on each allocator by turns. */
async function replays(trace: LongTrace, peers: readonly Peer[]): Promise<{ totals: Totals | null; outcomes: Outcome[] }> {
  let totals: Totals | null = null;
  const runs = peers.map((peer) => ({ ...peer, times: [] as number[], last: null as Replayed | null }));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const run of runs) {
      const planner = new Planner();
      run.last = await replay(stepsOf(trace, planner), run.start());
      run.times.push(run.last!.time);
      totals = planner;
    }
    if (totals !== null && totals.count > LONG) break;
  }
  // The first go is for the engine to compile, where there are more.
  const outcomes = runs.map(({ name, times, last }) => ({ name, replayed: { ...last!, time: median(times.length > 1 ? times.slice(1) : times) } }));
  return { totals, outcomes };
}

async function countsIn(trace: LongTrace): Promise<{ allocations: number; frees: number }> {
  const sum = { allocations: 0, frees: 0 };
  for await (const { words } of trace.parts()) {
    const { allocations, frees } = countsOf(words);
    sum.allocations += allocations;
    sum.frees += frees;
  }
  return sum;
}

/** The report of a recording: what lives at its end, by size and call site, and what it would be on other allocators. */
export async function reportTrace(trace: LongTrace, name: string, peers: readonly Peer[]): Promise<string> {
  const { count, lost, course, header, sites, samples } = trace;
  const survivors = await trace.survivors();
  const bytes = survivors.reduce((sum, each) => sum + each.size, 0);
  const last = course.pages[course.pages.length - 1] ?? header.pages;
  const lines = [
    `Recording ${name}: ${whole.format(count)} records; memory had ${whole.format(header.pages)} pages at first, and ${whole.format(last)} at the end`,
    `Live at the end: ${size(bytes)} in ${whole.format(survivors.length)} blocks; at most ${size(course.peak)}.`,
  ];
  if (lost > 0) {
    lines.push(`${whole.format(lost)} records are missing in ${whole.format(course.losses.length)} places. A block from before the last of them may be gone: it is not counted as live.`);
  }
  else lines.push(...incomplete(await countsIn(trace)));
  lines.push(...sizeLines(leaks(survivors, 0, count)));
  const live = choose(samples, { from: 0, to: count, end: count, which: "live", peak: count });
  lines.push(...siteLines(bySite(live, sites), header.rate, lost === 0 ? { bytes, blocks: survivors.length } : null));
  if (peers.length > 0) lines.push(...(await replayLines(trace, peers, { began: header.pages, grown: last - header.pages })));
  return `${lines.join("\n")}\n`;
}

async function replayLines(trace: LongTrace, peers: readonly Peer[], pages: { readonly began: number; readonly grown: number }): Promise<string[]> {
  const { totals, outcomes } = await replays(trace, peers);
  if (totals === null || totals.count === 0) return [];
  const row = (of: string, grown: string, growths: string, time: string): string => `  ${of.padEnd(10)} ${grown.padStart(11)} ${growths.padStart(8)} ${time.padStart(18)}`;
  const known = [
    [totals.unknownFrees + totals.unknownReallocations, "on blocks that nobody saw allocated"],
    [totals.impliedFrees, "frees that were not recorded"],
    [totals.refused, "requests that were refused"],
  ] as const;
  return [
    `The same ${whole.format(totals.count)} operations on other allocators:`,
    row("", "pages grown", "growths", "ns an operation"),
    row("as it was", whole.format(pages.grown), "", ""),
    ...outcomes.map(({ name, replayed: { pages: grown, growths, time, operations, refused } }) =>
      `${row(name, whole.format(grown), whole.format(growths), ((time * 1e6) / operations).toFixed(1))}${refused === 0 ? "" : `  ${whole.format(refused)} refused`}`),
    `  The module had ${whole.format(pages.began)} pages when its recording began, and what was free in them; the others began with none.`,
    ...known.filter(([number]) => number > 0).map(([number, of]) => `  ${whole.format(number)} ${of}`),
  ];
}
