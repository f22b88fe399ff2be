import { INKS, type Inked } from "./inks";
import type { Blocks } from "./snapshot";

/**
 * The address map: rows of the same number of bytes, one under the other, addresses rising to
 * the right and down, as in a hex dump. This file knows where an address stands; draw/ paints it.
 */
export interface MapWindow {
  /** Address at the left of the first row; a multiple of `bytesPerRow`. */
  readonly start: number;
  /** A power of two. */
  readonly bytesPerRow: number;
  readonly rows: number;
}

export const SMALLEST_ROW = 128;

export const windowEnd = (view: MapWindow): number => view.start + view.rows * view.bytesPerRow;

/** The window that shows `start .. end` whole in at most `rows` rows. */
export function fit(start: number, end: number, rows: number): MapWindow {
  let bytesPerRow = SMALLEST_ROW;
  for (;;) {
    const first = floor(start, bytesPerRow);
    const needed = Math.max(1, Math.ceil((end - first) / bytesPerRow));
    if (needed <= rows) return { start: first, bytesPerRow, rows: needed };
    bytesPerRow *= 2;
  }
}

/**
 * Half (steps < 0) or double the bytes in a row, around an address. Never wider than the whole,
 * never beyond it, never finer than `SMALLEST_ROW`.
 */
export function zoom(view: MapWindow, whole: MapWindow, rows: number, steps: number, around: number): MapWindow {
  const bytesPerRow = Math.max(SMALLEST_ROW, view.bytesPerRow * 2 ** steps);
  if (bytesPerRow >= whole.bytesPerRow) return whole;
  const row = Math.min(rows - 1, Math.max(0, Math.floor((around - view.start) / view.bytesPerRow)));
  return place({ start: floor(around, bytesPerRow) - row * bytesPerRow, bytesPerRow, rows }, whole);
}

/** The window moved by rows. */
export function scroll(view: MapWindow, whole: MapWindow, rows: number): MapWindow {
  return place({ ...view, start: view.start + rows * view.bytesPerRow }, whole);
}

/** The window moved just so far that an address range can be seen, or at least its start. */
export function reveal(view: MapWindow, whole: MapWindow, start: number, end: number): MapWindow {
  const first = floor(start, view.bytesPerRow);
  const last = floor(end - 1, view.bytesPerRow);
  if (first < view.start) return place({ ...view, start: first }, whole);
  const over = last - (windowEnd(view) - view.bytesPerRow);
  if (over <= 0) return view;
  return place({ ...view, start: Math.min(first, view.start + over) }, whole);
}

/** Keeps a window inside the whole. */
function place(view: MapWindow, whole: MapWindow): MapWindow {
  const last = ceil(windowEnd(whole), view.bytesPerRow) - view.rows * view.bytesPerRow;
  const start = Math.max(floor(whole.start, view.bytesPerRow), Math.min(view.start, last));
  return { ...view, start };
}

const floor = (address: number, unit: number): number => Math.floor(address / unit) * unit;
const ceil = (address: number, unit: number): number => Math.ceil(address / unit) * unit;

/** A part of a block that lies in one row; `x` and `width` in row widths, 0..1. */
export interface Segment {
  readonly row: number;
  readonly x: number;
  readonly width: number;
}

/** Returns the places of a range of addresses in the window: one segment a row. */
export function segments(view: MapWindow, start: number, end: number): Segment[] {
  const from = Math.max(start, view.start);
  const to = Math.min(end, windowEnd(view));
  const found: Segment[] = [];
  for (let at = from; at < to; ) {
    const row = Math.floor((at - view.start) / view.bytesPerRow);
    const rowStart = view.start + row * view.bytesPerRow;
    const stop = Math.min(to, rowStart + view.bytesPerRow);
    found.push({ row, x: (at - rowStart) / view.bytesPerRow, width: (stop - at) / view.bytesPerRow });
    at = stop;
  }
  return found;
}

