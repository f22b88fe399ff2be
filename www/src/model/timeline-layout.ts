import type { Moment } from "./history";

/** The timeline as step lines in a box of `width` by `height`. */
export interface TimelineFigure {
  /** SVG paths. */
  readonly live: string;
  readonly liveArea: string;
  readonly committed: string;
  /** Where memory grew. */
  readonly growths: readonly number[];
  /** The value at the top of the box: a round number of bytes. */
  readonly top: number;
  /** Where the last moment stands. */
  readonly end: number;
}

export function timeline(moments: readonly Moment[], width: number, height: number): TimelineFigure {
  const most = moments.reduce((high, moment) => Math.max(high, moment.committed, moment.live), 0);
  const top = roundUp(most);
  // A few moments do not stretch over the whole width: each keeps the room of one in a dozen.
  const step = width / Math.max(12, moments.length);
  const y = (value: number): number => Number((height - (value / top) * height).toFixed(2));
  const line = (of: (moment: Moment) => number): string =>
    moments
      .map((moment, i) => `${i === 0 ? "M0 " : "V"}${y(of(moment))}H${Number(((i + 1) * step).toFixed(2))}`)
      .join("");
  const live = line((moment) => moment.live);
  const end = Number((moments.length * step).toFixed(2));
  const growths = moments.flatMap((moment, i) =>
    i > 0 && (moment.growths ?? 0) > (moments[i - 1]!.growths ?? 0) ? [Number((i * step).toFixed(2))] : [],
  );
  const liveArea = moments.length === 0 ? "" : `${live}V${height}H0z`;
  return { live, liveArea, committed: line((moment) => moment.committed), growths, top, end };
}

/** The next power of two, or half-way to it. */
function roundUp(value: number): number {
  let top = 65536;
  while (top < value) top *= 2;
  return top * 0.75 >= value ? top * 0.75 : top;
}
