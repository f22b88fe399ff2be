import type { ClassRow } from "./metrics";
import type { Slab } from "./snapshot";

/** The place of each slab of a class: bars of one size, side by side, wrapped like text. */
export interface SlabBar {
  readonly slab: number;
  readonly x: number;
  readonly y: number;
  /** Height of the part in use. */
  readonly filled: number;
}

export interface SlabFigure {
  readonly bars: readonly SlabBar[];
  readonly height: number;
}

export interface BarSize {
  readonly width: number;
  readonly height: number;
  readonly gap: number;
}

const SIZES: readonly BarSize[] = [
  { width: 9, height: 22, gap: 3 },
  { width: 6, height: 14, gap: 2 },
  { width: 4, height: 9, gap: 1 },
  { width: 2, height: 6, gap: 1 },
];

/** The largest bars with which all classes together stay under a height, or the smallest there are. */
export function barSize(rows: readonly ClassRow[], width: number, most: number): BarSize {
  const fits = (bar: BarSize): boolean => {
    const columns = Math.max(1, Math.floor((width + bar.gap) / (bar.width + bar.gap)));
    const lines = rows.reduce((sum, row) => sum + Math.ceil(row.members.length / columns), 0);
    return lines * (bar.height + bar.gap) <= most;
  };
  return SIZES.find(fits) ?? SIZES[SIZES.length - 1]!;
}

export function slabBars(row: ClassRow, slabs: readonly Slab[], width: number, bar: BarSize): SlabFigure {
  const columns = Math.max(1, Math.floor((width + bar.gap) / (bar.width + bar.gap)));
  const bars = row.members.map((index, i): SlabBar => {
    const slab = slabs[index]!;
    const share = slab.capacity === 0 ? 0 : slab.used / slab.capacity;
    // One live block must be seen, and so must one free one.
    const filled =
      share === 0 ? 0 : share === 1 ? bar.height : Math.min(bar.height - 1, Math.max(1, share * bar.height));
    return {
      slab: index,
      x: (i % columns) * (bar.width + bar.gap),
      y: Math.floor(i / columns) * (bar.height + bar.gap),
      filled,
    };
  });
  const lines = Math.max(1, Math.ceil(row.members.length / columns));
  return { bars, height: lines * (bar.height + bar.gap) - bar.gap };
}

/** The slab whose bar is at a place, or -1. */
export function slabAt(row: ClassRow, width: number, bar: BarSize, x: number, y: number): number {
  const columns = Math.max(1, Math.floor((width + bar.gap) / (bar.width + bar.gap)));
  const column = Math.floor(x / (bar.width + bar.gap));
  const line = Math.floor(y / (bar.height + bar.gap));
  if (column < 0 || column >= columns || line < 0) return -1;
  return row.members[line * columns + column] ?? -1;
}
