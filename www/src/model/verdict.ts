import type { Moment } from "./history";

/**
 * The sentence at the top, as rules over the moments up to the one that is looked at. First that
 * fits:
 *
 * 1. `untracked`: the heap keeps no record of its live blocks.
 * 2. `empty`: the heap has obtained no memory.
 * 3. `used`: the heap knows how far it was used, and not what of that is still live.
 * 4. `leak`: live keeps rising. Either the low points of live (moments with more live before and
 *    after, and the last one) rise three times in a row, each by more than 1 % and 1 KiB; or live
 *    rose in each of the last 6 moments, by a quarter of the committed memory in all.
 * 5. `fragmentation`, in pieces: over a quarter of the committed memory is free, at least 1 MiB,
 *    and the largest free piece is less than an eighth of that.
 * 6. `fragmentation`, a ratchet: live is flat and committed rises. Of the last 12 moments (8 at
 *    least), the later half has no more live at its highest than the earlier one had, give or take
 *    a twentieth; but committed rose in it at two moments or more, by a quarter and 1 MiB in all.
 * 7. `peak`: live was at least twice what it is, and half the committed memory is free.
 * 8. `healthy`.
 */
export type VerdictKind = "empty" | "untracked" | "used" | "leak" | "fragmentation" | "peak" | "healthy";

export interface Verdict {
  readonly kind: VerdictKind;
  readonly now: Moment | null;
  /** The most that was ever live at a moment seen. */
  readonly high: number;
  /** Leak: by how much live rose over the moments that gave it away; ratchet: committed. */
  readonly rise: number;
  /** Leak: over how many of the last moments. */
  readonly over: number;
}

const RISES = 6;
/** Less than this lies free in the partly filled slabs of any small program. */
const WORTH = 2 ** 20;
const RATCHET = { least: 8, most: 12 };

export function verdict(moments: readonly Moment[]): Verdict {
  const now = moments[moments.length - 1] ?? null;
  const high = now?.highLive ?? 0;
  const judged = (kind: VerdictKind, rise = 0, over = 0): Verdict => ({ kind, now, high, rise, over });
  if (now !== null && !now.tracked) return judged("untracked");
  if (now === null || now.committed === 0) return judged("empty");
  if (!now.bounded) return judged("used");
  const { rise, over } = leak(moments);
  if (rise > 0) return judged("leak", rise, over);
  const much = now.free > now.committed / 4 && now.free >= WORTH;
  if (much && now.largestFree < now.free / 8) return judged("fragmentation");
  const climb = ratchet(moments);
  if (climb > 0) return judged("fragmentation", climb);
  if (high >= 2 * now.live && now.free >= now.committed / 2) return judged("peak");
  return judged("healthy");
}

/** By how much committed rose while live did not, or 0. */
function ratchet(moments: readonly Moment[]): number {
  const recent = moments.slice(-RATCHET.most);
  if (recent.length < RATCHET.least) return 0;
  const middle = Math.floor(recent.length / 2);
  const highest = (some: readonly Moment[]): number => Math.max(...some.map((moment) => moment.live));
  if (highest(recent.slice(middle)) > 1.05 * highest(recent.slice(0, middle))) return 0;
  const rises = recent.filter((moment, i) => i >= middle && moment.committed > recent[i - 1]!.committed);
  const before = recent[middle - 1]!.committed;
  const climb = recent[recent.length - 1]!.committed - before;
  return rises.length >= 2 && climb > before / 4 && climb >= WORTH ? climb : 0;
}

/** By how much live rose, and over how many moments, where these show a leak; else 0. */
function leak(moments: readonly Moment[]): { readonly rise: number; readonly over: number } {
  const none = { rise: 0, over: 0 };
  const lows = lowPoints(moments).slice(-4);
  const steps = lows.slice(1).map((low, i) => low.live - lows[i]!.live);
  if (steps.length === 3 && steps.every((step, i) => step > 1024 && step > lows[i]!.live / 100)) {
    return { rise: lows[3]!.live - lows[0]!.live, over: moments.length - moments.indexOf(lows[0]!) };
  }
  const recent = moments.slice(-RISES - 1);
  const first = recent[0];
  const last = recent[recent.length - 1];
  if (first === undefined || last === undefined || recent.length <= RISES) return none;
  const rising = recent.every((moment, i) => i === 0 || moment.live > recent[i - 1]!.live);
  const rise = last.live - first.live;
  return rising && rise > last.committed / 4 ? { rise, over: recent.length } : none;
}

/** The moments where live was lowest between a fall and a rise; the first and last count. */
function lowPoints(moments: readonly Moment[]): Moment[] {
  const turns = moments.filter(({ live }, i) => live !== moments[i - 1]?.live);
  return turns.filter(({ live }, i) => live < (turns[i - 1]?.live ?? Infinity) && live < (turns[i + 1]?.live ?? Infinity));
}
