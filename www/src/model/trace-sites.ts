import { Head, Kind, RECORD_WORDS } from "../wire/trace-layout";
import { demangle } from "./demangle";
import type { Trace } from "./trace";

/** Stacks that were captured, each kept once. */
export class SiteTable {
  readonly stacks: string[][] = [];
  /** By the text of an Error, and by the names in it: texts differ where names do not. */
  private readonly texts = new Map<string, number>();
  private readonly names = new Map<string, number>();

  /** `scripts`: functions of scripts are named with their file. */
  constructor(private readonly scripts = false) {}

  /** The number of a stack as an Error has it; from 1. */
  take(text: string): number {
    const known = this.texts.get(text);
    if (known !== undefined) return known;
    const stack = frames(text, this.scripts);
    const key = stack.join("\n");
    let number = this.names.get(key);
    if (number === undefined) {
      number = this.stacks.push(stack);
      this.names.set(key, number);
    }
    this.texts.set(text, number);
    return number;
  }
}

/** Deeper stacks are cut off: their outermost functions say least. */
export const DEPTH = 64;

/** Returns the stack, without the function `below` and what it called, as an Error has it. */
export function captureStack(below: (size: number) => number): string {
  // Not every engine leaves the function itself out of the stack, nor limits its depth.
  const engine = Error as { stackTraceLimit?: number; captureStackTrace?: (target: object, below: unknown) => void };
  const before = engine.stackTraceLimit;
  engine.stackTraceLimit = DEPTH;
  const target: { stack?: string } = engine.captureStackTrace === undefined ? new Error() : {};
  engine.captureStackTrace?.(target, below);
  if (before === undefined) delete engine.stackTraceLimit;
  else engine.stackTraceLimit = before;
  return target.stack ?? "";
}

/** Frames that every sample has: the hook, its glue, and the trace. */
const OWN = /bonsaiSite|bonsai_site|bonsai_alloc::trace|Sites>::site|__rust(c?)_(alloc|realloc|dealloc|alloc_zeroed)|__rg_/;

/** The functions of a stack, innermost first: V8's and Firefox's ways of writing it; those of scripts with their file, if that is asked for. */
export function frames(stack: string, scripts = false): string[] {
  const names: string[] = [];
  for (const line of stack.split("\n")) {
    const v8 = /^\s*at (?:async )?(?:(.+?) \()?([^()]*)\)?$/.exec(line);
    const firefox = /^(.*?)@(.*)$/.exec(line);
    const [name, place] = v8 !== null ? [v8[1], v8[2]] : firefox !== null ? [firefox[1], firefox[2]] : [undefined, undefined];
    if (place === undefined) continue;
    const own = name === undefined || name === "" ? placeName(place) : name;
    const script = scripts && name !== undefined && name !== "" ? scriptOf(place) : "";
    if (!OWN.test(own)) names.push(plain(own) + script);
  }
  return names.length === 0 ? ["(unknown)"] : names;
}

