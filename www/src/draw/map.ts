import { INKS } from "../model/inks";
import type { Coverage } from "../model/map-layout";
import { State } from "../model/snapshot";
import { marked, TILE, type Ink, type Rgb } from "./palette";

export interface RowSize {
  /** Height of a row's band and the distance to the next, in CSS pixels. */
  readonly band: number;
  readonly gap: number;
}

export interface MapColours {
  readonly inks: readonly Ink[];
  readonly paper: Rgb;
}

/** Pixels are written as one little-endian word each: every machine that runs wasm agrees. */
const pack = ([r, g, b]: Rgb): number => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;

/**
 * Paints the map's rows: texture where one ink fills a pixel, the mixture of colours where several
 * do, a line of paper where a block begins. One pass over the pixels, no shapes. It remembers what
 * it painted, and puts on the canvas only the rows that differ: that is the costly part.
 */
export class MapPainter {
  private image: ImageData | null = null;
  private pixels = new Uint32Array();
  private row = new Uint32Array();
  private colours: MapColours | null = null;
  /** Packed pixels: `[ink][y % side][x % side]`, in device pixels. */
  private table = new Uint32Array();
  private side = TILE;
  private scale = 0;

  /** Paints a canvas, which it sizes; tells how many rows were put on it. */
  paint(canvas: HTMLCanvasElement, map: Coverage, colours: MapColours, size: RowSize, scale: number): number {
    const context = canvas.getContext("2d");
    if (context === null || map.width === 0) return 0;
    const band = Math.round(size.band * scale);
    const pitch = Math.round((size.band + size.gap) * scale);
    const height = Math.max(1, map.rows * pitch);
    if (this.colours !== colours || this.scale !== scale) this.mix(colours, scale);
    let image = this.image;
    const fresh = image?.width !== map.width || image.height !== height;
    if (image === null || fresh) {
      image = this.image = context.createImageData(map.width, height);
      this.pixels = new Uint32Array(image.data.buffer);
      this.row = new Uint32Array(map.width * band);
      canvas.width = map.width;
      canvas.height = height;
    }
    let put = 0;
    for (let row = 0; row < map.rows; row++) {
      this.paintRow(map, row, band, colours, scale);
      const at = row * pitch * map.width;
      if (!fresh && same(this.pixels, at, this.row)) continue;
      this.pixels.set(this.row, at);
      put++;
      if (!fresh) context.putImageData(image, 0, 0, 0, row * pitch, map.width, band);
    }
    if (fresh) context.putImageData(image, 0, 0);
    return put;
  }

  private paintRow(map: Coverage, row: number, band: number, { inks, paper }: MapColours, scale: number): void {
    const { row: out, table, side } = this;
    const { width } = map;
    const paperPixel = pack(paper);
    const gapLine = pack(inks[State.Gap]!.mark);
    const lineFrom = Math.floor(band / 2);
    const lineTo = lineFrom + Math.max(1, Math.round(scale));
    out.fill(0);
    for (let x = 0; x < width; x++) {
      const pixel = row * width + x;
      let only = map.full[pixel]! - 1;
      let color = 0;
      if (map.edges[pixel] === 1) color = paperPixel;
      else if (only < 0) {
        const at = pixel * INKS;
        let sum = 0;
        for (let ink = 0; ink < INKS; ink++) {
          const share = map.share[at + ink]!;
          if (share <= 0) continue;
          sum += share;
          if (share > 0.995) only = ink;
        }
        if (sum < 0.01) continue;
        if (only < 0) color = mixture(map.share, at, sum, inks);
      }
      if (color !== 0) fill(out, width, x, 0, band, color);
      else if (only === State.Gap) fill(out, width, x, lineFrom, lineTo, gapLine);
      else {
        const from = only * side * side + (x % side);
        for (let y = 0; y < band; y++) out[y * width + x] = table[from + (y % side) * side]!;
      }
    }
  }

  private mix(colours: MapColours, scale: number): void {
    const unit = Math.max(1, Math.round(scale));
    const side = TILE * unit;
    this.table = new Uint32Array(INKS * side * side);
    colours.inks.forEach((ink, index) => {
      const plain = pack(ink.plain);
      const mark = pack(ink.mark);
      for (let y = 0; y < side; y++) {
        for (let x = 0; x < side; x++) {
          const on = marked(ink.texture, Math.floor(x / unit), Math.floor(y / unit));
          this.table[(index * side + y) * side + x] = on ? mark : plain;
        }
      }
    });
    this.side = side;
    this.scale = scale;
    this.colours = colours;
  }
}

function same(pixels: Uint32Array, at: number, row: Uint32Array): boolean {
  for (let i = 0; i < row.length; i++) if (pixels[at + i] !== row[i]) return false;
  return true;
}

function fill(pixels: Uint32Array, width: number, x: number, from: number, to: number, color: number): void {
  for (let y = from; y < to; y++) pixels[y * width + x] = color;
}

function mixture(share: Float32Array, at: number, sum: number, inks: readonly Ink[]): number {
  let r = 0;
  let g = 0;
  let b = 0;
  for (let ink = 0; ink < inks.length; ink++) {
    const part = share[at + ink]! / sum;
    if (part === 0) continue;
    const color = inks[ink]!.plain;
    r += part * color[0];
    g += part * color[1];
    b += part * color[2];
  }
  return pack([Math.round(r), Math.round(g), Math.round(b)]);
}
