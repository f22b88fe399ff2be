import type { History } from "./history";
import { scroll, SMALLEST_ROW, type MapWindow } from "./map-layout";
import { compare, travel, type Selection } from "./selection";

/** The look of an inspector, in words for a link: each is "" where it is as usual. */
export interface Looks {
  readonly panel: string;
  readonly colouring: string;
  /** The moment looked at, `3`, or the range, `2.4`. */
  readonly moment: string;
  /** The window of a zoomed map: the first address in hexadecimal digits, and the bytes of a row, `11a000.512`. */
  readonly zoom: string;
  /** The address of the chosen block in hexadecimal digits. */
  readonly block: string;
}

export const MOMENT = /^[1-9]\d{0,8}(\.[1-9]\d{0,8})?$/;
export const ZOOM = /^[0-9a-f]{1,9}\.\d{1,10}$/;
export const BLOCK = /^[0-9a-f]{1,9}$/;

export function writeMoment({ moment, range }: Selection): string {
  return range === null ? (moment === null ? "" : String(moment)) : range.join(".");
}

/** The selection with the moment or range of a link. */
export function readMoment(text: string, selection: Selection, history: History): Selection {
  if (!MOMENT.test(text)) return selection;
  const [from, to] = text.split(".").map(Number) as [number, number | undefined];
  return to === undefined ? travel(selection, history, from) : compare(selection, history, from, to);
}

export const writeZoom = (view: MapWindow | null, address: (position: number) => number): string =>
  view === null ? "" : `${address(view.start).toString(16)}.${view.bytesPerRow}`;

/** The window of a link, inside of the whole; null where there is none in it. */
export function readZoom(text: string, whole: MapWindow, position: (address: number) => number): MapWindow | null {
  if (!ZOOM.test(text)) return null;
  const [start, row] = text.split(".") as [string, string];
  const bytesPerRow = 2 ** Math.round(Math.log2(Math.max(SMALLEST_ROW, Number(row))));
  if (bytesPerRow >= whole.bytesPerRow) return null;
  const first = Math.floor(position(parseInt(start, 16)) / bytesPerRow) * bytesPerRow;
  return scroll({ start: first, bytesPerRow, rows: whole.rows }, whole, 0);
}
