import type { Damage } from "../model/decode";
import type { Happening } from "../model/explain";
import type { Figures } from "../model/metrics";
import type { Verdict } from "../model/verdict";
import { address, bytes, counted, integer, percent, plural } from "./format";

/** What `<heap-inspector>` says: apart, because the element is a package of its own. */
export const inspector = {
  heap: {
    label: "Heap",
    none: "No heap to show yet.",
    noDescriptor:
      "This module exports no heap to look at. Add “bonsai_alloc::inspectable!(HEAP);” beside its global allocator.",
    read: (label: string, figures: Figures): string =>
      !figures.tracked
        ? `After ${label}: at least ${bytes(figures.free)} free in ${plural(figures.freeBlocks, "block", "blocks")}.`
        : `After ${label}: ${bytes(figures.live)} live in ${plural(figures.liveBlocks, "block", "blocks")}, ${bytes(figures.free)} free of ${bytes(figures.committed)} committed.`,
    table: "Table",
    verdict: (verdict: Verdict): { readonly sentence: string; readonly advice: string } => verdictText(verdict),
    figures: {
      live: ["Live", "in blocks the program holds"],
      committed: ["Committed", "taken from linear memory"],
      free: ["Free", "ready to be handed out"],
      largestFree: ["Largest free", "the largest request that needs no growth"],
      growths: ["Growths", "times memory.grow succeeded"],
    },
    unknown: "not tracked",
    overhead: (figures: Figures): string =>
      `${bytes(figures.meta)} more (${percent(figures.committed === 0 ? 0 : figures.meta / figures.committed)}) are the allocator’s own: headers, maps, tails.`,
  },

  state: {
    live: "live",
    free: "free",
    fresh: "free, never used",
    meta: "allocator’s own",
    gap: "not this heap’s",
    unknown: "not tracked",
    slab: "slab",
    split: "split",
  },

  map: {
    title: "Address map",
    caption: (row: number): string => `Every byte of the heap in address order, ${bytes(row)} a row.`,
    keys: "Arrow keys go from block to block, Page Up and Page Down by a screen, Home and End to the first and last; + and − zoom, 0 shows all, Escape lets go.",
    label: "Blocks in address order",
    none: "No block chosen",
    zoomIn: "Zoom in",
    zoomOut: "Zoom out",
    all: "Show all",
    overview: "Where the map’s window is in the heap",
    columns: ["Address", "Size", "State", "Belongs to"],
    rows: (shown: number, all: number): string =>
      shown < all
        ? `The first ${integer(shown)} of ${integer(all)} blocks in the map’s window; zoom in for the rest.`
        : `${plural(all, "block", "blocks")} in the map’s window.`,
  },

  block: {
    hint: "Choose a block in the map to see what it holds.",
    keys: [
      ["← →", "block before, block after"],
      ["↑ ↓", "a row up, a row down"],
      ["Home End", "first, last"],
      ["+ −", "zoom; Ctrl and wheel do too"],
      ["0", "show all"],
      ["Esc", "let go"],
    ],
    buddyFree: "Its buddy is free: freeing this block would merge them.",
    buddyBusy: "Its buddy is in use.",
    slab: (size: number): string => `slab of ${bytes(size)}`,
    inSlab: (size: number, used: number, capacity: number): string =>
      `in a slab of ${bytes(size)} blocks, ${integer(used)} of ${integer(capacity)} live`,
    bytes: (shown: number, all: number): string =>
      shown < all ? `First ${integer(shown)} of ${integer(all)} bytes` : plural(all, "byte", "bytes"),
    describe: (at: number, size: number, state: string, more: string): string =>
      `${address(at)}, ${bytes(size)}, ${state}${more === "" ? "" : `, ${more}`}`,
    buddyAt: (at: number): string => `Buddy at ${address(at)}.`,
    close: "Let go",
    label: "Chosen block",
    previous: "Block before",
    next: "Block after",
  },

  orders: {
    title: "Buddy orders",
    caption: "Large blocks on top; what hangs below a block was split from it. The map’s window, left to right.",
    label: "Tree of buddy blocks",
    columns: ["Block size", "Live", "Slabs", "Free", "Split", "Unusable"],
    unusable: "Unusable: the part of free memory in blocks too small for a request of this size.",
    free: (count: number): string => `${integer(count)} free`,
    empty: "Nothing is split yet.",
  },

  slabs: {
    title: "Slabs by class",
    caption: "A bar is one slab; its height is the part that is live.",
    label: (size: number, used: number, capacity: number, slabs: number): string =>
      `Class of ${bytes(size)} blocks: ${integer(used)} of ${integer(capacity)} live in ${plural(slabs, "slab", "slabs")}. Arrow keys choose a slab.`,
    columns: ["Block size", "Slabs", "Live", "Fit", "Occupied", "Overhead"],
    empty: "No slab yet.",
    chosen: (at: number, used: number, capacity: number): string =>
      `Slab at ${address(at)}: ${integer(used)} of ${integer(capacity)} live`,
  },

  tiny: {
    title: "Free lists",
    caption: "A tiny heap counts only what came back, by class.",
    columns: ["Block size", "Free blocks", "Free bytes"],
  },

  timeline: {
    title: "Timeline",
    caption: "Live and committed after each step.",
    label: (steps: number, live: number, committed: number): string =>
      `Live and committed memory over ${plural(steps, "step", "steps")}; now ${bytes(live)} live of ${bytes(committed)}.`,
    live: "live",
    committed: "committed",
    growth: "memory grew",
    columns: ["Step", "After", "Live", "Committed", "Largest free", "Growths"],
    forgotten: (count: number): string => `${plural(count, "earlier step is", "earlier steps are")} no longer kept.`,
  },

  damage: (damage: Damage): string => damageText(damage),
} as const;

