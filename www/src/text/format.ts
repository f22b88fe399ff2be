/** Numbers as the page writes them. */

const INTEGER = new Intl.NumberFormat("en");

export const integer = (value: number): string => INTEGER.format(value);

const UNITS = ["B", "KiB", "MiB", "GiB"];

/** Three digits and a unit: 812 B, 1.25 MiB. */
export function bytes(value: number): string {
  const [number, unit] = bytesParts(value);
  return `${number} ${unit}`;
}

/** The same, number and unit apart. */
export function bytesParts(value: number): [string, string] {
  let scaled = value;
  let unit = 0;
  while (scaled >= 999.5 && unit < UNITS.length - 1) {
    scaled /= 1024;
    unit++;
  }
  // 1,023 B is short enough as it is.
  if (unit === 1 && value < 1024) return [integer(value), "B"];
  const digits = unit === 0 || scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
  return [String(Number(scaled.toFixed(digits))), UNITS[unit]!];
}

/** A difference of bytes, with its sign: +1.25 MiB, −16 B, 0 B. */
export const signed = (value: number): string =>
  value === 0 ? "0 B" : `${value > 0 ? "+" : "−"}${bytes(Math.abs(value))}`;

export const address = (value: number): string => `0x${value.toString(16).padStart(8, "0")}`;

export function percent(share: number): string {
  if (share > 0 && share < 0.01) return "< 1 %";
  if (share < 1 && share > 0.99) return "> 99 %";
  return `${Math.round(share * 100)} %`;
}

export const plural = (count: number, one: string, many: string): string =>
  `${integer(count)} ${count === 1 ? one : many}`;

const SMALL = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

/** Small counts in words. */
export const counted = (count: number): string => SMALL[count] ?? integer(count);

export function milliseconds(value: number): string {
  return value < 10 ? `${value.toFixed(1)} ms` : `${integer(Math.round(value))} ms`;
}

/** A short span of time, in the unit that suits it, in two digits. */
export const spell = (value: number): string =>
  value >= 1 ? milliseconds(value) : value < 0.0995 ? `${integer(Math.round(value * 1000))} µs` : `${integer(Math.round(value * 100) * 10)} µs`;

/** A span of time, in the unit that suits it. */
export const seconds = (value: number): string =>
  value < 1000 ? milliseconds(value) : value < 60_000 ? `${(value / 1000).toFixed(1)} s` : `${integer(Math.round(value / 60_000))} min`;

/** A row of bytes as hex, and as text with a dot for what is no printable ASCII. */
export function dump(row: Uint8Array): { readonly hex: string; readonly text: string } {
  const hex = Array.from(row, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const text = Array.from(row, (byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "·")).join("");
  return { hex, text };
}
