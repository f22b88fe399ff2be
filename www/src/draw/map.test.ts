import { describe, expect, it } from "vitest";
import { INKS } from "../model/inks";
import { coverage } from "../model/map-layout";
import { Blocks, State } from "../model/snapshot";
import { MapPainter } from "./map";
import type { Ink } from "./palette";

/** Just enough of a canvas to see what is put on it. */
function canvas(): { element: HTMLCanvasElement; puts: number[][]; pixel: (x: number, y: number) => number[] } {
  const puts: number[][] = [];
  let shown: { data: Uint8ClampedArray; width: number } | null = null;
  const context = {
    createImageData: (width: number, height: number) => ({ width, height, data: new Uint8ClampedArray(width * height * 4) }),
    putImageData: (image: { data: Uint8ClampedArray; width: number }, ...where: number[]) => {
      puts.push(where);
      shown = image;
    },
  };
  const element = { width: 0, height: 0, getContext: () => context } as unknown as HTMLCanvasElement;
  return { element, puts, pixel: (x, y) => [...(shown?.data.slice((y * shown.width + x) * 4, (y * shown.width + x) * 4 + 3) ?? [])] };
}

const ink = (value: number): Ink => ({ plain: [value, value, value], mark: [value, value, value], texture: 0 });
const colours = { inks: Array.from({ length: INKS }, (_, i) => ink(10 * (i + 1))), paper: [255, 255, 255] as const };
const size = { band: 4, gap: 2 };

function heap(sizes: readonly (readonly [number, number])[]): { blocks: Blocks; ink: Uint8Array } {
  const blocks = new Blocks();
  let at = 0;
  for (const [bytes] of sizes) {
    blocks.push(at, bytes, State.Live);
    at += bytes;
  }
  return { blocks, ink: Uint8Array.from(sizes.map(([, color]) => color)) };
}

const view = { start: 0, bytesPerRow: 128, rows: 3 };

describe("the map's painter", () => {
  it("paints one ink plain and several as a mixture", () => {
    const { element, pixel } = canvas();
    const blocks = heap([[128, 1], [1, 3], [1, 5], [126, 1], [128, 2]]);
    new MapPainter().paint(element, coverage(blocks, view, 64, Infinity), colours, size, 1);
    expect([element.width, element.height]).toEqual([64, 18]);
    expect(pixel(5, 0)).toEqual([20, 20, 20]);
    expect(pixel(0, 6)).toEqual([50, 50, 50]);
    expect(pixel(5, 12)).toEqual([30, 30, 30]);
    expect(pixel(5, 4), "between the rows is nothing").toEqual([0, 0, 0]);
  });

  it("puts only rows on the canvas that differ", () => {
    const { element, puts } = canvas();
    const painter = new MapPainter();
    const paint = (blocks: ReturnType<typeof heap>): number =>
      painter.paint(element, coverage(blocks, view, 64, Infinity), colours, size, 1);
    expect(paint(heap([[384, 1]]))).toBe(3);
    expect(puts).toEqual([[0, 0, 0, 0, 64, 16]]);
    expect(paint(heap([[384, 1]]))).toBe(0);
    expect(paint(heap([[128, 1], [2, 4], [254, 1]]))).toBe(1);
    expect(puts[1]).toEqual([0, 0, 0, 6, 64, 4]);
    expect(paint(heap([[384, 2]]))).toBe(3);
    expect(puts.slice(2), "rows that follow each other at once").toEqual([[0, 0, 0, 0, 64, 16]]);
    expect(paint(heap([[128, 1], [128, 2], [128, 1]]))).toBe(2);
    expect(puts.slice(3), "rows apart apart").toEqual([[0, 0, 0, 0, 64, 4], [0, 0, 0, 12, 64, 4]]);
  });

  it("paints all anew in other colours", () => {
    const { element, pixel } = canvas();
    const painter = new MapPainter();
    const map = coverage(heap([[384, 1]]), view, 64, Infinity);
    painter.paint(element, map, colours, size, 1);
    expect(painter.paint(element, map, { ...colours, inks: [...colours.inks].reverse() }, size, 1)).toBe(3);
    // Ink 1 of those reversed is the last but one.
    expect(pixel(5, 0)).toEqual([10 * (INKS - 1), 10 * (INKS - 1), 10 * (INKS - 1)]);
  });

  it("paints what is not the heap's as a line", () => {
    const { element, pixel } = canvas();
    new MapPainter().paint(element, coverage(heap([[384, State.Gap]]), view, 64, Infinity), colours, size, 1);
    expect([0, 1, 2, 3].map((y) => pixel(5, y)[0])).toEqual([0, 0, 40, 0]);
  });

  it("uses a coverage's memory again", () => {
    const first = coverage(heap([[384, 1]]), view, 64);
    const second = coverage(heap([[16, 2]]), view, 64, 4, first);
    expect(second.share).toBe(first.share);
    expect(second.inks.slice(8)).toEqual(new Uint32Array(3 * 64 - 8));
    expect(second.wide).toEqual([0]);
  });
});
