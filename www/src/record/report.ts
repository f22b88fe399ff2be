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

/** Returns the lines on call sites with the most live bytes; `sites` begin with these. */
export function siteLines(sites: readonly LiveSite[], rate: number): string[] {
  if (sites.length === 0) return [];
  const lines = [`Live by call site (estimated, a sample in ${size(rate)}):`];
  for (const { stack, blocks, bytes } of sites.slice(0, ROWS)) {
    lines.push(`  ${size(bytes).padStart(11)}  ${whole.format(blocks).padStart(9)} blocks  ${culprit(stack)}`);
    const callers = stack.slice(stack.indexOf(culprit(stack)) + 1, stack.indexOf(culprit(stack)) + 4);
    if (callers.length > 0) lines.push(`${" ".repeat(33)}← ${callers.join(" ← ")}`);
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

/** Says that a recording is incomplete, where more blocks were freed than allocated; else nothing. */
export const incomplete = ({ allocations, frees }: Pick<Counts, "allocations" | "frees">): string[] =>
  frees <= allocations
    ? []
    : [
        `Incomplete: ${whole.format(frees)} frees and ${whole.format(allocations)} allocations were seen. Some of the allocator's functions could not be found, because the compiler inlined them; or threads freed blocks of others.`,
      ];

/** The first line of a report, with the memory's size. */
export const heading = ({ name, reason, bytes }: Pick<About, "name" | "reason" | "bytes">): string =>
  `Heap of ${name}, ${REASONS[reason] ?? reason}: ${whole.format(bytes / PAGE)} pages (${size(bytes)})`;

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
    if (lost === 0) lines.push(...incomplete(counters));
    lines.push(...siteLines(sites, about.rate));
  }
  return `${lines.join("\n")}\n`;
}