/** Every English text of the page. */
export const en = {
  page: {
    name: "bonsai_alloc",
    program: "A real program",
    sandbox: "Sandbox",
    views: "Views",
    theme: { label: "Colours", auto: "Auto", light: "Light", dark: "Dark" },
  },

  program: {
    title: "A real program",
    lead: "A Rust module parses your file on this crate’s allocator. What it keeps is what you see.",
    allocator: "Allocator",
    allocators: {
      slab: { name: "Slab", about: "Size-class slabs over a buddy: SlabHeap." },
      buddy: { name: "Buddy", about: "Powers of two, split and merged: BuddyHeap." },
      bump: { name: "Bump", about: "Never looks back, frees only the last block: BumpHeap." },
      tiny: { name: "Tiny", about: "Least code; keeps no record of what is live: TinyHeap." },
    },
    source: "Source",
    samples: "Samples",
    sample: {
      trees: "Trees, JSON",
      forest: "Forest, JSON",
      guide: "Guide, Markdown",
      poem: "Words, text",
      broken: "Broken JSON",
    },
    open: "Open a file…",
    drop: "or drop one anywhere here",
    dropNow: "Drop to parse it",
    editor: "Text of the file",
    parse: "Parse",
    again: "Parse again",
    clear: "Clear",
    kind: "Read as",
    kinds: { json: "JSON", markdown: "Markdown", text: "Text" },
    excerpt: (shown: number, all: number): string =>
      `The file is too long to edit here: this is the first ${bytes(shown)} of ${bytes(all)}. All of it is parsed.`,
    parsed: (name: string, size: number, time: string): string => `${name}, ${bytes(size)}, parsed in ${time}.`,
    cleared: "The document is gone; the module gave its memory back to the heap.",
    nothing: "Nothing is parsed yet.",
    loading: (name: string): string => `Loading the module with the ${name} allocator…`,
    reading: (name: string): string => `Reading ${name}…`,
    missing: (name: string): string =>
      `The module for “${name}” is not built. Run “cargo xtask build”, then load this page again.`,
    failed: (name: string, why: string): string => `The module for “${name}” could not be started: ${why}`,
    retry: "Try again",
    broken: (name: string): string => `${name} could not be parsed.`,
    brokenKept: "The module keeps what it held before; the heap beside this is right.",
    goTo: (line: number, column: number): string => `Go to line ${integer(line)}, column ${integer(column)}`,
    dead: "The module stopped.",
    deadWhy: (why: string): string =>
      `It could not go on (${why}), most likely because memory ran out. A trapped instance cannot be used again; what you see is its heap as it was.`,
    restart: "Start a fresh module",
    unreadable: (name: string, why: string): string => `${name} could not be read: ${why}`,
    tooLarge: (name: string, size: number, most: number): string =>
      `${name} has ${bytes(size)}; this page takes files up to ${bytes(most)}.`,
    moment: { start: "start", parse: "parse", clear: "clear", error: "error" },
  },

  ...inspector,

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
    block: (at: number, size: number, state: string, requested: number | null): string =>
      `${state}, ${bytes(size)} at ${address(at)}${requested === null ? "" : `, ${plural(requested, "byte", "bytes")} asked for`}`,
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
  },
} as const;

