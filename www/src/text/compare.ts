import type { Plan } from "../model/trace-plan";
import { file } from "./compare-file";
import { bytes, counted, integer, plural } from "./format";
import { inspector } from "./inspector";
import { en as page } from "./page";

const contenders = {
  heap: { name: "Heap", about: "General purpose: runs of granules with quick lists" },
  slab: { name: "SlabHeap", about: "Size-class slabs over a buddy" },
  buddy: { name: "BuddyHeap", about: "Powers of two, split and merged" },
  bump: { name: "BumpHeap", about: "Never looks back" },
  tiny: { name: "TinyHeap", about: "Least code" },
  dlmalloc: { name: "dlmalloc", about: "What Rust’s std brings along" },
} as const;

/** Texts of the room Compare. */
export const en = {
  heap: inspector.heap,
  map: inspector.map,
  file: file(contenders),
  share: page.share,

  replay: {
    title: "Replay",
    caption: "The same operations on every allocator of the crate and on Rust’s default, each alone in a module of its own. Times are the median of five runs, from the fastest to the slowest beside it, and include the calls into the module, the same for all.",
    start: "Replay on all",
    stop: "Stop the replay",
    now: (allocator: string): string => `This module, as it is: ${allocator}`,
    nowTime: "within the program’s own",
    none: "—",
    missing: "The module is not built. Run “cargo xtask build”.",
    done: (count: number): string => `Replayed on ${counted(count)} allocators.`,
    each: (nanoseconds: number): string => `${integer(Math.round(nanoseconds))} ns`,
    range: (low: string, high: string): string => `${low} – ${high}`,
    columns: ["Allocator", "Time", "Fastest – slowest", "Each", "Memory grown", "Growths", "Largest free", "Refused"],
    names: {
      heap: "Heap",
      slab: "SlabHeap",
      buddy: "BuddyHeap",
      bump: "BumpHeap",
      tiny: "TinyHeap",
      dlmalloc: "Rust’s default (dlmalloc)",
    },
    notes: (plan: Plan): readonly string[] => [
      `${plural(plan.count, "operation", "operations")}; at most ${bytes(plan.peak)} live, ${bytes(plan.live)} at the end.`,
      ...(
        [
          [plan.unknownFrees, "frees of blocks from before the trace, left out"],
          [plan.unknownReallocations, "reallocations of such blocks, made allocations"],
          [plan.impliedFrees, "blocks whose free was lost, freed where their address came again"],
          [plan.refused, "requests that had been refused, left out"],
        ] as const
      ).flatMap(([count, what]) => (count === 0 ? [] : [`${integer(count)} ${what}.`])),
    ],
  },

  compare: {
    title: "Comparison",
    lead: "The same requests, from one seed, to several allocators. Each is the global allocator of a wasm module of its own.",
    what: "What is run",
    file: "A file",
    trace: (name: string): string => `The trace ${name}`,
    load: "A synthetic load",
    workload: "Workload",
    workloads: {
      random: { name: "Random sizes", about: "2,000 slots, one filled or emptied at a time; 1 to 10,000 bytes." },
      churn: { name: "Churn", about: "10,000 blocks of 8 to 1,024 bytes, one replaced at a time." },
      large: { name: "Large blocks", about: "800 slots, one filled or emptied at a time; 1 to 100,000 bytes." },
      vectors: { name: "Growing vectors", about: "64 buffers that double until they have 64 KiB, and begin anew." },
      stack: { name: "Stack", about: "Blocks of 16 to 64 bytes; the newest goes first." },
      ratchet: { name: "Ratchet", about: "Buffers that get larger each time, among small blocks that live long." },
    },
    steps: "Steps",
    seed: "Seed",
    allocators: "Allocators",
    contenders,
    run: "Run",
    stop: "Stop",
    noise:
      "Times are of this browser and this moment: a busy machine, a saving battery or a coarse clock move them. Take differences of less than a tenth for noise. Memory is the same in every run.",
    none: (rounds: number): string =>
      `Nothing was run yet. Each allocator gets one run to warm up, and ${counted(rounds)} that are timed, in turns.`,
    running: "Running…",
    done: (count: number, rounds: number): string =>
      `${plural(count, "allocator", "allocators")}, ${counted(rounds)} timed runs of each, in turns, each in a fresh instance.`,
    strays: (names: readonly string[]): string =>
      `These did something else than the others, or lost what was written to their blocks: ${names.join(", ")}. Their figures mean nothing.`,
    missing: "The modules of the comparison are not built. Run “cargo xtask build”, then load this page again.",
    failed: (why: string): string => `The comparison stopped: ${why}`,
    time: "Time a step",
    timeCaption: "Median of the runs; the line goes from the fastest to the slowest. A torn bar is longer than there is room for.",
    memory: "Memory grown",
    memoryCaption: "What memory.grow added; in front of it, the most that was asked for at once.",
    nanoseconds: (value: number): string => `${nanoseconds(value)} ns`,
    range: (low: number, high: number): string => `${nanoseconds(low)}–${nanoseconds(high)} ns`,
    ratio: (value: number): string => `${value.toFixed(2)} ×`,
    columns: ["Allocator", "Heap", "Time a step", "Fastest–slowest", "Asked for, at the end", "Asked for, at most", "Memory grown", "Grown / asked for", "Growths", "Steps"],
    out: (name: string, steps: number): string => `${name}, out of memory after ${plural(steps, "step", "steps")}`,
    outNote: "The modules may grow to 64 MiB. Who ran out is timed up to there.",
    show: "Show",
    showLabel: (name: string): string => `Show the heap of ${name}`,
    closed: "cannot be read",
    heapOf: (name: string): string => `${name}, as the workload left it`,
    close: "Close",
    moment: "the workload",
  },
} as const;

/** Two digits and no more: the runs of one allocator differ by more than the third says. */
function nanoseconds(value: number): string {
  if (value < 10) return value.toFixed(1);
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1);
  return integer(Math.round(value / unit) * unit);
}
