import { isFree, type Blocks, type State } from "./snapshot";
import { eachBlock, largestBlock } from "./splits";

/**
 * The buddy's blocks as an icicle: one row an order, the largest on top, addresses to the right.
 * A block hangs where its size says; above it stand the larger blocks that were split for it.
 * Blocks too narrow to see are joined into runs, of what most of them are, so that the count of
 * bars depends on the width of the drawing, not on the heap.
 */
export interface Bar {
  readonly row: number;
  /** In widths of the drawing, 0..1. */
  readonly x: number;
  readonly width: number;
  /** -1: a block that stands split. */
  readonly state: State | -1;
  readonly address: number;
  readonly size: number;
  /** Index into the blocks, -1 for a split one; of a run, that of its first. */
  readonly index: number;
  /** The number of blocks that the bar stands for. */
  readonly count: number;
}

export interface Icicle {
  readonly bars: readonly Bar[];
  /** Block size of each row, descending. */
  readonly sizes: readonly number[];
}

export interface IcicleOptions {
  readonly granule: number;
  /** The origin of alignment: a block's address less this is a multiple of its size. */
  readonly base: number;
  /** The range of addresses that the drawing shows. */
  readonly from: number;
  readonly to: number;
  /** Bars narrower than this, in widths of the drawing, are joined. */
  readonly least: number;
  /** The range of the heap: no block outside it was ever whole. */
  readonly start: number;
  readonly end: number;
  /** Size of the top row; without it, the largest block there is. */
  readonly top?: number;
}

export function icicle(units: Blocks, options: IcicleOptions): Icicle {
  const { granule, from, to, least } = options;
  const span = to - from;
  if (units.count === 0 || span <= 0) return { bars: [], sizes: [] };

  const top = Math.max(options.top ?? granule, largestBlock(units, granule));
  const orders = Math.round(Math.log2(top / granule)) + 1;
  const sizes = Array.from({ length: orders }, (_, row) => granule * 2 ** (orders - 1 - row));

  const bars: Bar[] = [];
  /** The bar that a narrow one may join, by row, and by how many bytes its state leads in it. */
  const open: (Mutable<Bar> | undefined)[] = [];
  const leads: number[] = [];
  eachBlock(units, { ...options, top }, options, (address, size, index) => {
    const state = index < 0 ? -1 : (units.state[index] as State);
    const row = orders - 1 - (Math.clz32(granule) - Math.clz32(size));
    const x = (address - from) / span;
    const width = size / span;
    const last = open[row];
    // Until a run is wide enough to be seen, it takes whatever comes.
    const joins = last !== undefined && width < least && (last.state === state || last.width < least);
    if (joins && x - (last.x + last.width) < least / 2) {
      last.width = x + width - last.x;
      last.size = address + size - last.address;
      last.count++;
      const lead = leads[row]! + (last.state === state ? size : -size);
      leads[row] = Math.abs(lead);
      if (lead < 0) {
        last.state = state;
        last.index = index;
      }
      return;
    }
    const bar: Mutable<Bar> = { row, x, width, state, address, size, index, count: 1 };
    bars.push(bar);
    open[row] = width < least ? bar : undefined;
    leads[row] = size;
  });
  return { bars, sizes };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Returns the address of a block's buddy; `merges` is true if it is free and whole, so that freeing would merge them. */
export function buddyOf(units: Blocks, index: number, base: number): { address: number; merges: boolean } {
  const size = units.size[index] ?? 0;
  const offset = (units.address[index] ?? base) - base;
  const address = base + ((offset / size) % 2 === 0 ? offset + size : offset - size);
  const other = units.find(address);
  const merges = other >= 0 && isFree(units.state[other]!) && units.size[other] === size && units.address[other] === address;
  return { address, merges };
}
