/** The times of one animation, in milliseconds, a number a frame. */
export interface Frames {
  readonly frame: readonly number[];
  readonly script: readonly number[];
}

export interface Figures {
  readonly frames: number;
  readonly framesPerSecond: number;
  readonly frame: Percentiles;
  readonly script: Percentiles;
}

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly worst: number;
}

const rounded = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits;

export function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number): number => rounded(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN, 2);
  return { p50: at(0.5), p95: at(0.95), worst: at(1) };
}

export function figures({ frame, script }: Frames): Figures {
  const total = frame.reduce((sum, value) => sum + value, 0);
  return {
    frames: frame.length,
    framesPerSecond: rounded((1000 * frame.length) / total, 1),
    frame: percentiles(frame),
    script: percentiles(script),
  };
}

export function line(name: string, { frames, framesPerSecond, frame, script }: Figures): string {
  const three = ({ p50, p95, worst }: Percentiles): string => [p50, p95, worst].map((ms) => ms.toFixed(1).padStart(6)).join("");
  return `${name.padEnd(24)}${String(frames).padStart(4)} frames${framesPerSecond.toFixed(1).padStart(6)} a second; a frame${three(frame)} ms, its script${three(script)} ms`;
}
