import type { Damage } from "../model/decode/damage";
import type { Diff, Tally } from "../model/diff";
import type { Moment as HeapMoment } from "../model/history";
import type { Figures } from "../model/metrics";
import type { Found } from "../model/snapshot";
import type { Verdict } from "../model/verdict";
import { address, bytes, integer, percent, plural, seconds } from "./format";

/** Texts of `<heap-inspector>`: apart, because the element is a package of its own. */
export const inspector = {
  heap: {
    label: "Heap",
    none: "No heap to show yet.",
    noMemory: "The module exports no memory to look at, or several. Export one as “memory”, or attach { memory }.",
    noHeap: (looked: readonly string[]): string =>
      `No heap was found in this memory. Looked for ${looked.join(", ")}. A module that has allocated nothing yet has none. Add “bonsai_alloc::inspectable!(HEAP);” where the module is on a heap of bonsai_alloc; any module can be recorded all the same, on the page, or in Node: node --import @bonsai-alloc/heap-inspector/node app.mjs`,
    found: ({ heaps }: Found): string => `${heaps.map(foundHeap).join("; ")}.`,
    pages: ({ pages }: Found): string =>
      `Of ${plural(pages.all, "page", "pages")}, ${integer(pages.data)} are data and stack, ${integer(pages.heap)} are heap, ${integer(pages.unused)} were grown and never used.`,
    read: (label: string, figures: Figures): string =>
      !figures.tracked
        ? `After ${label}: at least ${bytes(figures.free)} free in ${plural(figures.freeBlocks, "block", "blocks")}.`
        : `After ${label}: ${bytes(figures.live)} live in ${plural(figures.liveBlocks, "block", "blocks")}, ${bytes(figures.free)} free of ${bytes(figures.committed)} committed.`,
    look: "refresh",
    table: "As table",
    tableOf: (what: string): string => `${what}: table`,
    verdict: (verdict: Verdict): { readonly sentence: string; readonly advice: string } => verdictText(verdict),
    figures: {
      live: ["Live", "in blocks the program holds"],
      used: ["Used", "up to the mark, freed or not"],
      memory: ["Linear memory", "all that the module has, the heap’s and other"],
      committed: ["Committed", "taken from linear memory"],
      largestFree: ["Largest free", "the largest piece, what waits merged"],
      overhead: ["Overhead", "the allocator’s own: headers, maps, tails"],
    },
    why: "why?",
    unknown: "not tracked",
    share: (part: number, of: number): string => (of === 0 ? "" : percent(part / of)),
  },

  metrics: {
    title: "Measures",
    caption: "Each with what it means, at the moment that is looked at.",
    rows: {
      free: ["Free", "Bytes ready to be handed out, whatever the size of the pieces."],
      blocks: ["Live blocks", "How many blocks the program holds."],
      internal: [
        "Internal fragmentation",
        "The part of live blocks that was not asked for. Known where a trace has the requested sizes.",
      ],
      external: [
        "External fragmentation",
        "The part of free memory outside of the largest free piece: 0 % is one piece, 100 % is dust. Blocks that wait count as merged.",
      ],
      highLive: ["High water, live", "The most that was live at any moment seen. Between two looks it may have been more."],
      highCommitted: ["High water, committed", "The most that was committed. WebAssembly memory never shrinks."],
      meta: ["Metadata", "Bytes that the allocator keeps for itself: headers, maps, tails of slabs."],
      growths: ["Growths", "How often memory.grow succeeded for the module’s pool of pages."],
    },
    unusable: {
      title: "Unusable free memory, by request",
      about:
        "How much of the free memory a request of this size cannot use: Linux’s unusable-free-space index, per order.",
      columns: ["Request", "Unusable", "Free pieces"],
      none: "Nothing is free.",
    },
  },

  state: {
    live: "live",
    free: "free",
    fresh: "free, never used",
    waiting: "free, waits: merges before memory grows",
    meta: "allocator’s own",
    gap: "not this heap’s",
    why: "why?",
    unknown: "not tracked",
    data: "data and stack, or somebody else’s",
    unused: "grown, never used",
    stack: "stack",
    static: "static data",
    slab: "slab",
    split: "split",
  },

  map: {
    title: "Address map",
    caption: (row: number): string => `Every byte of the heap in address order, ${bytes(row)} a row.`,
    keys: "Arrow keys go from block to block, Page Up and Page Down by a screen, Home and End to the first and last; + and − zoom, 0 shows all, Escape deselects.",
    label: "Blocks in address order",
    none: "No block chosen",
    colour: "Colour by",
    colourings: { state: "state", size: "size", age: "age", change: "change" },
    step: {
      state: (): string => "",
      size: (most: number): string => (most === Infinity ? "larger" : `up to ${bytes(most)}`),
      age: (most: number): string =>
        most === Infinity ? "older" : most === 0 ? "first seen now" : `up to ${plural(most, "moment", "moments")} ago`,
      change: (fate: number): string => ["stayed", "came", "went"][fate] ?? "",
    },
    tools: "The map’s window",
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
    hint: "Click a block in the map to see what it holds and who asked for it.",
    buddyFree: "Its buddy is free: freeing this block would merge them.",
    buddyBusy: "Its buddy is in use.",
    slab: (size: number): string => `slab of ${bytes(size)}`,
    inSlab: (size: number, used: number, capacity: number): string =>
      `in a slab of ${bytes(size)} blocks, ${integer(used)} of ${integer(capacity)} live.`,
    bytes: (shown: number, all: number): string =>
      shown < all ? `First ${integer(shown)} of ${integer(all)} bytes` : plural(all, "byte", "bytes"),
    describe: (at: number, size: number, state: string, more: string): string =>
      `${address(at)}, ${bytes(size)}, ${state}${more === "" ? "" : `, ${more}`}`,
    buddyAt: "Buddy at",
    since: (moment: HeapMoment): string => `First seen at #${integer(moment.id)} (${moment.label}).`,
    by: "Asked for by",
    pointed: "Pointed to by…",
    unpointed: "No word of a live block, of static data or of the stack is its address. JavaScript may hold it, or a pointer may lead into its middle.",
    outside: "in static data or on the stack",
    morePointers: (count: number): string => `and ${integer(count)} more`,
    asked: (requested: number, waste: number): string =>
      `${plural(requested, "byte", "bytes")} asked for, ${waste === 0 ? "none" : integer(waste)} wasted.`,
    thread: (number: number): string => `By thread ${integer(number)}.`,
    unasked: "What was asked for is unknown.",
    then: "Bytes are read from live memory, so they are shown for the present only.",
    before: "Before it",
    after: "After it",
    nothing: "nothing",
    close: "Deselect (Esc)",
    label: "Chosen block",
  },

  orders: {
    title: "Buddy orders",
    caption: "Large blocks on top; what hangs below a block was split from it. The map’s window, left to right.",
    label: "Tree of buddy blocks",
    keys: "Left and right go from block to block in address order, Home and End to the first and last, Escape lets go.",
    columns: ["Block size", "Live", "Slabs", "Free", "Split", "Unusable"],
    unusable: "Unusable: the part of free memory in blocks too small for a request of this size.",
    free: (count: number): string => `${integer(count)} free`,
    empty: "Nothing is split yet.",
  },

  slabs: {
    title: "Slabs by class",
    caption: "A bar is one slab; its height is the part that is live.",
    label: (size: number, used: number, capacity: number, slabs: number): string =>
      `Class of ${bytes(size)} blocks: ${integer(used)} of ${integer(capacity)} live in ${plural(slabs, "slab", "slabs")}. Left and right choose a slab, up and down another class.`,
    columns: ["Block size", "Slabs", "Live", "Fit", "Occupied", "Overhead"],
    empty: "No slab yet.",
    chosen: (at: number, used: number, capacity: number): string =>
      `Slab at ${address(at)}: ${integer(used)} of ${integer(capacity)} live`,
  },

  lists: {
    title: "Free lists",
    tiny: "A tiny heap counts only what came back, by class.",
    heap: "Blocks that wait in quick lists, to be used again as they are. They merge when they leave.",
    empty: "Nothing waits.",
    columns: ["Block size", "Free blocks", "Free bytes"],
  },

  classes: {
    title: "Live blocks by size",
    caption: "Bars are bytes; what is known to be wasted in them is hatched.",
    empty: "Nothing is live.",
    untracked: "A tiny heap keeps no record of what is live.",
    whole: "A bump heap knows no boundaries between blocks: each chunk counts as one.",
    columns: ["Size", "Bytes", "Blocks", "Wasted"],
    range: (from: number, to: number): string => (from === to ? bytes(to) : `${bytes(from)} – ${bytes(to)}`),
    unknown: "unknown",
    some: (waste: number, known: number, all: number): string =>
      known === all ? bytes(waste) : `${bytes(waste)} in ${integer(known)} known`,
  },

  panels: {
    label: "Panels",
    block: "Block",
    sizes: "Sizes",
    free: "Free",
    sites: "Sites",
    structure: "Structure",
    moments: "Moments",
    changes: "Changes",
    width: "Width of the panels",
  },

  sites: {
    title: "Call sites of live blocks",
    caption: "Estimates from samples: the innermost function that is not of Rust’s own libraries.",
    none: "No live block of this moment has a known call site.",
    columns: ["Function", "Bytes", "Blocks"],
  },

  structure: {
    title: "Structure",
    heap: "A heap of runs: free runs of granules in bins, freed blocks of one class in quick lists, and the top behind all of them.",
    bump: "A bump heap has one mark: all below it was handed out.",
    tiny: "A tiny heap has one free list a class, and no record of live blocks.",
  },

  timeline: {
    title: "Timeline",
    moments: "Moments",
    caption: "Click to go to a moment, drag to compare two.",
    label: "Moments of the heap",
    keys: "Left and right go from moment to moment, with Shift they select a range, Home and End go to the first and last, Escape returns to now.",
    live: "live",
    committed: "committed",
    largest: "largest free",
    growth: "memory grew",
    now: "now",
    back: "Back to now",
    columns: ["Moment", "After", "Time", "Live", "Committed", "Largest free", "Growths"],
    go: (id: number): string => `Go to moment ${integer(id)}`,
    moment: (moment: HeapMoment): string =>
      `Moment ${integer(moment.id)}, ${moment.label}, after ${seconds(moment.time)}: ${bytes(moment.live)} live of ${bytes(moment.committed)}, largest free ${bytes(moment.largestFree)}`,
    past: (moment: HeapMoment, back: number): string =>
      `Viewing #${integer(moment.id)} (${moment.label}), ${plural(back, "step", "steps")} back.`,
    forgotten: (count: number): string =>
      `The history is incomplete: ${plural(count, "earlier moment is", "earlier moments are")} no longer kept.`,
    thinned: (kept: number, all: number): string =>
      `${integer(kept)} of ${integer(all)} moments can be looked at; the others kept their figures only, to save memory.`,
    arrived: (moment: HeapMoment): string => `Moment ${integer(moment.id)}, ${moment.label}: ${bytes(moment.live)} live.`,
    returned: "Back to now.",
  },

  diff: {
    title: "What changed",
    caption: (from: HeapMoment, to: HeapMoment): string =>
      `Between moment ${integer(from.id)} (${from.label}) and moment ${integer(to.id)} (${to.label}).`,
    sentence: (diff: Diff): string =>
      `${changed(diff.came, "came")}, ${changed(diff.gone, "went")}, ${changed(diff.kept, "stayed")}.`,
    status: ({ from, to, diff }: { readonly from: HeapMoment; readonly to: HeapMoment; readonly diff: Diff | null }): { readonly sentence: string; readonly advice: string } => {
      const between = `from #${integer(from.id)} (${from.label}) to #${integer(to.id)} (${to.label})`;
      if (diff === null) return { sentence: `Nothing can be said ${between}.`, advice: inspector.diff.incomplete };
      const part = (tally: Tally, what: string): string => (tally.blocks === 0 ? `nothing ${what}` : changed(tally, what));
      return {
        sentence: `${capital(part(diff.came, "came"))}, ${part(diff.gone, "went")} ${between}.`,
        advice: `${changed(diff.kept, "stayed")}. ${inspector.diff.definition} What came and should have gone by now is a leak: the call sites below are of what came and is still live.`,
      };
    },
    definition: "A block stayed if it has the same address and size and was live at every look in between.",
    bySize: "By size",
    byRegion: "By region",
    region: (size: number): string => `Regions of ${bytes(size)}`,
    columns: { size: "Up to", region: "From", gone: "Went", came: "Came", net: "Net" },
    same: "Nothing came, nothing went.",
    incomplete: "One of the two moments is no longer kept, so they can’t be compared.",
  },

  damage: (damage: Damage): string => damageText(damage),
} as const;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const changed = (tally: Tally, what: string): string =>
  `${bytes(tally.bytes)} in ${plural(tally.blocks, "block", "blocks")} ${what}`;

