import { icicle } from "./icicle";
import type { Core } from "./scenario";
import { State, type Blocks } from "./snapshot";

/** A rectangle of the sandbox's figure, in CSS pixels. */
export interface Tile {
  /** The same block keeps its key from one operation to the next. */
  readonly key: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** -1: a buddy block that stands split. */
  readonly state: State | -1;
  readonly address: number;
  readonly size: number;
  /** Index into the blocks, or -1. */
  readonly index: number;
}

export interface SandboxFigure {
  readonly tiles: readonly Tile[];
  readonly width: number;
  readonly height: number;
}

const GAP = 2;
const PIN = 3;

/** The figure that suits the core. */
export function coreFigure(core: Core, blocks: Blocks, width: number, row: number): SandboxFigure {
  switch (core.kind) {
    case "buddy":
      return treeFigure(blocks, core.region, core.smallest, width, row);
    case "slab":
      return gridFigure(blocks, width, 44, row);
    case "bump":
      return stripFigure(blocks, width, 84);
  }
}

/** The buddy's tree: one row an order, the whole region on top. */
export function treeFigure(blocks: Blocks, region: number, smallest: number, width: number, row: number): SandboxFigure {
  const start = blocks.count === 0 ? 0 : blocks.address[0]!;
  const { bars, sizes } = icicle(blocks, {
    granule: smallest,
    base: start,
    from: start,
    to: start + region,
    least: 0,
    start,
    end: start + region,
    top: region,
  });
  const tiles = bars.map((bar): Tile => ({
    key: `${bar.address}:${bar.size}`,
    x: bar.x * width,
    y: bar.row * (row + GAP),
    width: Math.max(1, bar.width * width - (bar.width * width > 6 ? GAP : 0.5)),
    height: row,
    state: bar.state,
    address: bar.address,
    size: bar.size,
    index: bar.index,
  }));
  // In address order, then from large to small: the order in which the keyboard goes through them.
  tiles.sort((a, b) => a.address - b.address || b.size - a.size);
  return { tiles, width, height: sizes.length * (row + GAP) - GAP };
}

/** Equal blocks in lines, like text. */
export function gridFigure(blocks: Blocks, width: number, least: number, row: number): SandboxFigure {
  const shown = indices(blocks, (state) => state === State.Live || state === State.Free || state === State.Fresh);
  const columns = Math.max(1, Math.min(shown.length, Math.floor((width + GAP) / (least + GAP))));
  const cell = (width + GAP) / columns - GAP;
  const tiles = shown.map((index, i) => ({
    ...tile(blocks, index),
    x: (i % columns) * (cell + GAP),
    y: Math.floor(i / columns) * (row + GAP),
    width: cell,
    height: row,
  }));
  return { tiles, width, height: Math.ceil(shown.length / columns) * (row + GAP) - GAP };
}

export interface StripOptions {
  /** Bytes that the width stands for, where strips are to be compared; else all there are. */
  readonly span?: number;
  /** The first bytes, which are all that is drawn. */
  readonly shown?: number;
  /** Live blocks stand out below by so much, and are no narrower than a pin, so that a small one in a large heap is seen. */
  readonly pins?: number;
}

/** One strip, each range as wide as it is long. */
export function stripFigure(blocks: Blocks, width: number, row: number, options: StripOptions = {}): SandboxFigure {
  const start = blocks.count === 0 ? 0 : blocks.address[0]!;
  const scale = width / Math.max(1, options.span ?? spanOf(blocks));
  const end = start + (options.shown ?? Infinity);
  const tiles = indices(blocks, (_, index) => blocks.address[index]! < end).map((index) => {
    const wide = (Math.min(end, blocks.end(index)) - blocks.address[index]!) * scale;
    const pin = blocks.state[index] === State.Live ? (options.pins ?? 0) : 0;
    return {
      ...tile(blocks, index),
      x: (blocks.address[index]! - start) * scale,
      y: 0,
      width: Math.max(pin > 0 ? PIN : 1, wide - (wide > 6 ? GAP : 0.5)),
      height: row + pin,
    };
  });
  return { tiles, width, height: row + (options.pins ?? 0) };
}

/** From the first block to the end of the last. */
export const spanOf = (blocks: Blocks): number => (blocks.count === 0 ? 0 : blocks.end(blocks.count - 1) - blocks.address[0]!);

const indices = (blocks: Blocks, wanted: (state: number, index: number) => boolean): number[] =>
  Array.from({ length: blocks.count }, (_, i) => i).filter((i) => wanted(blocks.state[i]!, i));

const tile = (blocks: Blocks, index: number): Pick<Tile, "key" | "state" | "address" | "size" | "index"> => ({
  key: `${blocks.address[index]!}:${blocks.size[index]!}`,
  state: blocks.state[index] as State,
  address: blocks.address[index]!,
  size: blocks.size[index]!,
  index,
});
