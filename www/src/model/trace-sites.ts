import { Head, Kind, RECORD_WORDS } from "../wire/trace-layout";
import { demangle } from "./demangle";
import type { Trace } from "./trace";

/** Stacks that were captured, each kept once. */
export class SiteTable {
  readonly stacks: string[][] = [];
  /** By the text of an Error, and by the names in it: texts differ where names do not. */
  private readonly texts = new Map<string, number>();
  private readonly names = new Map<string, number>();

  /** The number of a stack as an Error has it; from 1. */
  take(text: string): number {
    const known = this.texts.get(text);
    if (known !== undefined) return known;
    const stack = frames(text);
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
const DEPTH = 64;

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

/** The functions of a stack, innermost first: V8's and Firefox's ways of writing it. */
export function frames(stack: string): string[] {
  const names: string[] = [];
  for (const line of stack.split("\n")) {
    const v8 = /^\s*at (?:async )?(?:(.+?) \()?([^()]*)\)?$/.exec(line);
    const firefox = /^(.*?)@(.*)$/.exec(line);
    const [name, place] = v8 !== null ? [v8[1], v8[2]] : firefox !== null ? [firefox[1], firefox[2]] : [undefined, undefined];
    if (place === undefined) continue;
    const own = name === undefined || name === "" ? placeName(place) : name;
    if (!OWN.test(own)) names.push(plain(own));
  }
  return names.length === 0 ? ["(unknown)"] : names;
}

/** Of a function without a name its number is kept; the offset within differs from call to call. */
const placeName = (place: string): string =>
  /wasm-function\[\d+\]/.exec(place)?.[0] ?? place.replace(/^.*\//, "").replace(/\?[^:]*/, "");

/** `program.wasm.core::f::h0123456789abcdef` is `core::f`. */
const plain = (name: string): string => demangle(name.replace(/^[\w-]+\.wasm\./, ""));

/** The names of Rust's own libraries, which act on behalf of their callers. */
const LIBRARY = /^<?(alloc|core|std|hashbrown)::/;

/** The innermost function of a stack that is not of Rust's libraries; if all are, the innermost. */
export const culprit = (stack: readonly string[]): string => stack.find((name) => !LIBRARY.test(name)) ?? stack[0] ?? "";

/** A block that was sampled: from the record of its birth to that of its end. */
export interface Sample {
  readonly site: number;
  readonly address: number;
  readonly size: number;
  readonly born: number;
  /** -1: it was still live at the end. */
  died: number;
  /** The number of blocks like it, as an estimate: the inverse of its chance to be sampled. */
  readonly weight: number;
}

export const weightOf = (size: number, rate: number): number => (rate === 0 || size === 0 ? 1 : 1 / -Math.expm1(-size / rate));

/** Every sample. A reallocation ends a block, and begins one that is sampled or not by itself. */
export function samples(trace: Trace): Sample[] {
  const all: Sample[] = [];
  const live = new Map<number, Sample>();
  const end = (address: number, at: number): void => {
    const sample = live.get(address);
    if (sample === undefined) return;
    sample.died = at;
    live.delete(address);
  };
  const { words } = trace;
  for (let i = 0; i < trace.count; i++) {
    const at = i * RECORD_WORDS;
    const kind = Head.kind(words[at]!);
    const [address, size, other] = [words[at + 1]!, words[at + 2]!, words[at + 3]!];
    if (kind === Kind.Deallocate || kind === Kind.Allocate || kind === Kind.Zeroed) end(address, i);
    else if (kind === Kind.Reallocate && address !== 0) {
      end(other, i);
      end(address, i);
    } else if (kind === Kind.Site && other >= 1 && other <= trace.sites.length) {
      const sample = { site: other, address, size, born: i, died: -1, weight: weightOf(size, trace.rate) };
      all.push(sample);
      live.set(address, sample);
    }
  }
  return all;
}

/** Of what was allocated in a range of records: all of it, or what was still live at the end. */
export interface Choice {
  readonly from: number;
  readonly to: number;
  readonly liveOnly: boolean;
}

export function choose(all: readonly Sample[], { from, to, liveOnly }: Choice): Sample[] {
  return all.filter(({ born, died }) => born >= from && born < to && (!liveOnly || died < 0));
}

/** Estimates for one site. */
export interface SiteTotal {
  readonly site: number;
  readonly stack: readonly string[];
  samples: number;
  blocks: number;
  bytes: number;
}

/** Returns the sums of each site, the most bytes first. */
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

/** A function in the flame graph, under those that called it. */
export interface Flame {
  readonly name: string;
  readonly depth: number;
  /** The beginning of the bar and its width, in bytes. */
  readonly from: number;
  readonly bytes: number;
  readonly blocks: number;
  /** Index of the caller in the list, -1 for the root. */
  readonly parent: number;
}

interface Node {
  name: string;
  bytes: number;
  blocks: number;
  children: Map<string, Node>;
}

/** The flame graph, callers above: parents before children, the widest child first. */
export function flames(totals: readonly SiteTotal[], root: string): Flame[] {
  const node = (name: string): Node => ({ name, bytes: 0, blocks: 0, children: new Map() });
  const top = node(root);
  for (const { stack, bytes, blocks } of totals) {
    let at = top;
    at.bytes += bytes;
    at.blocks += blocks;
    for (let i = stack.length - 1; i >= 0; i--) {
      let next = at.children.get(stack[i]!);
      if (next === undefined) at.children.set(stack[i]!, (next = node(stack[i]!)));
      next.bytes += bytes;
      next.blocks += blocks;
      at = next;
    }
  }
  const list: Flame[] = [];
  // By hand and not by recursion: a stack in a file may be of any depth.
  const open = [{ node: top, depth: 0, from: 0, parent: -1 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const index = list.length;
    const { name, bytes, blocks } = next.node;
    list.push({ name, depth: next.depth, from: next.from, bytes, blocks, parent: next.parent });
    let { from } = next;
    const children = [...next.node.children.values()].sort((a, b) => b.bytes - a.bytes);
    const placed = children.map((child) => {
      const place = { node: child, depth: next.depth + 1, from, parent: index };
      from += child.bytes;
      return place;
    });
    open.push(...placed.reverse());
  }
  return list;
}
