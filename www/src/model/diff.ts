import type { Seen } from "./births";
import { fit } from "./map-layout";
import { sizeBucket } from "./size-classes";
import { Blocks, State } from "./snapshot";

/** The fate of a live block between two moments. */
export const Fate = { Kept: 0, Came: 1, Gone: 2 } as const;
export type Fate = (typeof Fate)[keyof typeof Fate];

export interface Tally {
  readonly blocks: number;
  readonly bytes: number;
}

export interface DiffRow {
  /** Bytes: the largest size in the row, or where the region begins. */
  readonly key: number;
  readonly came: Tally;
  readonly gone: Tally;
  readonly kept: Tally;
}

export interface Diff {
  readonly came: Tally;
  readonly gone: Tally;
  readonly kept: Tally;
  readonly bySize: readonly DiffRow[];
  readonly byRegion: readonly DiffRow[];
  /** Bytes of a region in `byRegion`. */
  readonly region: number;
  /**
   * The live blocks of both moments, in address order, their `state` a `Fate`. They do not tile
   * the heap, and one that came may overlap one that went.
   */
  readonly blocks: Blocks;
}

const REGIONS = 16;

/**
 * What appeared and what went from one moment to a later one. A block is kept if it stood at the
 * same address with the same size at both, and was live at each look between. One pass.
 *
 * `moment` is the number of the earlier one, against which births are held.
 */
export function diff(before: Seen, after: Seen, moment: number): Diff {
  const [old, now] = [before.snapshot.blocks, after.snapshot.blocks];
  const blocks = new Blocks(Math.max(256, now.count));
  const start = Math.min(before.snapshot.start || after.snapshot.start, after.snapshot.start || before.snapshot.start);
  const end = Math.max(before.snapshot.end, after.snapshot.end);
  const region = fit(start, end, REGIONS).bytesPerRow;
  const total = [mutable(), mutable(), mutable()];
  const bySize = new Map<number, Mutable[]>();
  const byRegion = new Map<number, Mutable[]>();
  // Addresses ascend but for blocks that overlap: most are of the region of the one before.
  let [from, tallies] = [-1, total];
  const count = (address: number, size: number, fate: Fate): void => {
    blocks.push(address, size, fate as number as State);
    const at = address - (address % region);
    if (at !== from) [from, tallies] = [at, row(byRegion, at)];
    tally(total[fate]!, size);
    tally(row(bySize, sizeBucket(size))[fate]!, size);
    tally(tallies[fate]!, size);
  };

  let i = 0;
  let j = 0;
  for (;;) {
    while (i < old.count && old.state[i] !== State.Live) i++;
    while (j < now.count && now.state[j] !== State.Live) j++;
    if (i >= old.count && j >= now.count) break;
    const was = i < old.count ? old.address[i]! : Infinity;
    const is = j < now.count ? now.address[j]! : Infinity;
    if (was === is && old.size[i] === now.size[j] && after.born[j]! <= moment) {
      count(is, now.size[j]!, Fate.Kept);
      i++;
      j++;
    } else if (was <= is) {
      count(was, old.size[i]!, Fate.Gone);
      i++;
    } else {
      count(is, now.size[j]!, Fate.Came);
      j++;
    }
  }
  const [kept, came, gone] = total as [Mutable, Mutable, Mutable];
  return { kept, came, gone, bySize: rows(bySize), byRegion: rows(byRegion), region, blocks };
}

type Mutable = { -readonly [K in keyof Tally]: Tally[K] };
const mutable = (): Mutable => ({ blocks: 0, bytes: 0 });

function tally(into: Mutable, size: number): void {
  into.blocks++;
  into.bytes += size;
}

function row(map: Map<number, Mutable[]>, key: number): Mutable[] {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = [mutable(), mutable(), mutable()];
  map.set(key, made);
  return made;
}

const rows = (map: Map<number, Mutable[]>): DiffRow[] =>
  [...map]
    .sort(([a], [b]) => a - b)
    .map(([key, [kept, came, gone]]) => ({ key, kept: kept!, came: came!, gone: gone! }));
