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
 * do, a line of paper where a block begins. It gives each pixel of a row a code, remembers the
 * codes that it painted, and writes only the rows that have others: a row costs little until then.
 */
export class MapPainter {
  private image: ImageData | null = null;
  private pixels = new Uint32Array();
  /** Of each pixel: 0 where nothing is, an ink + 1 for its texture, or else a packed colour. */
  private codes = new Uint32Array();
  private row = new Uint32Array();
  private colours: MapColours | null = null;
  /** Packed pixels: `[code][y % side][x % side]`, in device pixels. */
  private table = new Uint32Array();
  private side = TILE;
  private scale = 0;

  /** Paints a canvas, which it sizes; tells how many rows were put on it. */
  paint(canvas: HTMLCanvasElement, map: Coverage, colours: MapColours, size: RowSize, scale: number): number {
    const context = canvas.getContext("2d");
    const { width, rows } = map;
    if (context === null || width === 0) return 0;
    const band = Math.round(size.band * scale);
    const pitch = Math.round((size.band + size.gap) * scale);
    const height = Math.max(1, rows * pitch);
    let fresh = this.colours !== colours || this.scale !== scale;
    if (fresh) this.mix(colours, scale, band);
    let { image } = this;
    if (image?.width !== width || image.height !== height) {
      image = this.image = context.createImageData(width, height);
      this.pixels = new Uint32Array(image.data.buffer);
      this.codes = new Uint32Array(rows * width);
      this.row = new Uint32Array(width);
      canvas.width = width;
      canvas.height = height;
      fresh = true;
    }
    let put = 0;
    // Rows that follow each other are put at once.
    let from = 0;
    const flush = (to: number): void => {
      if (to > from) context.putImageData(image, 0, 0, 0, from * pitch, width, (to - from - 1) * pitch + band);
      put += to - from;
    };
    for (let row = 0; row < rows; row++) {
      this.encode(map, row, colours);
      if (fresh || !same(this.codes, row * width, this.row)) {
        this.codes.set(this.row, row * width);
        this.fill(row * pitch * width, band);
        continue;
      }
      flush(row);
      from = row + 1;
    }
    flush(rows);
    return put;
  }

  /** The codes of a row's pixels. */
  private encode({ width, share, inks, edges }: Coverage, row: number, colours: MapColours): void {
    const paper = pack(colours.paper);
    for (let x = 0; x < width; x++) {
      const pixel = row * width + x;
      this.row[x] = edges[pixel] === 1 ? paper : blend(share, pixel * INKS, inks[pixel]!, colours.inks);
    }
  }

  /** Writes a row's pixels as their codes say. */
  private fill(to: number, band: number): void {
    const { row, table, side, pixels } = this;
    let at = to;
    for (let y = 0; y < band; y++) {
      const line = (y % side) * side;
      for (let x = 0, tile = 0; x < row.length; x++) {
        const code = row[x]!;
        pixels[at++] = code > INKS ? code : table[code * side * side + line + tile]!;
        if (++tile === side) tile = 0;
      }
    }
  }

  private mix(colours: MapColours, scale: number, band: number): void {
    const unit = Math.max(1, Math.round(scale));
    const side = TILE * unit;
    this.table = new Uint32Array((INKS + 1) * side * side);
    colours.inks.forEach((ink, index) => {
      const gap = index === State.Gap;
      const plain = gap ? 0 : pack(ink.plain);
      const mark = pack(ink.mark);
      for (let y = 0; y < side; y++) {
        // What is not the heap's is a line along the middle.
        const middle = gap && y >= band >> 1 && y < (band >> 1) + unit;
        for (let x = 0; x < side; x++) {
          const on = middle || marked(ink.texture, Math.floor(x / unit), Math.floor(y / unit));
          this.table[((index + 1) * side + y) * side + x] = on ? mark : plain;
        }
      }
    });
    this.side = side;
    this.scale = scale;
    this.colours = colours;
  }
}

function same(codes: Uint32Array, at: number, row: Uint32Array): boolean {
  for (let i = 0; i < row.length; i++) if (codes[at + i] !== row[i]) return false;
  return true;
}

/** The code of a pixel with these inks: a bit for each, and how much of it each covers. */
function blend(share: Float32Array, at: number, bits: number, inks: readonly Ink[]): number {
  let sum = 0;
  let r = 0;
  let g = 0;
  let b = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) {
    const ink = 31 - Math.clz32(rest & -rest);
    const part = share[at + ink]!;
    if (part > 0.995) return ink + 1;
    const { plain } = inks[ink]!;
    sum += part;
    r += part * plain[0];
    g += part * plain[1];
    b += part * plain[2];
  }
  if (sum < 0.01) return 0;
  return pack([Math.round(r / sum), Math.round(g / sum), Math.round(b / sum)]);
}
