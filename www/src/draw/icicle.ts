import type { Placed } from "../model/icicle-motion";
import { State } from "../model/snapshot";
import { marked, TILE, type Palette, type Rgb } from "./palette";

export interface IcicleSize {
  readonly width: number;
  readonly row: number;
  readonly gap: number;
}

const css = ([r, g, b]: Rgb): string => `rgb(${r} ${g} ${b})`;

/** A small picture of each state's texture, to fill shapes with. */
export function patterns(context: CanvasRenderingContext2D, palette: Palette): (CanvasPattern | string)[] {
  return palette.plain.map((plain, state) => {
    const tile = document.createElement("canvas");
    tile.width = tile.height = TILE;
    const painter = tile.getContext("2d");
    if (painter === null) return css(plain);
    painter.fillStyle = css(plain);
    painter.fillRect(0, 0, TILE, TILE);
    painter.fillStyle = css(palette.mark[state]!);
    for (let y = 0; y < TILE; y++) {
      for (let x = 0; x < TILE; x++) if (marked(state, x, y)) painter.fillRect(x, y, 1, 1);
    }
    return context.createPattern(tile, "repeat") ?? css(plain);
  });
}

/** Paints the tree: split blocks as a bracket, the others filled. */
export function paintIcicle(
  context: CanvasRenderingContext2D,
  { bars, rows }: { readonly bars: readonly Placed[]; readonly rows: number },
  palette: Palette,
  size: IcicleSize,
  chosen: number,
): void {
  const fills = patterns(context, palette);
  const pitch = size.row + size.gap;
  context.clearRect(0, 0, size.width, rows * pitch);
  for (const { bar, row, opacity } of bars) {
    context.globalAlpha = opacity;
    const left = bar.x * size.width;
    const right = (bar.x + bar.width) * size.width;
    const from = Math.max(-1, left);
    const width = Math.min(size.width + 1, right) - from;
    const top = row * pitch;
    const inner = width > 4 ? width - 1 : Math.max(0.6, width);
    if (bar.state === -1) {
      context.fillStyle = palette.line;
      context.fillRect(from, top, inner, 1);
      if (width > 4) {
        context.fillRect(from, top, 1, pitch);
        context.fillRect(from + inner - 1, top, 1, pitch);
      }
      continue;
    }
    context.fillStyle = fills[bar.state] ?? palette.ink;
    context.fillRect(from, top, inner, size.row);
    if (bar.state === State.Free || bar.state === State.Fresh) {
      context.strokeStyle = css(palette.mark[State.Free]!);
      if (width > 3) context.strokeRect(from + 0.5, top + 0.5, inner - 1, size.row - 1);
    }
    if (bar.index === chosen && bar.count === 1) {
      context.strokeStyle = palette.ink;
      context.lineWidth = 2;
      context.strokeRect(from - 1, top - 1, Math.max(4, inner + 2), size.row + 2);
      context.lineWidth = 1;
    }
  }
  context.globalAlpha = 1;
}
