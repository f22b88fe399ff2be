import { findHeaps } from "../headless";
import { culprit } from "../model/stack";
import type { Heap } from "../../component/headless";
import type { About } from "./dump";
import type { LiveSite } from "./live";
import type { Counts } from "./tap";

const PAGE = 65536;
/** Rows of each table. */
const ROWS = 10;

export const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

export function size(bytes: number): string {
  if (bytes < 1024) return `${whole.format(bytes)} B`;
  return bytes < 1024 * 1024 ? `${tenth.format(bytes / 1024)} KiB` : `${tenth.format(bytes / 1024 / 1024)} MiB`;
}

/** Says in a sentence how a heap stands. */
function verdict({ allocator, certain, live, free, largestFree }: Heap): string {
  const found = `${allocator}${certain ? "" : " (uncertain)"}: ${size(live.bytes)} live in ${whole.format(live.blocks)} blocks`;
  if (free.blocks === 0) return `${found}, nothing free.`;
  const scattered = free.bytes > live.bytes / 4 && largestFree < free.bytes / 2;
  const pieces = `${size(free.bytes)} free in ${whole.format(free.blocks)} pieces, the largest of ${size(largestFree)}`;
  return `${found}, ${pieces}.${scattered ? " Fragmented: a request larger than that makes memory grow." : ""}`;
}

/** Live blocks of one size. */
interface SizeRow {
  readonly size: number;
  readonly blocks: number;
  readonly bytes: number;
}

/** Returns the lines on sizes of live blocks with the most bytes; `rows` begin with these. */
export const sizeLines = (rows: readonly SizeRow[]): string[] =>
  rows.length === 0
    ? []
    : ["Live blocks by size:", ...rows.slice(0, ROWS).map(({ size: each, blocks, bytes }) => `  ${size(bytes).padStart(11)}  ${whole.format(blocks).padStart(9)} × ${size(each)}`)];

/** Characters of a line of callers, and of what stands in front of it. */
const WIDTH = 120;
const INDENT = 33;

/** Returns the lines on all callers of a site. */
function callerLines(callers: readonly string[]): string[] {
  const lines: string[] = [];
  for (const caller of callers) {
    const last = lines.length - 1;
    if (last >= 0 && lines[last]!.length + caller.length + 3 <= WIDTH) lines[last] = `${lines[last]!} ← ${caller}`;
    else lines.push(`${" ".repeat(INDENT)}← ${caller}`);
  }
  return lines;
}

/** Bytes and blocks that are known to be live. */
interface Known {
  readonly bytes: number;
  readonly blocks: number;
}

/** Takes estimates back to what is known: together they are no more than all that lives. */
function within(sites: readonly LiveSite[], known: Known): LiveSite[] {
  const sum = (of: (site: LiveSite) => number): number => sites.reduce((total, site) => total + of(site), 0);
  const [bytes, blocks] = [Math.min(1, known.bytes / sum((site) => site.bytes)), Math.min(1, known.blocks / sum((site) => site.blocks))];
  return sites.map((site) => ({ stack: site.stack, bytes: site.bytes * bytes, blocks: site.blocks * blocks }));
}

/** Returns the lines on call sites with the most live bytes; `sites` begin with these. `known` is all that lives, where that is known. */
export function siteLines(sites: readonly LiveSite[], rate: number, known: Known | null): string[] {
  if (sites.length === 0) return [];
  const lines = [`Live by call site (estimated, a sample in ${size(rate)}):`];
  for (const { stack, blocks, bytes } of (known === null ? sites : within(sites, known)).slice(0, ROWS)) {
    lines.push(`  ${size(bytes).padStart(11)}  ${whole.format(blocks).padStart(9)} blocks  ${culprit(stack)}`);
    lines.push(...callerLines(stack.slice(stack.indexOf(culprit(stack)) + 1)));
  }
  return lines;
}

function sizes(heap: Heap): SizeRow[] {
  const rows = new Map<number, number>();
  for (const block of heap.blocks()) if (block.state === "live") rows.set(block.size, (rows.get(block.size) ?? 0) + 1);
  return [...rows].map(([each, blocks]) => ({ size: each, blocks, bytes: each * blocks })).sort((a, b) => b.bytes - a.bytes);
}

const REASONS: Readonly<Record<string, string>> = {
  exit: "when the program ended",
  signal: "at a signal",
  trap: "after a trap",
  refused: "when the allocator had no memory",
};

const MISSED = "Some of the allocator's functions could not be found, because the compiler inlined them; or threads freed blocks of others.";

/**
 * Says that a recording is incomplete, where more blocks were freed than allocated, or, of `blocks` that are known to live, where fewer live than were
 * not freed; else nothing.
 */
export const incomplete = ({ allocations, frees }: Pick<Counts, "allocations" | "frees">, blocks = Infinity): string[] => {
  if (frees > allocations) return [`Incomplete: ${whole.format(frees)} frees and ${whole.format(allocations)} allocations were seen. ${MISSED}`];
  const left = allocations - frees;
  return left > blocks ? [`Incomplete: by what was seen ${whole.format(left)} blocks live, in the heap ${whole.format(blocks)} do. ${MISSED}`] : [];
};

/** The first line of a report, with the memory's size. */
export const heading = ({ name, reason, bytes }: Pick<About, "name" | "reason" | "bytes">): string =>
  `Heap of ${name}, ${REASONS[reason] ?? reason}: ${whole.format(bytes / PAGE)} pages (${size(bytes)})`;

/** All that lives in heaps that are certain; null where one is not, or none was found. */
function knownOf(heaps: readonly Heap[]): Known | null {
  if (heaps.length === 0 || !heaps.every(({ certain, sized }) => certain && sized)) return null;
  return { bytes: heaps.reduce((sum, { live }) => sum + live.bytes, 0), blocks: heaps.reduce((sum, { live }) => sum + live.blocks, 0) };
}

/** The report of a module's memory: a verdict, the sizes and the call sites with the most live bytes. */
export function report(memory: ArrayBufferLike, about: About): string {
  const lines = [heading(about)];
  const heaps = findHeaps(memory);
  if (heaps.length === 0) lines.push("No heap of a known allocator was found in this memory.");
  for (const heap of heaps) {
    lines.push(verdict(heap));
    if (heap.sized) lines.push(...sizeLines(sizes(heap)));
  }
  const { counters, sites } = about;
  if (counters === null) lines.push(`It was not recorded: ${about.unrecorded ?? "no functions of an allocator were found, or recording was off."}`);
  else {
    const { allocations, frees, reallocations, refused, lost } = counters;
    lines.push(
      `Recorded: ${whole.format(allocations)} allocations, ${whole.format(reallocations)} reallocations, ${whole.format(frees)} frees, ${whole.format(refused)} refused${lost === 0 ? "" : `, ${whole.format(lost)} lost`}.`,
    );
    const known = knownOf(heaps);
    if (lost === 0) lines.push(...incomplete(counters, known?.blocks));
    lines.push(...siteLines(sites, about.rate, known));
  }
  return `${lines.join("\n")}\n`;
}
