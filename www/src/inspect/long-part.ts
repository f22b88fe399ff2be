import type { LongTrace } from "../model/long-trace";
import type { Trace } from "../model/trace";
import { samples, type Sample } from "../model/trace-sites";

/** Records that are looked at one by one: 32 MiB of them. */
const MOST = 2_000_000;

/** A part of a recording in a file, as a trace. */
export interface LongPart {
  readonly trace: Trace;
  readonly samples: readonly Sample[];
  /** The record of `trace` from which on blocks are of the part; those before it are older. */
  readonly begins: number;
  /** The record of the recording from which on all are looked at; of those before it, the blocks that were live then. */
  readonly first: number;
}

/** Reads a part of a recording: the last records of it, and what of the others was live before them. */
export async function partOf(long: LongTrace, from: number, to: number): Promise<LongPart> {
  const first = Math.max(from, to - MOST);
  const { trace, births } = await long.window(first, to);
  const own = births.findIndex((born) => born >= from);
  return { trace, samples: samples(trace), begins: own < 0 ? births.length : own, first };
}
