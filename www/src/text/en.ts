import type { Damage } from "../model/decode";
import type { Diff, Tally } from "../model/diff";
import type { Happening } from "../model/explain";
import type { Moment as HeapMoment } from "../model/history";
import type { Figures } from "../model/metrics";
import type { LinkFault } from "../model/share";
import type { Moment, Scene } from "../model/tour";
import type { FileFault, GlueFault, Signature, ValueType } from "../model/wasm-file";
import type { TraceDamage } from "../model/trace-file";
import type { Plan } from "../model/trace-plan";
import type { RingDamage } from "../model/trace-ring";
import type { Found } from "../model/snapshot";
import type { Verdict } from "../model/verdict";
import { address, bytes, counted, integer, percent, plural, seconds } from "./format";

/** What `<heap-inspector>` says: apart, because the element is a package of its own. */
export const inspector = {
  heap: {
    label: "Heap",
    none: "No heap to show yet.",
    noMemory: "This module exports no memory to look at. Export its memory as “memory”.",
    noHeap: (looked: readonly string[]): string =>
      `No heap was found in this memory. Looked for ${looked.join(", ")}. A module that has allocated nothing yet has none. Add “bonsai_alloc::inspectable!(HEAP);” where the module is on a heap of bonsai_alloc; allocations of any module can be recorded all the same, in Node: node --import @bonsai-alloc/heap-inspector/node app.mjs`,
    found: ({ heaps, pages }: Found): string =>
      `${heaps.map(foundHeap).join("; ")}. Of ${plural(pages.all, "page", "pages")}, ${integer(pages.data)} are data and stack, ${integer(pages.heap)} are heap, ${integer(pages.unused)} were grown and never used.`,
    read: (label: string, figures: Figures): string =>
      !figures.tracked
        ? `After ${label}: at least ${bytes(figures.free)} free in ${plural(figures.freeBlocks, "block", "blocks")}.`
        : `After ${label}: ${bytes(figures.live)} live in ${plural(figures.liveBlocks, "block", "blocks")}, ${bytes(figures.free)} free of ${bytes(figures.committed)} committed.`,
    look: "refresh",
    table: "Table",
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
    unknown: "not tracked",
    data: "data and stack, or somebody else’s",
    unused: "grown, never used",
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
      ["Esc", "deselect"],
    ],
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
    since: (moment: number): string => `First seen at moment ${integer(moment)}.`,
    asked: (requested: number, waste: number): string =>
      `${plural(requested, "byte", "bytes")} asked for, ${waste === 0 ? "none" : integer(waste)} wasted.`,
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
      `Class of ${bytes(size)} blocks: ${integer(used)} of ${integer(capacity)} live in ${plural(slabs, "slab", "slabs")}. Arrow keys choose a slab.`,
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

  timeline: {
    title: "Timeline",
    caption: "What the heap held, moment by moment. Click to go there, drag to compare two moments.",
    label: "Moments of the heap",
    keys: "Left and right go from moment to moment, with Shift they select a range, Home and End go to the first and last, Escape returns to now.",
    live: "live",
    committed: "committed",
    largest: "largest free",
    growth: "memory grew",
    now: "now",
    back: "Back to now",
    clear: "Clear range",
    columns: ["Moment", "After", "Time", "Live", "Committed", "Largest free", "Growths"],
    go: (id: number): string => `Go to moment ${integer(id)}`,
    moment: (moment: HeapMoment): string =>
      `Moment ${integer(moment.id)}, ${moment.label}, after ${seconds(moment.time)}: ${bytes(moment.live)} live of ${bytes(moment.committed)}, largest free ${bytes(moment.largestFree)}`,
    past: (moment: HeapMoment, back: number): string =>
      `Viewing #${integer(moment.id)} (${moment.label}), ${plural(back, "step", "steps")} back.`,
    range: (from: HeapMoment, to: HeapMoment): string =>
      `From moment ${integer(from.id)} (${from.label}) to ${integer(to.id)} (${to.label}).`,
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
    definition: "A block stayed if it has the same address and size and was live at every look in between.",
    bySize: "By size",
    byRegion: "By region",
    region: (size: number): string => `Regions of ${bytes(size)}`,
    columns: { size: "Up to", region: "From", gone: "Went", came: "Came", net: "Net" },
    onMap: "The map shows it too: colour by change.",
    same: "Nothing came, nothing went.",
    incomplete: "One of the two moments is no longer kept, so they can’t be compared.",
  },

  damage: (damage: Damage): string => damageText(damage),
} as const;

