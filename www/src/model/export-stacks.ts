import type { SiteTotal } from "./trace-sites";

/** Call sites as others read them: folded stacks, and speedscope's file. */

/** A line a stack, outermost first, and its bytes: what flamegraph.pl and inferno read. */
export function foldedStacks(totals: readonly SiteTotal[]): string {
  const name = (text: string): string => text.replaceAll(";", ":").replaceAll(/\s+/g, " ");
  return totals.map(({ stack, bytes }) => `${[...stack].reverse().map(name).join(";")} ${Math.round(bytes)}\n`).join("");
}

/** speedscope's format, a profile of samples weighed in bytes. */
export interface Speedscope {
  readonly $schema: "https://www.speedscope.app/file-format-schema.json";
  readonly shared: { readonly frames: readonly { readonly name: string }[] };
  readonly profiles: readonly {
    readonly type: "sampled";
    readonly name: string;
    readonly unit: "bytes";
    readonly startValue: 0;
    readonly endValue: number;
    readonly samples: readonly (readonly number[])[];
    readonly weights: readonly number[];
  }[];
  readonly activeProfileIndex: 0;
  readonly exporter: string;
  readonly name: string;
}

export function speedscope(totals: readonly SiteTotal[], name: string): Speedscope {
  const frames = new Map<string, number>();
  const frame = (of: string): number => {
    const known = frames.get(of);
    if (known !== undefined) return known;
    frames.set(of, frames.size);
    return frames.size - 1;
  };
  const samples = totals.map(({ stack }) => [...stack].reverse().map(frame));
  const weights = totals.map(({ bytes }) => Math.round(bytes));
  return {
    $schema: "https://www.speedscope.app/file-format-schema.json",
    shared: { frames: [...frames.keys()].map((each) => ({ name: each })) },
    profiles: [{ type: "sampled", name, unit: "bytes", startValue: 0, endValue: weights.reduce((sum, each) => sum + each, 0), samples, weights }],
    activeProfileIndex: 0,
    exporter: "bonsai_alloc",
    name,
  };
}
