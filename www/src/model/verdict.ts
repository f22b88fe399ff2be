import type { History, Moment } from "./history";

/**
 * The sentence at the top, as rules. First that fits:
 *
 * 1. `untracked`: the heap keeps no record of its live blocks.
 * 2. `empty`: the heap has obtained no memory.
 * 3. `leak`: live keeps rising. Either the low points of live (moments with more live before and
 *    after, and the last one) rise three times in a row, each by more than 1 % and 1 KiB; or live
 *    rose in each of the last 6 moments, by a quarter of the committed memory in all.
 * 4. `fragmentation`: over a quarter of the committed memory is free, at least 1 MiB, and the
 *    largest free block is less than an eighth of that.
 * 5. `peak`: live was at least twice what it is, and half the committed memory is free.
 * 6. `healthy`.
 */
export type VerdictKind = "empty" | "untracked" | "leak" | "fragmentation" | "peak" | "healthy";

export interface Verdict {
  readonly kind: VerdictKind;
  readonly now: Moment | null;
  /** The most that was ever live at a moment seen. */
  readonly high: number;
  /** Leak: by how much live rose over the moments that gave it away. */
  readonly rise: number;
}

const RISES = 6;
/** Less than this lies free in the partly filled slabs of any small program. */
const WORTH = 2 ** 20;

export function verdict(history: History): Verdict {
  const now = history.last ?? null;
  const judged = (kind: VerdictKind, rise = 0): Verdict => ({ kind, now, high: history.highLive, rise });
  if (now !== null && !now.tracked) return judged("untracked");
  if (now === null || now.committed === 0) return judged("empty");
  const rise = leak(history.moments);
  if (rise > 0) return judged("leak", rise);
  const much = now.free > now.committed / 4 && now.free >= WORTH;
  if (much && now.largestFree < now.free / 8) return judged("fragmentation");
  if (history.highLive >= 2 * now.live && now.free >= now.committed / 2) return judged("peak");
  return judged("healthy");
}

/** By how much live rose over the moments that show a leak, or 0. */
function leak(moments: readonly Moment[]): number {
  const lows = lowPoints(moments).slice(-4);
  const steps = lows.slice(1).map((low, i) => low - lows[i]!);
  if (steps.length === 3 && steps.every((step, i) => step > 1024 && step > lows[i]! / 100)) {
    return lows[3]! - lows[0]!;
  }
  const recent = moments.slice(-RISES - 1);
  const first = recent[0];
  const last = recent[recent.length - 1];
  if (first === undefined || last === undefined || recent.length <= RISES) return 0;
  const rising = recent.every((moment, i) => i === 0 || moment.live > recent[i - 1]!.live);
  const rise = last.live - first.live;
  return rising && rise > last.committed / 4 ? rise : 0;
}

/** Live at the moments where it was lowest between a fall and a rise; the first and last count. */
function lowPoints(moments: readonly Moment[]): number[] {
  const live = moments.map((moment) => moment.live).filter((value, i, all) => value !== all[i - 1]);
  return live.filter((value, i) => value < (live[i - 1] ?? Infinity) && value < (live[i + 1] ?? Infinity));
}
