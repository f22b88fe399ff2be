import type { Moment } from "./history";

/**
 * Columns for the drawing: where each moment begins, live, committed, largest free. The last moment ends where the next
 * would begin. Unknown is null.
 */
export function timelineData(moments: readonly Moment[]): [number[], (number | null)[], (number | null)[], number[]] {
  const last = moments[moments.length - 1];
  const all = last === undefined ? moments : [...moments, { ...last, id: last.id + 1 }];
  return [
    all.map((moment) => moment.id),
    all.map((moment) => (moment.tracked ? moment.live : null)),
    all.map((moment) => (moment.tracked ? moment.committed : null)),
    all.map((moment) => moment.largestFree),
  ];
}

/** Indices of the moments since whose predecessor memory grew. */
export const grew = (moments: readonly Moment[]): number[] =>
  moments.flatMap((moment, i) => (i > 0 && (moment.growths ?? 0) > (moments[i - 1]!.growths ?? 0) ? [i] : []));