/** The file of a script, as it stands behind a function's name; "" for a place in wasm. */
const scriptOf = (place: string): string => {
  const file = /([^/?#]+\.[mc]?[jt]s)(?:[?#][^:]*)?:\d+(?::\d+)?$/.exec(place)?.[1];
  return file === undefined || place.includes("wasm-function") ? "" : ` (${file})`;
};

/** Of a function without a name its number is kept; the offset within differs from call to call. */
const placeName = (place: string): string =>
  /wasm-function\[\d+\]/.exec(place)?.[0] ?? place.replace(/^.*\//, "").replace(/\?[^:]*/, "");

/** `program.wasm.core::f::h0123456789abcdef` is `core::f`. */
const plain = (name: string): string => demangle(name.replace(/^[\w-]+\.wasm\./, ""));

/** A block that was sampled: from the record of its birth to that of its end. */
export interface Sample {
  readonly site: number;
  readonly address: number;
  readonly size: number;
  readonly born: number;
  /** -1: it was still live at the end. */
  died: number;
  /** The head of its record. */
  readonly head: number;
  /** The number of blocks like it, as an estimate: the inverse of its chance to be sampled. */
  readonly weight: number;
}

export const weightOf = (size: number, rate: number): number => (rate === 0 || size === 0 ? 1 : 1 / -Math.expm1(-size / rate));

/** Returns the rate that a site was sampled at, from its record's head and the rate of the trace. */
export const rateOf = (head: number, rate: number): number => rate * 2 ** Head.align(head);

/** Gathers the samples of a trace, part by part. A reallocation ends a block, and begins one that is sampled or not by itself. */
export class Samples {
  readonly all: Sample[] = [];
  private readonly live = new Map<number, Sample>();

  /** `sites` is the number of known stacks, `rate` that of the trace. */
  constructor(
    private readonly sites: number,
    private readonly rate: number,
  ) {}

  /** Takes the next records, the first of which has the number `first`. */
  add(words: Uint32Array, first: number): void {
    for (let at = 0; at < words.length; at += RECORD_WORDS) {
      const index = first + at / RECORD_WORDS;
      const head = words[at]!;
      const kind = Head.kind(head);
      const [address, size, other] = [words[at + 1]!, words[at + 2]!, words[at + 3]!];
      if (kind === Kind.Deallocate || kind === Kind.Allocate || kind === Kind.Zeroed) this.end(address, index);
      else if (kind === Kind.Reallocate && address !== 0) {
        this.end(other, index);
        this.end(address, index);
      } else if (kind === Kind.Site && other >= 1 && other <= this.sites) {
        const sample = { site: other, address, size, born: index, died: -1, head, weight: weightOf(size, rateOf(head, this.rate)) };
        this.all.push(sample);
        this.live.set(address, sample);
      } else if (kind === Kind.Lost) {
        // They may have been freed there: nothing is said to be live that may not be.
        for (const sample of this.live.values()) sample.died = index;
        this.live.clear();
      }
    }
  }

  private end(address: number, at: number): void {
    if (this.live.size === 0) return;
    const sample = this.live.get(address);
    if (sample === undefined) return;
    sample.died = at;
    this.live.delete(address);
  }
}

/** Every sample of a trace. */
export function samples(trace: Trace): Sample[] {
  const gathered = new Samples(trace.sites.length, trace.rate);
  gathered.add(trace.words.subarray(0, trace.count * RECORD_WORDS), 0);
  return gathered.all;
}

/** Of what was allocated in a part of the trace: what is still live, all of it, what is gone, or what was live at its peak. */
export const WHICH = ["live", "all", "temporary", "peak"] as const;
export type Which = (typeof WHICH)[number];

export interface Choice {
  /** Records: from the first, to before the last. */
  readonly from: number;
  readonly to: number;
  /** The record at which it is asked what is live. */
  readonly end: number;
  readonly which: Which;
  /** The record at which most was live; for `peak`. */
  readonly peak: number;
}

export function choose(all: readonly Sample[], { from, to, end, which, peak }: Choice): Sample[] {
  const liveAt = ({ born, died }: Sample, at: number): boolean => born < at && (died < 0 || died >= at);
  return all.filter((sample) => {
    if (which === "peak") return liveAt(sample, peak);
    if (sample.born < from || sample.born >= to) return false;
    if (which === "all") return true;
    return liveAt(sample, end) === (which === "live");
  });
}

/** Estimates for one site. */
export interface SiteTotal {
  readonly site: number;
  readonly stack: readonly string[];
  samples: number;
  blocks: number;
  bytes: number;
}

/** Totals of each site, the most bytes first. */
export function bySite(chosen: readonly Sample[], stacks: readonly (readonly string[])[]): SiteTotal[] {
  const totals = new Map<number, SiteTotal>();
  for (const { site, size, weight } of chosen) {
    let total = totals.get(site);
    if (total === undefined) {
      total = { site, stack: stacks[site - 1] ?? [], samples: 0, blocks: 0, bytes: 0 };
      totals.set(site, total);
    }
    total.samples++;
    total.blocks += weight;
    total.bytes += weight * size;
  }
  return [...totals.values()].sort((a, b) => b.bytes - a.bytes);
}
