import type { Happening } from "../model/explain";
import { address, bytes, counted, integer, plural } from "./format";
import { inspector } from "./inspector";
import { en as page } from "./page";

/** Texts of the sandbox. */
export const en = {
  ...inspector,
  share: page.share,

  sandbox: {
    title: "Sandbox",
    lead: "Cut a piece of memory by hand. Each operation is the crate’s own, called through its handles.",
    allocator: "Allocator",
    allocators: {
      buddy: { name: "Buddy", about: "Halves a block until it fits, and joins halves when both are free." },
      slab: { name: "Slab", about: "Equal blocks: any free one fits any request that fits at all." },
      bump: { name: "Bump", about: "Moves one mark; memory comes back when the last block goes." },
    },
    region: "Region",
    smallest: "Smallest block",
    blockSize: "Block size",
    blocks: "Blocks",
    size: "Size in bytes",
    align: "Alignment",
    allocate: "Allocate",
    reset: "Reset",
    workload: "Random workload",
    play: "Run",
    pause: "Pause",
    step: "Step",
    seed: "Seed",
    speed: "Speed",
    speeds: { slow: "Slow", brisk: "Brisk", fast: "Fast" },
    loading: "Loading the allocators…",
    missing: "The sandbox’s module is not built. Run “cargo xtask build”, then load this page again.",
    failed: (why: string): string => `The sandbox’s module could not be started: ${why}`,
    refusedInput: (why: string): string => `The allocator refused: ${why}`,
    log: "What happened",
    figure: {
      buddy: "The tree. Click a live block, or press Enter on it, to free it.",
      slab: "The blocks, in address order. Click a live block, or press Enter on it, to free it.",
      bump: "The region, from its start. Click a piece, or press Enter on it, to give it back.",
    },
    key: {
      buddy: "Solid is what was asked for, hatched what is wasted, dotted what is free, dashed what stands split.",
      slab: "Solid is what was asked for, hatched what is wasted, dotted what is free.",
      bump: "Solid is out, dotted is free, ochre is lost until the last piece goes.",
    },
    figureLabel: "Blocks of the allocator",
    noRoom: (size: number): string => `no memory is left for ${bytes(size)}`,
    nothingAt: (at: number): string => `no live block begins at ${address(at)}`,
    /** Begins with the visible name of the block, so that a voice command finds it. */
    block: (at: number, size: number, state: string, requested: number | null, exact: boolean): string => {
      const write = exact ? (n: number): string => plural(n, "byte", "bytes") : bytes;
      return `${state}, ${write(size)} at ${address(at)}${requested === null ? "" : `, ${write(requested)} asked for`}`;
    },
    start: {
      buddy: (region: number): string => `One free block of ${bytes(region)}. Ask for a few bytes to see it split.`,
      slab: (count: number, size: number): string => `${plural(count, "block", "blocks")} of ${bytes(size)}, all free.`,
      bump: (region: number): string => `${bytes(region)}, nothing handed out.`,
    },
    happened: {
      buddy: (what: Happening): string => buddyText(what),
      slab: (what: Happening): string => slabText(what),
      bump: (what: Happening): string => bumpText(what),
    },
    figures: {
      live: "Live",
      wasted: "Wasted in blocks",
      free: "Free",
      largest: "Largest free",
      pieces: "Free pieces",
    },
    columns: ["Address", "Size", "State", "Asked for"],
    outstanding: "Out now",
    history: "History",
    undo: "Undo",
    redo: "Redo",
    place: (at: number, all: number): string =>
      at === all ? plural(all, "operation", "operations") : `${integer(at)} of ${plural(all, "operation", "operations")}`,
    keys: "Ctrl+Z undoes, Ctrl+Shift+Z or Ctrl+Y does again.",
    undone: "Undone, back at the start.",
    full: (most: number): string =>
      `${integer(most)} operations are as many as the sandbox remembers. Undo some, or start anew with another size.`,
  },
} as const;

const waste = (requested: number, took: number): string =>
  took === requested ? "nothing is wasted" : `${integer(took - requested)} wasted`;

function buddyText(what: Happening): string {
  switch (what.did) {
    case "allocated": {
      const [first, second] = what.split;
      const asked = plural(what.requested, "byte", "bytes");
      const wasted = waste(what.requested, what.took);
      if (first === undefined || second === undefined) {
        return `A free block of ${integer(what.took)} stood ready for ${asked}: ${wasted}.`;
      }
      if (what.split.length === 2) {
        return `Split ${integer(first)} into ${integer(second)} + ${integer(second)} to serve ${asked}: ${wasted}.`;
      }
      return `Split ${what.split.map(integer).join(" → ")} to serve ${asked}: ${wasted}.`;
    }
    case "freed": {
      const into = what.merged[what.merged.length - 1] ?? what.size;
      const times = what.merged.length - 1;
      const head = `Freed ${integer(what.size)}`;
      if (times === 0) return `${head}. Its buddy is not free as a whole, so nothing merges.`;
      if (times === 1) return `${head}; its buddy was free too: they merged into ${integer(into)}.`;
      return `${head}, and merged ${times === 2 ? "twice" : `${counted(times)} times`}: ${what.merged.map(integer).join(" → ")}.`;
    }
    case "refused":
      return refusedText(what);
    case "reset":
      return resetText(what.freed);
  }
}

function slabText(what: Happening): string {
  switch (what.did) {
    case "allocated":
      return `Block ${integer(what.position)} serves ${plural(what.requested, "byte", "bytes")}: ${waste(what.requested, what.took)} of ${integer(what.took)}.`;
    case "freed":
      return `Block ${integer(what.position)} is free again; ${plural(what.left, "block is", "blocks are")} still out.`;
    case "refused":
      return what.free === 0
        ? `No block is free for ${plural(what.requested, "byte", "bytes")}.`
        : `Refused: ${plural(what.requested, "byte", "bytes")} do not fit in a block of ${integer(what.largest)}.`;
    case "reset":
      return resetText(what.freed);
  }
}

function bumpText(what: Happening): string {
  switch (what.did) {
    case "allocated": {
      const padding = what.took - what.requested;
      const moved = `The mark moved by ${integer(what.took)} to serve ${plural(what.requested, "byte", "bytes")}`;
      return padding === 0 ? `${moved}: nothing is wasted.` : `${moved}: ${integer(padding)} to align them.`;
    }
    case "freed":
      return what.left === 0
        ? "That was the last one out: the whole region is free again."
        : "Given back, but the mark stays: others are still out.";
    case "refused":
      return refusedText(what);
    case "reset":
      return resetText(what.freed);
  }
}

function refusedText(what: { readonly requested: number; readonly largest: number; readonly free: number }): string {
  const asked = plural(what.requested, "byte", "bytes");
  if (what.free >= what.requested && what.largest < what.requested) {
    return `Refused: ${integer(what.free)} bytes are free, but no piece holds ${asked}; the largest is ${integer(what.largest)}. That is external fragmentation.`;
  }
  return `Refused: ${asked} do not fit; ${integer(what.free)} are free, the largest piece is ${integer(what.largest)}.`;
}

const resetText = (count: number): string =>
  count === 0 ? "Reset: all is free, as before." : `Reset: ${plural(count, "block", "blocks")} forgotten at once.`;
