import type { Coverage } from "../model/map-layout";
import { State, STATES } from "../model/snapshot";
import { marked, TILE, type Palette, type Rgb } from "./palette";

export interface RowSize {
  /** Height of a row's band and the distance to the next, in CSS pixels. */
  readonly band: number;
  readonly gap: number;
}

/** A look-up table of packed pixels: `[state][y % TILE][x % TILE]`, in device pixels. */
function textures(palette: Palette, scale: number): { readonly table: Uint32Array; readonly side: number } {
  const side = TILE * scale;
  const table = new Uint32Array(STATES * side * side);
  for (let state = 0; state < STATES; state++) {
    const plain = pack(palette.plain[state]!);
    const mark = pack(palette.mark[state]!);
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const on = marked(state, Math.floor(x / scale), Math.floor(y / scale));
        table[(state * side + y) * side + x] = on ? mark : plain;
      }
    }
  }
  return { table, side };
}

/** Pixels are written as one little-endian word each: every machine that runs wasm agrees. */
const pack = ([r, g, b]: Rgb): number => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;

/**
 * Paints the map's rows: texture where one state fills a pixel, the mixture of colours where
 * several do, a line of paper where a block begins. One pass over the pixels, no shapes.
 */
export function paintMap(
  context: CanvasRenderingContext2D,
  map: Coverage,
  palette: Palette,
  size: RowSize,
  scale: number,
): void {
  const band = Math.round(size.band * scale);
  const pitch = Math.round((size.band + size.gap) * scale);
  const height = map.rows * pitch;
  const image = context.createImageData(map.width, Math.max(1, height));
  const pixels = new Uint32Array(image.data.buffer);
  const { table, side } = textures(palette, Math.max(1, Math.round(scale)));
  const paper = pack(palette.paper);
  const gapLine = pack(palette.mark[State.Gap]!);
  const lineFrom = Math.floor(band / 2);
  const lineTo = lineFrom + Math.max(1, Math.round(scale));

  for (let row = 0; row < map.rows; row++) {
    for (let x = 0; x < map.width; x++) {
      const pixel = row * map.width + x;
      const at = pixel * STATES;
      let only = -1;
      let sum = 0;
      for (let state = 0; state < STATES; state++) {
        const share = map.share[at + state]!;
        if (share <= 0) continue;
        sum += share;
        if (share > 0.995) only = state;
      }
      if (sum < 0.01) continue;
      const top = row * pitch;
      if (map.edges[pixel] === 1) {
        fill(pixels, map.width, x, top, top + band, paper);
      } else if (only === State.Gap) {
        fill(pixels, map.width, x, top + lineFrom, top + lineTo, gapLine);
      } else if (only >= 0) {
        for (let y = 0; y < band; y++) {
          pixels[(top + y) * map.width + x] = table[(only * side + (y % side)) * side + (x % side)]!;
        }
      } else {
        fill(pixels, map.width, x, top, top + band, mixture(map.share, at, sum, palette));
      }
    }
  }
  context.putImageData(image, 0, 0);
}

function fill(pixels: Uint32Array, width: number, x: number, from: number, to: number, color: number): void {
  for (let y = from; y < to; y++) pixels[y * width + x] = color;
}

function mixture(share: Float32Array, at: number, sum: number, palette: Palette): number {
  let r = 0;
  let g = 0;
  let b = 0;
  for (let state = 0; state < STATES; state++) {
    const part = share[at + state]! / sum;
    if (part === 0) continue;
    const color = palette.plain[state]!;
    r += part * color[0];
    g += part * color[1];
    b += part * color[2];
  }
  return pack([Math.round(r), Math.round(g), Math.round(b)]);
}