function verdictText(verdict: Verdict): { sentence: string; advice: string } {
  const { kind, now, high, rise } = verdict;
  if (now === null || kind === "empty") {
    return {
      sentence: "The heap is empty: nothing has been allocated yet.",
      advice: "Parse something, and watch it fill.",
    };
  }
  const committed = bytes(now.committed);
  switch (kind) {
    case "untracked":
      return {
        sentence: `At least ${bytes(now.free)} are free; the rest is not tracked.`,
        advice:
          "A tiny heap keeps no record of live blocks, so nobody can tell a leak from a large document. Choose another allocator to find out.",
      };
    case "leak":
      return {
        sentence: `Live memory keeps rising, by ${bytes(rise)} so far: this looks like a leak.`,
        advice:
          "Something is kept that should go, or is never given back. Clear and parse again: whatever does not return to where it was is what leaks.",
      };
    case "fragmentation":
      return {
        sentence: `Fragmented: ${bytes(now.free)} are free, but no piece is larger than ${bytes(now.largestFree)}.`,
        advice:
          "A larger request makes memory grow though enough is free. Freeing what stands between the pieces, or keeping long-lived blocks apart, would join them.",
      };
    case "peak":
      return {
        sentence: `After a peak: ${bytes(now.live)} live, ${committed} still committed.`,
        advice: `${bytes(high)} were live at most. WebAssembly memory never shrinks; what is free now serves what comes next.`,
      };
    default:
      return {
        sentence: `Healthy: ${bytes(now.live)} live of ${committed} committed.`,
        advice: `${bytes(now.free)} are free, ${percent(now.free === 0 ? 0 : now.largestFree / now.free)} of that in one piece.`,
      };
  }
}

function damageText({ code, address: at, found }: Damage): string {
  const where = `at ${address(at)}`;
  switch (code) {
    case "no-descriptor":
      return `The module says its heap is described ${where}, which is not in its memory.`;
    case "magic":
      return `What stands ${where} is no description of a heap.`;
    case "version":
      return `The heap is described in version ${integer(found)} of the layout; this page reads version 1.`;
    case "kind":
      return `The heap is of kind ${integer(found)}, which this page does not know.`;
    case "short":
      return `The heap’s description is cut off after ${plural(found, "word", "words")}.`;
    case "beyond":
      return `The heap’s description leads out of memory, to ${address(found)} (read ${where}).`;
    case "align":
      return `The block ${where} does not stand where a block of its size can.`;
    case "order":
      return `The map of blocks is damaged ${where}.`;
    case "class":
      return `The slab ${where} is of a class that does not exist (${integer(found)}).`;
    case "count":
      return `The heap’s counts contradict each other ${where}.`;
    case "cycle":
      return `A free list runs in a circle ${where}.`;
  }
}

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
