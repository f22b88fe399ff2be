import { expect, it } from "vitest";
import { readZoom, writeZoom } from "./looks";

const whole = { start: 0x100000, bytesPerRow: 8192, rows: 30 };
const same = (at: number): number => at;

it("a window comes back from a link as it was", () => {
  const view = { start: 0x108000, bytesPerRow: 1024, rows: 30 };
  expect(writeZoom(view, same)).toBe("108000.1024");
  expect(readZoom("108000.1024", whole, same)).toEqual(view);
  expect(writeZoom(null, same)).toBe("");
});

it("a window of a link is inside of the heap, whatever the link says", () => {
  expect(readZoom("0.1024", whole, same)).toEqual({ start: 0x100000, bytesPerRow: 1024, rows: 30 });
  expect(readZoom("fffffffff.1024", whole, same)!.start).toBe(0x100000 + 8192 * 30 - 1024 * 30);
  expect(readZoom("108000.1000", whole, same)!.bytesPerRow, "a power of two").toBe(1024);
  expect(readZoom("108000.1", whole, same)!.bytesPerRow).toBe(128);
  for (const text of ["", "108000", "x.1024", "108000.8192", "108000.9999999999"]) expect(readZoom(text, whole, same)).toBeNull();
});