function foundHeap({ allocator, certain, sized, live }: Found["heaps"][number]): string {
  const blocks = `${allocator}, ${sized ? "" : "about "}${plural(live, "live block", "live blocks")}`;
  return certain ? blocks : `${blocks} (uncertain: few blocks, or damaged)`;
}

function verdictText(verdict: Verdict): { sentence: string; advice: string } {
  const { kind, now, high, rise, over } = verdict;
  if (now === null || kind === "empty") {
    return {
      sentence: "The heap is empty: nothing has been allocated yet.",
      advice: "Let the program allocate something, and look again.",
    };
  }
  const committed = bytes(now.committed);
  switch (kind) {
    case "untracked":
      return {
        sentence: `At least ${bytes(now.free)} of ${bytes(now.memory)} of linear memory are free; the rest is not tracked.`,
        advice:
          "A tiny heap keeps no record of live blocks, so nobody can tell a leak from a large document. Choose another allocator to find out.",
      };
    case "used":
      return {
        sentence: `Used up to here: ${bytes(now.live)} of ${committed} committed.`,
        advice:
          "A bump heap moves one mark and frees the last block only. It cannot tell what of this is still in use.",
      };
    case "leak":
      return {
        sentence: `Live memory keeps rising, by ${bytes(rise)} in the last ${plural(over, "moment", "moments")}: this looks like a leak.`,
        advice:
          "Something is kept that should go, or is never given back. Repeat one task and select the range on the timeline: what came and never went is what leaks.",
      };
    case "fragmentation":
      if (rise > 0) {
        return {
          sentence: `Fragmented: committed memory rose by ${bytes(rise)} while live stayed flat.`,
          advice:
            "Memory grows though enough was free: the free pieces do not fit what is asked for. Look at where live blocks stand between them, and allocate what lives long first.",
        };
      }
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
        advice:
          now.free === 0
            ? "Nothing is free: the next request makes memory grow."
            : `${bytes(now.free)} are free, ${bytes(now.largestFree)} of that in the largest piece${now.waiting === 0 ? "" : `; ${bytes(now.waiting)} wait in quick lists and merge before memory grows`}.`,
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
      return `The heap is described in version ${integer(found)} of the layout; this inspector reads version 1. A newer inspector will read it.`;
    case "kind":
      return `The heap is of kind ${integer(found)}, which this inspector does not know.`;
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
    case "changed":
      return "Threads changed the heap while it was read. Pause them, or look again.";
    case "cycle":
      return `A free list runs in a circle ${where}.`;
  }
}