/** Every English text of the page. */
export const en = {
  page: {
    name: "bonsai_alloc",
    program: "A real program",
    module: "Your module",
    sandbox: "Sandbox",
    tours: "Tours",
    compare: "Comparison",
    views: "Views",
    theme: { label: "Colours", auto: "Auto", light: "Light", dark: "Dark" },
  },

  program: {
    title: "A real program",
    lead: "A Rust program, compiled to WebAssembly, parses this file. What it keeps is shown byte for byte.",
    allocator: "Allocator",
    allocators: {
      heap: { name: "Heap", about: "The general-purpose one: runs of granules, and quick lists of what came back: Heap." },
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
    dropNow: "Drop to open it: a file to parse, a module with its glue, a trace",
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
    deadWhy: (why: string, report: string | null): string =>
      `It could not go on (${why})${report === null ? ", most likely because memory ran out." : `. Its allocator says: “${report}”.`} A trapped instance cannot be used again; what you see is its heap as it was.`,
    restart: "Start a fresh module",
    unreadable: (name: string, why: string): string => `${name} could not be read: ${why}`,
    tooLarge: (name: string, size: number, most: number): string =>
      `${name} has ${bytes(size)}; this page takes files up to ${bytes(most)}.`,
    moment: { start: "start", parse: "parse", clear: "clear", error: "error" },
  },

  ...inspector,

  trace: {
    title: "Trace",
    caption:
      "Records every allocation, reallocation and free of the program, through its memory and with no call into it. A trace can be saved, opened, and replayed.",
    record: "Record",
    stop: "Stop recording",
    open: "Open a trace…",
    save: "Save the trace",
    rate: "Call sites",
    noSites: "none",
    every: (rate: string): string => `a sample every ${rate}`,
    recording: "Recording. Use the program, then stop.",
    ended: (count: number, lost: number): string =>
      `Another module was loaded, so the recording ended: ${plural(count, "record", "records")}${lostText(lost)}.`,
    recorded: (count: number, lost: number): string => `${plural(count, "record", "records")}${lostText(lost)}.`,
    opened: (name: string, count: number, lost: number): string => `${name}: ${plural(count, "record", "records")}${lostText(lost)}.`,
    sizes: ({ blocks, all, lost }: { readonly blocks: number; readonly all: number; readonly lost: number }): string =>
      blocks === all
        ? `All ${integer(all)} live blocks were recorded: “Live blocks by size” says what is wasted in them.`
        : `${integer(blocks)} of ${integer(all)} live blocks were recorded: “Live blocks by size” says what is wasted in them. What was asked for the others is unknown: they are from before the recording${lost === 0 ? "" : ", or from before records were lost"}.`,
    notTraceable:
      "This module cannot be recorded: it has no BONSAI_TRACE. Wrap its global allocator in “bonsai_alloc::trace::Traced” (feature trace), and add “bonsai_alloc::traceable!(HEAP);”.",
    noMemory: "The module’s memory cannot grow by what the records need. Nothing was recorded.",
    unreadable: (name: string, why: string): string => `${name} could not be read: ${why}`,
    ring: (damage: RingDamage): string => `The module’s trace cannot be read: ${ringText(damage)}`,
    file: (name: string, damage: TraceDamage): string => `${name} is no trace that can be opened: ${fileText(damage)} What was shown before is unchanged.`,
    course: {
      label: (peak: string, records: string): string => `What was live over ${records} records; at most ${peak}`,
      live: "Live, as asked for",
      key: "A mark at the bottom: linear memory grew there.",
      table: "What was live, by record",
      columns: ["Up to record", "Live", "Blocks", "Linear memory"],
      range: "Part of the trace",
      from: "From record",
      to: "To record",
      record: (at: string): string => `record ${at}`,
      chosen: (count: string, all: string): string => `${count} of ${all} records chosen: leaks and call sites are of what was allocated there.`,
    },
    replay: {
      title: "Replay",
      caption: "The same operations on every allocator of the crate and on Rust’s default, each alone in a module of its own. Times are the mean of a few goes, and include the calls into the module, the same for all.",
      start: "Replay on all",
      stop: "Stop the replay",
      missing: "The module is not built. Run “cargo xtask build”.",
      done: (count: number): string => `Replayed on ${counted(count)} allocators.`,
      each: (nanoseconds: number): string => `${integer(Math.round(nanoseconds))} ns`,
      columns: ["Allocator", "Time", "Each", "Memory grown", "Growths", "Largest free", "Refused"],
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
    leaks: {
      title: "Still live",
      caption: "What was allocated in the chosen part and not freed by the end of the trace. Choose a part whose memory should be gone by then: what is listed has leaked.",
      sum: (blocks: number, size: number): string => (blocks === 0 ? "Nothing of it is still live." : `${plural(blocks, "block", "blocks")}, ${bytes(size)} as asked for.`),
      lost: (count: number): string => `${plural(count, "record is", "records are")} missing. A block whose free was among them seems to be still live.`,
      columns: ["Asked for", "Bytes", "Blocks", "Oldest, record"],
      more: (count: number): string => `And ${plural(count, "size", "sizes")} more, of fewer bytes.`,
    },
    sites: {
      title: "Call sites",
      caption: (rate: string): string => `JavaScript’s stack at one allocation in about ${rate}, wasm functions included. Bytes and blocks are estimates: each sample counts for those like it that were not taken.`,
      which: "Of what was allocated in the chosen part",
      live: "Still live",
      all: "All of it",
      none: "Nothing that was sampled there is of that kind.",
      silent:
        "No call site came: the module never called the hook. Write bonsai_alloc::javascript_sites!(Stack); and give the allocator the type Traced<Heap, Stack>; with Traced<Heap> alone a trace has no call sites.",
      root: "all",
      flames: "Flame graph: callers above what they call",
      keys: "Arrow keys go to caller, callee and siblings; Enter zooms in, Escape out. Click to select, double-click to zoom in, Esc to zoom out.",
      out: "Zoom out",
      frame: (name: string, size: string, share: string, blocks: string): string => `${name}: ${size}, ${share} of the bytes, about ${blocks} blocks`,
      table: (leaks: boolean): string => (leaks ? "Leaks by call site" : "List of call sites"),
      columns: ["Function", "Bytes", "Blocks", "Samples"],
    },
    exports: {
      title: "Export",
      blocks: "Blocks of the heap now",
      history: "History",
      trace: "Records of the trace",
      counters: "Counters over time",
      chrome: "Perfetto",
      sites: "Call sites",
      dhat: "DHAT",
      picture: (name: string): string => `Picture: ${name}`,
      failed: (why: string): string => `The picture could not be made: ${why}`,
      tooLarge: "the picture is too large",
    },
  },

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
    /** What a block shows is part of it: who speaks to the page says what is seen. */
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

  module: {
    title: "Your module",
    lead: "Drop a wasm module, of Rust, C or AssemblyScript. What it imports gets stand-ins; with wasm-bindgen’s glue beside it, that runs instead.",
    open: "Open files…",
    drop: "or drop them anywhere here: a .wasm, and the .js of “wasm-bindgen --target web” if it has one.",
    samples: "None at hand? Take",
    sample: { bare: "one without imports", glue: "one with glue" },
    trust: "A module runs in this page, and so does its glue: nothing is sent anywhere, but drop only what you trust. A call that never returns holds the page up.",
    missing: "The page’s own modules are not built. Run “cargo xtask build”, then load this page again.",
    reading: (names: string): string => `Reading ${names}…`,
    failed: (why: string): string => `That did not work: ${why}`,
    unreadable: (name: string, why: string): string => `${name} could not be read: ${why}`,
    severalScripts: "Drop one .js file at most, the glue of the module.",
    severalModules: "Drop one module at a time.",
    scriptAlone: "This is a script without its module. Drop the .wasm that it belongs to together with it.",
    noModule: "There is no .wasm among these files.",
    fault: (name: string, fault: FileFault): string => fileFaultText(name, fault),
    broken: (name: string, why: string): string =>
      `${name} begins as a wasm module, but is damaged or cut off, or uses what this browser does not know. It says: ${why}`,
    wantsGlue: (name: string, count: number): string =>
      `${name} imports ${plural(count, "thing", "things")} that wasm-bindgen’s glue makes. Drop the .js file that was built with it, too; the module is kept until then.`,
    noStandIn: (name: string, what: string): string =>
      `${name} imports ${what}, which this page cannot make. Run the module in a page of yours, and put <heap-inspector> there: inspector.attach(instance.exports).`,
    standIns: (count: number): string =>
      `${plural(count, "import has a stand-in", "imports have stand-ins")}: functions return 0 and do nothing, and WASI has no files. Calls that need more return something else here than in their own page.`,
    importNames: "What it imports",
    glueFault: (name: string, fault: GlueFault): string =>
      fault.why === "imports"
        ? `${name} loads another file, “${fault.from}”, which a dropped script cannot reach. Serve the module with its files from a page of yours, and put <heap-inspector> there.`
        : `${name} has no default export that starts the module. Glue for Node, for bundlers or without modules cannot be loaded here: make it with “wasm-bindgen --target web”.`,
    glueFailed: (name: string, why: string): string =>
      `${name} could not start the module. Are the two of one build? It says: ${why}`,
    noInit: "its default export is no function",
    noExports: "its default export gave no exports back",
    stopped: (name: string, why: string): string => `${name} stopped while it started: ${why}`,
    running: (name: string, size: number, glue: string | null): string =>
      `${name}, ${bytes(size)}${glue === null ? "" : `, with ${glue}`}`,
    noMemory:
      "The module runs, but exports no memory, so that there is nothing to look at. Rust’s modules export it as “memory”; others have to be told to.",
    functions: (count: number): string => `Call one of ${plural(count, "function", "functions")}`,
    example: (name: string): string => `${name}(…)`,
    hint: "Type a name for completion; ↑ brings back what was called.",
    times: "times",
    unknownCall: (line: string): string =>
      line === "" ? "Type a call, such as run(12)." : `“${line}” is no call of a function of this module. Names complete as you type.`,
    kept: (name: string, kept: string): string => `${name} made an object: call its methods as ${kept}.…`,
    noFunctions: "The module exports no function to call.",
    signature: (name: string, signature: Signature | null): string =>
      signature === null
        ? name
        : `${name}(${signature.params.join(", ")})${signature.results.length === 0 ? "" : ` → ${signature.results.join(", ")}`}`,
    numbers: (params: readonly ValueType[]): string =>
      params.length === 0 ? "No arguments" : `${plural(params.length, "number", "numbers")}, by commas: ${params.join(", ")}`,
    json: "Arguments as JSON, by commas: (\"text\", 12, true)",
    call: "Call",
    read: "Refresh",
    again: "Restart module",
    returned: (name: string, result: string): string => `${name} returned ${result}`,
    threw: (name: string, why: string): string => `${name} threw: ${why}`,
    trapped: (name: string, why: string, report: string | null): string =>
      `${name} stopped the module: ${why}. ${report === null ? "" : `Its allocator says: “${report}”. `}What it holds may be wrong from here on; “Restart module” gives a fresh one.`,
    argumentFault: (why: "json" | "count" | "number" | "whole", number: number, params: readonly ValueType[]): string =>
      ({
        json: "These arguments are not JSON. Texts stand in quotes: \"like this\".",
        count: `The function takes ${plural(params.length, "argument", "arguments")}, and ${integer(number)} were given.`,
        number: `Argument ${integer(number)} is not a number.`,
        whole: `Argument ${integer(number)} is to be a whole number: it is an i64.`,
      })[why],
    moment: {
      start: "start",
      read: "refresh",
      call: (name: string, times: number): string => (times === 1 ? name : `${name} × ${integer(times)}`),
    },
    how: {
      title: "How to see a module of yours",
      rust: "Heaps of dlmalloc (Rust’s default), emmalloc, talc, wasmalloc and AssemblyScript are found in any module. To see more of a Rust program, choose one of this crate’s heaps:",
      rustCode:
        "#[global_allocator]\nstatic HEAP: bonsai_alloc::Heap = bonsai_alloc::Heap::new();\nbonsai_alloc::inspectable!(HEAP);",
      page: "Where a module needs a page or a server of its own, put the inspector there:",
      pageCode:
        'const inspector = document.querySelector("heap-inspector");\ninspector.attach(instance.exports); // or { memory }\ninspector.refresh("start");',
    },
  },

  compare: {
    title: "Comparison",
    lead: "The same requests, from one seed, to several allocators. Each is the global allocator of a wasm module of its own.",
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
    contenders: {
      heap: { name: "Heap", about: "General purpose: runs of granules with quick lists" },
      slab: { name: "SlabHeap", about: "Size-class slabs over a buddy" },
      buddy: { name: "BuddyHeap", about: "Powers of two, split and merged" },
      bump: { name: "BumpHeap", about: "Never looks back" },
      tiny: { name: "TinyHeap", about: "Least code" },
      dlmalloc: { name: "dlmalloc", about: "What Rust’s std brings along" },
    },
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
    memoryCaption: "What memory.grow added; in front of it, the most that was live at once.",
    nanoseconds: (value: number): string => `${value < 100 ? value.toFixed(1) : integer(Math.round(value))} ns`,
    range: (low: number, high: number): string => `${low < 100 ? low.toFixed(1) : integer(Math.round(low))}–${high < 100 ? high.toFixed(1) : integer(Math.round(high))} ns`,
    ratio: (value: number): string => `${value.toFixed(2)} ×`,
    columns: ["Allocator", "Heap", "Time a step", "Fastest–slowest", "Live at the end", "Live at most", "Memory grown", "Grown / live", "Growths", "Steps"],
    out: (name: string, steps: number): string => `${name}, out of memory after ${plural(steps, "step", "steps")}`,
    outNote: "The modules may grow to 64 MiB. Who ran out is timed up to there.",
    show: "Show",
    showLabel: (name: string): string => `Show the heap of ${name}`,
    closed: "cannot be read",
    heapOf: (name: string): string => `${name}, as the workload left it`,
    close: "Close",
    moment: "the workload",
  },

  share: {
    copy: "Copy link",
    copied: "The link is copied.",
    here: "Copy this link:",
    fault: (fault: LinkFault): string => faultText(fault),
  },

  tours: {
    title: "Tours",
    lead: "Each tour runs on live allocators, a step at a time. Say what will happen before you see it.",
    steps: (count: number): string => plural(count, "step", "steps"),
    start: (name: string): string => `Start: ${name}`,
    begin: "Start",
    loading: "Loading the allocators…",
    missing: "The tours’ modules are not built. Run “cargo xtask build”, then load this page again.",
    failed: (why: string): string => `The tours’ modules could not be started: ${why}`,
    leave: "All tours",
    back: "Back",
    next: "Next",
    finish: "Finish",
    reveal: "Show what happens",
    step: (number: number, all: number): string => `Step ${integer(number)} of ${integer(all)}`,
    pickFirst: "Choose an answer first.",
    right: "Right.",
    wrong: (answer: string): string => `Not quite: ${answer}.`,
    signs: { right: "what happens", yours: "your answer" },
    moment: "Moment",
    before: "Before",
    after: "After",
    sandbox: "Try it in the sandbox",
    done: (right: number, all: number): string =>
      right === all ? "All your predictions came true." : `${integer(right)} of ${integer(all)} predictions came true.`,
    again: "Take it again",
    another: "Choose another tour",
    figures: {
      live: "Live",
      wasted: "Wasted in blocks",
      free: "Free",
      largest: "Largest free",
      pieces: "Free pieces",
      committed: "Committed",
    },
    change: (before: string, after: string): string => (before === after ? after : `${before} → ${after}`),
    figureLabel: (lane: string): string => `${lane}: blocks`,
    changed: "Outlined: what this step changed.",
    heapKey: "All of the heap in address order. What stands out below is live, dotted is free, ochre the allocator’s own.",
    all: tourTexts(),
  },
} as const;

/** What a tour says. */
export interface TourText {
  readonly name: string;
  readonly about: string;
  /** What a lane is called. */
  readonly lanes: Readonly<Record<string, string>>;
  readonly steps: Readonly<Record<string, StepText>>;
}

export interface StepText {
  readonly title: string;
  /** What is about to be done. */
  readonly say: string;
  readonly question: string;
  readonly choices: Readonly<Record<string, string>>;
  /** Why the answer is what it is; its numbers come from the blocks. */
  readonly because: (lanes: readonly Moment[]) => string;
}

function tourTexts(): Readonly<Record<string, TourText>> {
  const lane = (moments: readonly Moment[], at = 0): Scene => moments[at]!.after;
  const yesNo = { served: "It is served", refused: "It is refused" };
  const blocks = { "1": "1 block", "4": "4 blocks", "8": "8 blocks", "15": "15 blocks" };
  const who = { both: "Both", slab: "Only the slab", buddy: "Only the buddy", neither: "Neither" };
  const memory = { grows: "Yes, it grows", stays: "No, it stays as it is" };

  return {
    fragmentation: {
      name: "External fragmentation",
      about: "Half of memory is free, and a request for a quarter of it fails.",
      lanes: { buddy: "Buddy, 4,096 bytes" },
      steps: {
        first: {
          title: "One request",
          say: "All 4,096 bytes are one free block. The program is about to ask for 500 bytes.",
          question: "How many bytes will leave the free memory?",
          choices: { "500": "500", "512": "512", "4096": "4,096" },
          because: (m) =>
            `A buddy allocator halves a block until the next half would be too small: 4,096 → 2,048 → 1,024 → 512. The block has ${integer(lane(m).live)} bytes; the ${integer(lane(m).live - lane(m).asked)} that nobody asked for are internal fragmentation, waste inside a block.`,
        },
        fill: {
          title: "Seven more",
          say: "The program asks for 500 bytes seven more times.",
          question: "How much is free then?",
          choices: { nothing: "Nothing", "96": "96 bytes", "512": "512 bytes" },
          because: (m) =>
            `${integer(lane(m).liveBlocks)} blocks of 512 fill the region. ${integer(lane(m).live - lane(m).asked)} bytes are wasted, 12 in each block, and no other request can have them.`,
        },
        holes: {
          title: "Every second one goes",
          say: "The program frees the second, the fourth, the sixth and the eighth block.",
          question: "How large is the largest free block then?",
          choices: { "512": "512 bytes", "1024": "1,024 bytes", "2048": "2,048 bytes" },
          because: (m) =>
            `${integer(lane(m).free)} bytes are free, in ${counted(lane(m).freeBlocks)} pieces of ${integer(lane(m).largestFree)}. Each of them has a live block beside it, so none can merge.`,
        },
        refused: {
          title: "A larger request",
          say: "2,048 bytes are free. The program asks for 1,000.",
          question: "What will happen?",
          choices: yesNo,
          because: (m) =>
            `${integer(lane(m).free)} bytes are enough, but no piece has more than ${integer(lane(m).largestFree)}. This is external fragmentation: the memory is free, and cannot be used. In a wasm module, memory would grow now.`,
        },
        small: {
          title: "A smaller request",
          say: "The same memory; this time the program asks for 500 bytes.",
          question: "What will happen?",
          choices: yesNo,
          because: (m) =>
            `One of the holes fits exactly; ${counted(lane(m).freeBlocks)} are left. Whether memory is fragmented depends on the size one asks for: for 500 bytes all of it was usable, for 1,000 none.`,
        },
        neighbour: {
          title: "A neighbour goes",
          say: "The fifth block stands between two free ones of 512 bytes. The program frees it.",
          question: "How large is the free block that comes of it?",
          choices: { "512": "512 bytes", "1024": "1,024 bytes", "1536": "1,536 bytes, all three" },
          because: (m) =>
            `It merged with its buddy on the right into ${integer(lane(m).largestFree)} bytes. The free block on its left has the right size, but is the half of another block: 1,536 bytes in a row are free now, and the largest block has 1,024.`,
        },
        again: {
          title: "The request again",
          say: "The program asks for 1,000 bytes again.",
          question: "How many blocks have to be split for it?",
          choices: { "0": "None", "1": "One", "2": "Two" },
          because: (m) =>
            `The merged block of 1,024 fits as it is. One free of one block, in the right place, was enough. Largest free now: ${integer(lane(m).largestFree)}.`,
        },
        all: {
          title: "Everything goes",
          say: "The program frees all that is left.",
          question: "How many free blocks are there in the end?",
          choices: blocks,
          because: (m) =>
            `${counted(lane(m).freeBlocks) === "one" ? "One" : integer(lane(m).freeBlocks)}, of ${integer(lane(m).largestFree)} bytes, as at the start. Fragmentation is no damage to memory: it lasts as long as the blocks in between do. So keep what lives long apart from what comes and goes.`,
        },
      },
    },

    merging: {
      name: "Why buddies merge",
      about: "Two free blocks side by side: when they become one, and when they do not.",
      lanes: { buddy: "Buddy, 1,024 bytes" },
      steps: {
        split: {
          title: "The first split",
          say: "One free block of 1,024 bytes. The program is about to ask for 60.",
          question: "How many free blocks are there afterwards?",
          choices: blocks,
          because: (m) =>
            `1,024 was halved four times. Each time one half was halved again and the other stayed free: ${integer(lane(m).freeBlocks)} free blocks, of 512, 256, 128 and 64 bytes.`,
        },
        second: {
          title: "The other half",
          say: "The program asks for 60 bytes once more.",
          question: "From which free block does it get them?",
          choices: { "64": "The one of 64", "128": "The one of 128", "512": "The one of 512" },
          because: () =>
            "The 64 beside the first block stood ready. The two are buddies: halves of one block of 128. Only they can become that block again.",
        },
        more: {
          title: "Two more",
          say: "And twice more 60 bytes.",
          question: "Which free block is split for them?",
          choices: { "64": "The one of 64", "128": "The one of 128", "256": "The one of 256" },
          because: (m) =>
            `No 64 was free, so the smallest larger block, 128, was split. Its halves serve both requests: ${counted(lane(m).liveBlocks)} blocks of 64 in a row.`,
        },
        beside: {
          title: "Side by side",
          say: "The program frees the second and the third of the four. They touch, and have the same size.",
          question: "Do they merge?",
          choices: { yes: "Yes, into 128 bytes", no: "No, they stay two blocks" },
          because: () =>
            "They are neighbours, but no buddies: the second is the other half of the first, the third of the fourth. A block of 128 bytes begins at a multiple of 128, and one made of these two would not.",
        },
        buddy: {
          title: "The buddy goes",
          say: "The program frees the fourth block. Its buddy, the third, is free.",
          question: "How large is the free block that comes of it?",
          choices: { "64": "64 bytes", "128": "128 bytes", "256": "256 bytes" },
          because: (m) =>
            `They merged into 128 bytes. The next step up would be 256, with the first 128 as the buddy, but one half of that is live. It stays: ${integer(lane(m).liveBlocks)} block out.`,
        },
        cascade: {
          title: "The last block goes",
          say: "The program frees the first block, the last one that is live.",
          question: "How often do blocks merge now?",
          choices: { "1": "Once", "2": "Twice", "4": "Four times" },
          because: (m) =>
            `64 → 128 → 256 → 512 → 1,024: at each size the buddy was free. ${lane(m).freeBlocks === 1 ? "One free block is left, as at the start." : ""} To find a buddy takes no search: flip one bit of the address, the one that stands for the size. So a free costs one look for each size, however full memory is.`,
        },
      },
    },

    slabs: {
      name: "Slab versus buddy",
      about: "The same requests on both: what each wastes, and what each cannot do.",
      lanes: { slab: "Slab, 16 blocks of 48", buddy: "Buddy, 1,024 bytes" },
      steps: {
        one: {
          title: "One object",
          say: "A slab of 16 blocks of 48 bytes, and a buddy over 1,024 bytes. Each gets a request for 40 bytes.",
          question: "Who hands out the smaller block?",
          choices: { slab: "The slab", buddy: "The buddy", same: "Both the same" },
          because: (m) =>
            `The slab’s block has ${integer(lane(m).live)} bytes, the buddy’s ${integer(lane(m, 1).live)}: a buddy knows powers of two only. ${integer(lane(m).live - lane(m).asked)} bytes are wasted here, ${integer(lane(m, 1).live - lane(m, 1).asked)} there.`,
        },
        fill: {
          title: "Sixteen objects",
          say: "Both get fifteen more requests for 40 bytes, and are full then.",
          question: "Who needs less memory for the sixteen objects?",
          choices: { slab: "The slab", buddy: "The buddy", same: "Both the same" },
          because: (m) =>
            `${integer(lane(m).committed)} bytes against ${integer(lane(m, 1).committed)}, for ${integer(lane(m).asked)} bytes of objects. A slab whose blocks fit its objects wastes little.`,
        },
        holes: {
          title: "Holes",
          say: "Both free every second object.",
          question: "How large is the largest free block now, in the slab and in the buddy?",
          choices: { "48-64": "48 and 64 bytes", "96-128": "96 and 128 bytes", "384-512": "384 and 512 bytes" },
          because: (m) =>
            `${integer(lane(m).freeBlocks)} holes in each, of ${integer(lane(m).largestFree)} and of ${integer(lane(m, 1).largestFree)} bytes. In the buddy each hole has a live buddy.`,
        },
        reuse: {
          title: "The same size again",
          say: "Both get eight requests for 40 bytes.",
          question: "Who serves them all?",
          choices: who,
          because: (m) =>
            `Every hole is as large as a request of this size needs: ${integer(lane(m).freeBlocks)} and ${integer(lane(m, 1).freeBlocks)} free blocks are left. Where all objects are of one size, holes are no fragmentation.`,
        },
        large: {
          title: "A larger object",
          say: "Half of the objects go, again every second one. Then both get a request for 100 bytes.",
          question: "Who serves it?",
          choices: who,
          because: (m) =>
            `The slab has no block larger than ${integer(lane(m).largestFree)}. The buddy could have one, but its ${integer(lane(m, 1).free)} free bytes are in holes of ${integer(lane(m, 1).largestFree)}.`,
        },
        empty: {
          title: "After all objects went",
          say: "Both free the rest, so that everything is free. Then comes the request for 100 bytes again.",
          question: "Who serves it now?",
          choices: who,
          because: (m) =>
            `The buddy’s blocks merged, and a block of ${integer(lane(m, 1).live)} was split off. The slab’s stay ${integer(lane(m).largestFree)} bytes for ever. That is the bargain: a slab never fragments for its size, and serves no other. So SlabHeap cuts its slabs from a buddy, and gives them back when they are empty.`,
        },
      },
    },

    ratchet: {
      name: "The ratchet",
      about: "Hardly anything is live, and memory grows round after round. It never shrinks.",
      lanes: { rising: "BuddyHeap, a new buffer each round", kept: "BuddyHeap, one buffer kept" },
      steps: {
        first: {
          title: "A buffer and a note",
          say: "A real heap in a wasm module of its own, just started. The program asks for a buffer of 60 KiB, and for a note of 64 bytes.",
          question: "Does the module’s memory grow?",
          choices: memory,
          because: (m) =>
            `The heap asked WebAssembly for pages of 64 KiB, with memory.grow, and holds ${bytes(lane(m).committed)} now: that is committed. ${bytes(lane(m).free)} of it are free.`,
        },
        freed: {
          title: "The buffer goes",
          say: "The program frees the buffer. The note stays.",
          question: "How much is committed then?",
          choices: { less: "Less than before", same: "As much as before" },
          because: (m) =>
            `${integer(lane(m).live)} bytes are live, ${bytes(lane(m).committed)} are committed. WebAssembly can grow memory and has no way to shrink it: whatever was committed once stays so until the instance is gone.`,
        },
        again: {
          title: "The same again",
          say: "A second buffer of 60 KiB comes and goes.",
          question: "Does the module’s memory grow?",
          choices: memory,
          because: (m) =>
            `The free block of ${bytes(lane(m).largestFree)} served it. Free memory is not lost: it serves what fits into it.`,
        },
        larger: {
          title: "A larger one",
          say: "Now a buffer of 100 KiB, another note, and the buffer goes.",
          question: "Does the module’s memory grow?",
          choices: memory,
          because: (m) =>
            `${bytes(m[0]!.before.free)} were free, but no piece larger than ${bytes(m[0]!.before.largestFree)}. So the heap grew to ${bytes(lane(m).committed)}, for ${integer(lane(m).live)} bytes that are live.`,
        },
        rounds: {
          title: "Three more rounds",
          say: "The same with buffers of 160, 300 and 600 KiB, each larger than any hole. A note stays from each round.",
          question: "Five notes of 64 bytes are live. How much is committed?",
          choices: {
            notes: "64 KiB or less, one page for the notes",
            largest: "About as much as the largest buffer needs",
            more: "Several times the largest buffer",
          },
          because: (m) =>
            `${bytes(lane(m).committed)} are committed for ${integer(lane(m).live)} live bytes. Each click of the ratchet left a hole that the next buffer did not fit in, and notes keep the holes from growing together. Live is flat while committed rises: that is fragmentation, and not a leak.`,
        },
        kept: {
          title: "One buffer for all",
          say: "A fresh module beside it. The program asks once for 600 KiB, as much as the largest round needs, uses that buffer in every round, makes five notes, and frees it.",
          question: "How much does this module commit, compared to the first?",
          choices: { less: "Less", same: "As much", more: "More" },
          because: (m) =>
            `${bytes(lane(m, 1).committed)} instead of ${bytes(lane(m).committed)}, for the same work. A buffer with room for the largest case, made first and kept, grows memory once. The second cure is an allocator that keeps small blocks out of large holes.`,
        },
      },
    },
  };
}

function fileFaultText(name: string, fault: FileFault): string {
  switch (fault.why) {
    case "empty":
      return `${name} is empty: it has 0 bytes. Did the build end?`;
    case "large":
      return `${name} has ${bytes(fault.size)}; this page takes modules up to ${bytes(fault.most)}.`;
    case "short":
      return `${name} is cut off: it has ${plural(fault.size, "byte", "bytes")}, fewer than the header of a module.`;
    case "component":
      return `${name} is a component, and browsers run core modules only. Drop the module that it was made from, or transpile it with jco.`;
    case "version":
      return `${name} is of version ${integer(fault.found)} of the format; browsers read version 1.`;
    case "foreign": {
      const looks = {
        gzip: " It is compressed with gzip: unpack it first.",
        zip: " It is a zip archive: unpack it first.",
        text: " It is text: if it is WebAssembly’s text format, assemble it with wat2wasm; if it is a web page, the download went wrong.",
        script: " It is a text.",
        other: "",
      }[fault.looks];
      return `${name} is no wasm module: it does not begin with “\\0asm”.${looks}`;
    }
  }
}

function faultText(fault: LinkFault): string {
  const start = "This link could not be followed";
  switch (fault.why) {
    case "version":
      return `${start}: it is of version ${fault.found}, and this page reads version 1. Here is a fresh start instead.`;
    case "view":
      return `${start}: the page has no part named “${fault.found}”.`;
    case "long":
      return `${start}: it is longer than a link of this page can be. Here is a fresh start instead.`;
    case "part":
      return `${start}: its part “${fault.name}” reads “${fault.found}”, which this page does not know. Here is a fresh start instead.`;
    case "missing":
      return `${start}: its part “${fault.name}” is missing. Here is a fresh start instead.`;
    case "operations": {
      const where = `operation ${integer(fault.fault.number)}`;
      const what = {
        operation: `${where} cannot be read`,
        size: `${where} asks for a size that the sandbox does not offer`,
        align: `${where} asks for an alignment that the sandbox does not offer`,
        free: `${where} frees a block that is not live`,
        many: "it has more operations than the sandbox keeps",
      }[fault.fault.why];
      return `${start}: ${what}. Here is a fresh start instead.`;
    }
  }
}

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

const lostText = (lost: number): string => (lost === 0 ? "" : `; ${integer(lost)} more were lost, because the ring was full`);

const versionText = ({ version, known }: { readonly version: number; readonly known: number }): string =>
  version > known
    ? `it is of version ${integer(version)}; this page reads version ${integer(known)}. A newer page will read it.`
    : `it is of version ${integer(version)}, which never was.`;

function ringText(damage: RingDamage): string {
  switch (damage.is) {
    case "magic":
      return "there is no descriptor where BONSAI_TRACE says.";
    case "version":
      return versionText(damage);
    case "sizes":
      return "its descriptor contradicts its version.";
    case "outside":
      return `its ${damage.what} would lie outside of memory.`;
    case "capacity":
      return `${integer(damage.capacity)} is no number of records that a ring can have.`;
    case "counts":
      return "its counters contradict each other.";
  }
}

function fileText(damage: TraceDamage): string {
  switch (damage.is) {
    case "empty":
      return "it is empty.";
    case "large":
      return `it has ${bytes(damage.size)}, and the page opens no more than ${bytes(damage.most)}.`;
    case "foreign":
      return "it does not begin as a trace does.";
    case "version":
      return versionText(damage);
    case "header":
      return "its header is damaged.";
    case "cut":
      return `it is cut off, ${bytes(damage.found)} of ${bytes(damage.expected)}.`;
    case "long":
      return `it is longer than it says, ${bytes(damage.found)} instead of ${bytes(damage.expected)}.`;
    case "record":
      return `record ${integer(damage.index)} is damaged.`;
    case "sites":
      return "its call sites are damaged.";
  }
}
