import type { Bar, Icicle } from "./icicle";

/**
 * How one drawing of the tree becomes the next: what is split comes down from its parent's row,
 * what merged goes up into it. Pure; draw/icicle.ts paints it, at times from 0 to 1.
 */
export interface Motion {
  /** The later drawing. */
  readonly icicle: Icicle;
  /** Bars of the later drawing that were not in the earlier one. */
  readonly came: ReadonlySet<Bar>;
  /** Bars of the earlier drawing that are no more, in rows of the later one. */
  readonly gone: readonly Bar[];
}

/** With more bars than this on the move nobody could follow; nothing moves then. */
const MOST = 1200;

/** `null` where nothing moves, or too much. */
export function motion(before: Icicle, after: Icicle): Motion | null {
  if (before.bars.length === 0 || after.bars.length === 0) return null;
  const key = (bar: Bar): string => `${bar.address} ${bar.size} ${bar.count} ${bar.state < 0 ? "split" : ""}`;
  const were = new Set(before.bars.map(key));
  const are = new Set(after.bars.map(key));
  // The largest order may have changed, and with it which row an order stands in.
  const shift = after.sizes.length - before.sizes.length;
  const came = new Set(after.bars.filter((bar) => !were.has(key(bar))));
  const gone = before.bars.filter((bar) => !are.has(key(bar))).map((bar) => ({ ...bar, row: bar.row + shift }));
  const moving = came.size + gone.length;
  return moving === 0 || moving > MOST ? null : { icicle: after, came, gone };
}

export interface Placed {
  readonly bar: Bar;
  /** In rows, from the top; between two rows while it moves. */
  readonly row: number;
  /** 0..1. */
  readonly opacity: number;
}

/** Returns the place of everything at a time from 0 (just changed) to 1 (at rest). */
export function placed({ icicle, came, gone }: Motion, time: number): Placed[] {
  const t = Math.min(1, Math.max(0, time));
  const ease = 1 - (1 - t) ** 3;
  return [
    ...gone.map((bar) => ({ bar, row: Math.max(0, bar.row - ease), opacity: 1 - ease })),
    ...icicle.bars.map((bar) =>
      came.has(bar) ? { bar, row: Math.max(0, bar.row - 1 + ease), opacity: ease } : { bar, row: bar.row, opacity: 1 },
    ),
  ].filter(({ opacity }) => opacity > 0);
}

/** A drawing at rest. */
export const atRest = (icicle: Icicle): Placed[] => icicle.bars.map((bar) => ({ bar, row: bar.row, opacity: 1 }));
