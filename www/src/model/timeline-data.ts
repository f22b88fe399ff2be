import type { Moment } from "./history";

/** The timeline's columns: the moments' numbers, and what was live, committed, and free in one piece. */
export function timelineData(moments: readonly Moment[]): [number[], number[], number[], number[]] {
  return [
    moments.map((moment) => moment.id),
    moments.map((moment) => moment.live),
    moments.map((moment) => moment.committed),
    moments.map((moment) => moment.largestFree),
  ];
}

/** Indices of the moments before which memory grew. */
export const grew = (moments: readonly Moment[]): number[] =>
  moments.flatMap((moment, i) => (i > 0 && (moment.growths ?? 0) > (moments[i - 1]!.growths ?? 0) ? [i] : []));
