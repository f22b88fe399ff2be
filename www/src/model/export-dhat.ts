import { samples, type Sample } from "./trace-sites";
import type { Trace } from "./trace";

/** A program point: what one stack allocated. Names are DHAT's. */
interface Point {
  /** Bytes, blocks and lifetimes in total. */
  tb: number;
  tbk: number;
  tl: number;
  /** At their most. */
  mb: number;
  mbk: number;
  /** The time at which the whole program had most. */
  gb: number;
  gbk: number;
  /** At the end. */
  eb: number;
  ebk: number;
  /** The stack, innermost first, as indices into the table of frames. */
  fs: number[];
}

/** Version 2 of the file that valgrind's dh_view.html opens. */
export interface Dhat {
  readonly dhatFileVersion: 2;
  readonly mode: "rust-heap";
  readonly verb: "Allocated";
  readonly bklt: true;
  readonly bkacc: false;
  readonly tu: string;
  readonly Mtu: string;
  readonly tuth: number;
  readonly cmd: string;
  readonly pid: number;
  readonly tg: number;
  readonly te: number;
  readonly pps: readonly Point[];
  readonly ftbl: readonly string[];
}

/** Call sites as DHAT has them. Time is counted in records; figures are estimates from samples. */
export function dhat(trace: Trace, command: string): Dhat {
  const all = samples(trace);
  const end = trace.count;
  const changes = all
    .flatMap((sample) => [
      { at: sample.born, sample, sign: 1 },
      ...(sample.died < 0 ? [] : [{ at: sample.died, sample, sign: -1 }]),
    ])
    .sort((a, b) => a.at - b.at);
  const most = peakOf(changes);
  // dh_view takes a stack once: two sites with the same names are one.
  const points = new Map<string, { point: Point; bytes: number; blocks: number }>();
  const frames = new Map<string, number>([["[root]", 0]]);
  const pointOf = (sample: Sample): { point: Point; bytes: number; blocks: number } => {
    const stack = trace.sites[sample.site - 1]!;
    const key = stack.join("\n");
    let entry = points.get(key);
    if (entry === undefined) {
      const fs = stack.map((name) => {
        const known = frames.get(name) ?? frames.size;
        frames.set(name, known);
        return known;
      });
      entry = { point: { tb: 0, tbk: 0, tl: 0, mb: 0, mbk: 0, gb: 0, gbk: 0, eb: 0, ebk: 0, fs }, bytes: 0, blocks: 0 };
      points.set(key, entry);
    }
    return entry;
  };
  for (const { sample, sign } of changes) {
    const entry = pointOf(sample);
    const { point } = entry;
    entry.blocks += sign * sample.weight;
    entry.bytes += sign * sample.weight * sample.size;
    if (entry.bytes > point.mb) {
      point.mb = entry.bytes;
      point.mbk = entry.blocks;
    }
  }
  for (const sample of all) {
    const { point } = pointOf(sample);
    const bytes = sample.weight * sample.size;
    point.tb += bytes;
    point.tbk += sample.weight;
    point.tl += sample.weight * ((sample.died < 0 ? end : sample.died) - sample.born);
    if (sample.born <= most && (sample.died < 0 || sample.died > most)) {
      point.gb += bytes;
      point.gbk += sample.weight;
    }
    if (sample.died < 0) {
      point.eb += bytes;
      point.ebk += sample.weight;
    }
  }
  return {
    dhatFileVersion: 2,
    mode: "rust-heap",
    verb: "Allocated",
    bklt: true,
    bkacc: false,
    tu: "ops",
    Mtu: "Mops",
    tuth: 500,
    cmd: command,
    pid: 1,
    tg: most,
    te: end,
    pps: [...points.values()].map(({ point }) => whole(point)),
    ftbl: [...frames.keys()],
  };
}

/** The record at which most was live. */
function peakOf(changes: readonly { at: number; sample: Sample; sign: number }[]): number {
  let bytes = 0;
  let most = { at: 0, bytes: 0 };
  for (const { at, sample, sign } of changes) {
    bytes += sign * sample.weight * sample.size;
    if (bytes > most.bytes) most = { at, bytes };
  }
  return most.at;
}

/** DHAT counts in whole numbers. */
function whole(point: Point): Point {
  const round = Math.round;
  const { tb, tbk, tl, mb, mbk, gb, gbk, eb, ebk, fs } = point;
  return {
    tb: round(tb),
    tbk: round(tbk),
    tl: round(tl),
    mb: round(mb),
    mbk: round(mbk),
    gb: round(gb),
    gbk: round(gbk),
    eb: round(eb),
    ebk: round(ebk),
    fs,
  };
}