/** The address at a place in the window; `x` 0..1 in its row. */
export function addressAt(view: MapWindow, row: number, x: number): number {
  const inRow = Math.min(view.bytesPerRow - 1, Math.max(0, Math.floor(x * view.bytesPerRow)));
  return view.start + row * view.bytesPerRow + inRow;
}

/** The share of each pixel that each ink covers, in a window whose rows are `width` pixels wide. */
export interface Coverage {
  readonly width: number;
  readonly rows: number;
  /** `[(row * width + x) * INKS + ink]`, 0..1. */
  readonly share: Float32Array;
  /** Which inks a pixel has at all: a bit for each. */
  readonly inks: Uint32Array;
  /** A 1 where a block of several pixels begins. */
  readonly edges: Uint8Array;
  /** Indices of the blocks of several pixels. */
  readonly wide: number[];
}

/**
 * One pass over the blocks in the window. A block is of several pixels from `edgeFrom` on. `into`
 * is a coverage that is needed no longer: its memory is used again if the size fits.
 */
export function coverage({ blocks, ink }: Inked, view: MapWindow, width: number, edgeFrom = 4, into?: Coverage): Coverage {
  const map = cleared(view.rows, width, into);
  const { share, inks, edges, wide } = map;
  const { address, size, count } = blocks;
  const { start } = view;
  const end = windowEnd(view);
  const perPixel = view.bytesPerRow / width;
  const perByte = width / view.bytesPerRow;
  // Rows follow each other without a break, so the window is one long row of pixels.
  const last = view.rows * width - 1;
  const pixelAt = (offset: number): number => Math.min(last, Math.floor(offset * perByte + 1e-9));
  const several = edgeFrom * perPixel;
  let pixel = 0;
  let pixelStart = start;
  let pixelEnd = start + perPixel;
  for (let i = firstIn(blocks, start); i < count; i++) {
    const at = address[i]!;
    if (at >= end) break;
    const bytes = size[i]!;
    const color = ink[i]!;
    const bit = 1 << color;
    // Mostly a block lies in the pixel of the one before, and nothing else is to be done.
    if (at >= pixelStart && at + bytes <= pixelEnd && bytes < several) {
      share[pixel * INKS + color]! += bytes * perByte;
      inks[pixel]! |= bit;
      continue;
    }
    const from = Math.max(at, start);
    const stop = Math.min(at + bytes, end);
    if (from >= stop) continue;
    if (bytes >= several) {
      wide.push(i);
      if (at >= start) edges[pixelAt(at - start)] = 1;
    }
    pixel = pixelAt(from - start);
    pixelEnd = pixel === last ? end : start + (pixel + 1) * perPixel;
    share[pixel * INKS + color]! += (Math.min(stop, pixelEnd) - from) * perByte;
    inks[pixel]! |= bit;
    if (stop > pixelEnd) {
      const to = pixelAt(stop - start);
      while (++pixel < to) {
        share[pixel * INKS + color] = 1;
        inks[pixel]! |= bit;
      }
      pixelEnd = pixel === last ? end : start + (pixel + 1) * perPixel;
      const rest = stop - (start + pixel * perPixel);
      if (rest > 0) {
        share[pixel * INKS + color]! += rest * perByte;
        inks[pixel]! |= bit;
      }
    }
    pixelStart = start + pixel * perPixel;
  }
  return map;
}

/** Index of the first block that may reach into a window. */
const firstIn = (blocks: Blocks, start: number): number => Math.max(0, blocks.lowerBound(start));

function cleared(rows: number, width: number, into: Coverage | undefined): Coverage {
  if (into?.rows === rows && into.width === width) {
    into.share.fill(0);
    into.inks.fill(0);
    into.edges.fill(0);
    into.wide.length = 0;
    return into;
  }
  const pixels = rows * width;
  return {
    width,
    rows,
    share: new Float32Array(pixels * INKS),
    inks: new Uint32Array(pixels),
    edges: new Uint8Array(pixels),
    wide: [],
  };
}
