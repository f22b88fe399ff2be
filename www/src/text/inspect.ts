import type { Agreement } from "../model/agreement";
import type { RingDamage } from "../model/trace-ring";
import type { TraceDamage } from "../model/trace-file";
import type { FileFault, GlueFault, Signature, ValueType } from "../model/wasm-file";
import type { About, DumpFault } from "../record/dump";
import type { Missing, NamesFault } from "../record/find";
import type { Refusal } from "../record/rewrite";
import { bytes, integer, plural, percent } from "./format";
import { inspector } from "./inspector";

/** Texts of the room Inspect. */
export const en = {
  ...inspector,

  room: {
    title: "Inspect",
    bar: "Source and controls",
    source: "Source",
    samples: "A sample, parsed by a Rust program",
    modules: "A module of this page",
    yours: "Yours",
    open: "Open a file…",
    openAbout: "Text to parse, a .wasm with or without its glue, a trace. Or drop it anywhere on the page.",
    compareAbout: "Text to parse on each allocator, or a trace to replay. Or drop it anywhere on the page.",
    compare: "Compare…",
    compareTitle: "The same text on several allocators, side by side",
    own: "In my own page…",
    close: "Close",
    more: "More",
    lost: (name: string): string => `This link is of ${name}, a file that a link cannot carry. Open it here to go on.`,
  },

  program: {
    lead: "A Rust program, compiled to WebAssembly, parses this file. Below is its memory, byte for byte.",
    on: "on",
    allocator: "Allocator",
    beside: "beside",
    second: "Allocator beside it",
    alone: "none",
    allocators: {
      heap: { name: "Heap", about: "Heap, general purpose: runs of granules, and quick lists of freed blocks" },
      slab: { name: "Slab", about: "SlabHeap: slabs of size classes over a buddy" },
      buddy: { name: "Buddy", about: "BuddyHeap: powers of two, split and merged" },
      bump: { name: "Bump", about: "BumpHeap: one mark; frees the last block only" },
      tiny: { name: "Tiny", about: "TinyHeap: least code; no record of live blocks" },
    },
    sample: {
      trees: "Trees, JSON",
      forest: "Forest, JSON",
      guide: "Guide, Markdown",
      poem: "Words, text",
      broken: "Broken JSON",
    },
    edit: "Edit",
    editor: "Text of the file",
    parse: "Parse",
    again: "Parse again",
    clear: "Clear",
    fresh: "Restart",
    freshAbout: "Starts a fresh module: memory never shrinks",
    kind: "Read as",
    kinds: { json: "JSON", markdown: "Markdown", text: "Text" },
    excerpt: (shown: number, all: number): string =>
      `The file is too long to edit here: this is the first ${bytes(shown)} of ${bytes(all)}. All of it is parsed.`,
    parsed: (name: string, size: number, time: string): string => `${name}, ${bytes(size)}, parsed in ${time}.`,
    cleared: "The document is freed; its blocks went back to the heap.",
    nothing: "Nothing is parsed yet.",
    loading: (name: string): string => `Loading the module with the ${name} allocator…`,
    reading: (name: string): string => `Reading ${name}…`,
    missing: (name: string): string =>
      `The module for “${name}” is not built. Run “cargo xtask build”, then load this page again.`,
    failed: (name: string, why: string): string => `The module for “${name}” could not be started: ${why}`,
    retry: "Try again",
    broken: (name: string): string => `${name} could not be parsed.`,
    brokenKept: "The module keeps the document it held before, and the map shows it.",
    goTo: (line: number, column: number): string => `Go to line ${integer(line)}, column ${integer(column)}`,
    dead: "The module stopped.",
    deadWhy: (why: string, report: string | null): string =>
      `It could not go on (${why})${report === null ? ", most likely because memory ran out." : `. Its allocator says: “${report}”.`} A trapped instance cannot be used again; the map shows its heap as it was.`,
    restart: "Start a fresh module",
    unreadable: (name: string, why: string): string => `${name} could not be read: ${why}`,
    tooLarge: (name: string, size: number, most: number): string =>
      `${name} has ${bytes(size)}; this page takes files up to ${bytes(most)}.`,
    moment: { start: "start", parse: "parse", clear: "clear", error: "error" },
  },

  trace: {
    title: "Trace",
    about: "A trace has every allocation, reallocation and free of the program, read from its memory with no call into it.",
    record: "Record",
    stop: "Stop recording",
    save: "Save the trace",
    compare: "Compare allocators on it",
    rate: "Call sites",
    rates: { 0: "Off", 1024: "Fine (1 KiB)", 16384: "Normal (16 KiB)", 262144: "Coarse (256 KiB)" },
    rateAbout: "JavaScript’s stack is taken at one allocation in so many bytes.",
    recording: "Recording.",
reading: (share: number): string => `Reading the recording: ${percent(share)}.`,
    openWhole: "Open the recording",
    recorded: (count: number, lost: number): string => `${plural(count, "record", "records")}${lostText(lost)}.`,
    opened: (name: string, count: number, lost: number): string => `${name}: ${plural(count, "record", "records")}${lostText(lost)}.`,
    agreement: ({ both, heap, recorded, lost }: Agreement & { readonly lost: number }): string => {
      const rest = recorded === 0 ? "" : ` ${plural(recorded, "recorded block is", "recorded blocks are")} live in no heap that was found.`;
      if (heap === 0) return `All ${plural(both, "live block was", "live blocks were")} recorded: “Sizes” tells what is wasted in them.${rest}`;
      return `${integer(both)} of ${integer(both + heap)} live blocks were recorded. The others are from before the recording${lost === 0 ? "" : ", from before records were lost"}, or of functions that were not seen.${rest}`;
    },
    notTraceable:
      "This module cannot be recorded: neither names nor exports tell the functions of its allocator. Build it with names, or wrap its global allocator in “bonsai_alloc::trace::Traced” (feature trace), and add “bonsai_alloc::traceable!(HEAP);”.",
    noMemory: "The module’s memory cannot grow by what the records need. Nothing was recorded.",
    unreadable: (name: string, why: string): string => `${name} could not be read: ${why}`,
    ring: (damage: RingDamage): string => `The module’s trace cannot be read: ${ringText(damage)}`,
    file: (name: string, damage: TraceDamage): string => `${name} is no trace that can be opened: ${fileText(damage)} What was shown before is unchanged.`,
    course: {
      label: (peak: string, records: string): string => `What was live over ${records} records; at most ${peak}`,
      live: "Live, as asked for",
      key: "A mark at the bottom: linear memory grew there.",
      losses: "A broken line: records are missing there. What was live before may have been freed in them, and is not counted as live behind it.",
      table: "What was live, by record",
      columns: ["Up to record", "Live", "Blocks", "Linear memory"],
      range: "Part of the trace",
      from: "From record",
      to: "To record",
      record: (at: string): string => `record ${at}`,
      part: (count: string, all: string): string => `${count} of ${all} records chosen: leaks and call sites are of what was allocated there and lives at the end of that part.`,
      before: (first: string): string => ` Of the records before ${first}, what was still live then.`,
      chosen: (count: string, all: string): string => `${count} of ${all} records chosen: leaks and call sites are of what was allocated there.`,
    },
    drawer: {
      label: "Call sites, leaks and log",
      sites: "Call sites",
      leaks: "Leaks",
      others: "Other allocators",
      kinds: { heap: "Heap", slab: "SlabHeap", buddy: "BuddyHeap", bump: "BumpHeap", tiny: "TinyHeap", foreign: "" },
      log: "Log",
      export: "Export",
      height: "Height of the drawer",
      empty: "Nothing happened yet.",
      off: "Nothing is recorded. Press Record, then use the program.",
      whole: "Everything recorded up to the moment shown.",
      part: (from: string, to: string): string => `Allocated from ${from} to ${to}.`,
    },
    leaks: {
      title: "Still live",
      caption: "Allocated in the chosen part and not freed by its end. Choose a part whose memory should be gone by then: what is listed has leaked.",
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
      temporary: "Temporary",
      peak: "At peak",
      none: "Nothing that was sampled there is of that kind.",
      silent:
        "No call site came: the module never called the hook. Write bonsai_alloc::javascript_sites!(Stack); and give the allocator the type Traced<Heap, Stack>; with Traced<Heap> alone a trace has no call sites.",
      root: "all",
      search: "Find a function",
      found: (count: number, size: string, share: string): string => `${plural(count, "match", "matches")}, ${size}, ${share}`,
      bottomUp: "Bottom-up",
      hide: "Hide page frames",
      folded: "Folded stacks",
      speedscope: "For speedscope",
      flames: "Flame graph",
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

  module: {
    samples: "Modules to try",
    sample: { bare: "Workbench, without imports", glue: "JSON parser, with glue", shop: "Shop, with a leak" },
    trust: "A module runs in this page, and so does its glue: nothing is sent anywhere, but open only what you trust. A call that never returns holds the page up.",
    missing: "The page’s own modules are not built. Run “cargo xtask build”, then load this page again.",
    reading: (names: string): string => `Reading ${names}…`,
    starting: (name: string): string => `Starting ${name}…`,
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
    go: (name: string): string =>
      `${name} is a program of Go. Its heap is of Go’s garbage collector, which is neither read nor recorded here; Go’s own pprof tells what is in it.`,
    noStandIn: (name: string, what: string): string =>
      `${name} imports ${what}, which this page cannot make. In its own page, and in Node, it can be looked at as it is:`,
    standIns: (count: number): string =>
      `${plural(count, "import has a stand-in", "imports have stand-ins")}: functions return 0 and do nothing, and WASI has no files. Calls that need more return something else here than in their own page.`,
    importNames: "What it imports",
    glueFault: (name: string, fault: GlueFault): string =>
      fault.why === "imports"
        ? `${name} loads another file, “${fault.from}”, which a dropped script cannot reach. In its own page, and in Node, it can be looked at as it is:`
        : fault.why === "silent"
          ? `${name} has not started the module within ${plural(fault.seconds, "second", "seconds")}, and may never do so here. In its own page, and in Node, it can be looked at as it is:`
          : `${name} has nothing that starts the module: no default export, no “init” or “initWasm”, no settings in “Module”. Glue for Node can be looked at there, and that for the web in its page:`,
    glueFailed: (name: string, why: string): string =>
      `${name} could not start the module. Are the two of one build? It says: ${why}`,
    noInstance: "it made no instance of this module in this page; a worker may have",
    stopped: (name: string, why: string): string => `${name} stopped while it started: ${why}`,
    running: (name: string, size: number, glue: string | null): string =>
      `${name}, ${bytes(size)}${glue === null ? "" : `, with ${glue}`}`,
    noMemory:
      "The module runs, but exports no memory, so that there is nothing to look at. Rust’s modules export it as “memory”; others have to be told to.",
    card: {
      lead: "It has not run yet. This is what was found in the file.",
      start: "Start",
      record: "Record from its first instruction",
      more: "Does it need its own page, a server, or other modules?",
    },
    found: {
      title: "Functions of its allocator",
      columns: ["Does", "Function", "Found by"],
      allocates: "allocates",
      zeroed: "allocates zeros",
      frees: "frees",
      resizes: "resizes",
      by: { name: "its name", export: "its export", shape: "its code, without a name" },
      refusal: (refusal: Refusal): string => refusalText(refusal),
      missing: (missing: readonly Missing[]): string => missing.map((each) => MISSING[each]).join(" "),
      named: (from: string, own: string): string =>
        from === "" ? "The file names none of its functions." : from === own ? "Functions have the names that the file gives them." : `Names are lent by ${from}.`,
      lend: "Names from another file…",
      heap: "Heap",
      described: "The module says where its heap is: a heap of bonsai_alloc.",
      searched:
        "Once it runs, its memory is searched for heaps of dlmalloc (Rust’s default, Emscripten, wasi-libc), emmalloc, talc, wasmalloc, AssemblyScript and bonsai_alloc. That needs no names.",
    },
    lend: {
      large: (name: string, size: number): string => `${name} has ${bytes(size)}: too much for a file of names.`,
      fault: (name: string, own: string, fault: NamesFault): string =>
        fault === "other-module"
          ? `${name} is of another module than ${own}: its functions are not the same.`
          : `${name} has no names of functions. The same module before it was stripped has them, and the .symbols file of Emscripten’s --emit-symbol-map; a source map has not.`,
      lent: (name: string, own: string): string => `${name} lends its names to ${own}.`,
    },
    functions: (count: number): string => `Call one of ${plural(count, "function", "functions")}`,
    objects: "Objects kept by name",
    example: (name: string): string => `${name}(…)`,
    hint: "Type a name for completion; ↑ brings back what was called.",
    times: "times",
    line: "Call line",
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
  },

  own: {
    title: "In your own page, or in Node",
    close: "Close",
    copy: "Copy",
    copied: "Copied",
    ways: [
      {
        title: "In a page of yours: one script tag",
        about: "No build step. It shows the heaps of all modules of the page and of its workers in a panel, and goes with the tag.",
        code: '<script src="node_modules/@bonsai-alloc/heap-inspector/auto.js"></script>',
      },
      {
        title: "In Node: every allocation of a program, as it is",
        about: "A report comes at the end, at a signal, after a trap and when memory runs out. A dump opens here: drop it on this page.",
        code: "npm install @bonsai-alloc/heap-inspector\nBONSAI_DUMP=heap node --import @bonsai-alloc/heap-inspector/node app.mjs",
      },
      {
        title: "In a page of yours: the element",
        about: "Where a module needs a page or a server of its own, put the inspector there.",
        code: 'import "@bonsai-alloc/heap-inspector";\nconst inspector = document.querySelector("heap-inspector");\ninspector.attach(instance.exports); // or { memory }\ninspector.refresh("start");',
      },
      {
        title: "In a Rust program: a heap that tells more",
        about: "Heaps of other allocators are found without it. With a heap of this crate their quick lists, slabs and buddies are shown, too.",
        code: "#[global_allocator]\nstatic HEAP: bonsai_alloc::Heap = bonsai_alloc::Heap::new();\nbonsai_alloc::inspectable!(HEAP);",
      },
    ],
  },

  abilities: {
    title: "What works with what",
    columns: ["Allocator", "Decoded", "Recorded", "Call sites"],
    others: "Other tools",
  },

  dump: {
    of: ({ name, reason, time, bytes: size, counters }: About): string =>
      `${name}, ${bytes(size)} of memory, ${DUMPED[reason] ?? reason}, ${new Date(time).toLocaleString("en")}.${
        counters === null ? "" : ` Until then ${plural(counters.allocations, "allocation", "allocations")}, ${plural(counters.reallocations, "resize", "resizes")} and ${plural(counters.frees, "free", "frees")}${counters.refused === 0 ? "" : `; ${integer(counters.refused)} refused`}.`
      }`,
    fault: (name: string, fault: DumpFault): string => `${name} ${DUMP_FAULTS[fault]} What was shown before is unchanged.`,
    sites: (rate: string): string => `Live blocks by call site when the dump was made, estimated from a sample in ${rate}.`,
  },
} as const;

const DUMPED: Readonly<Record<string, string>> = {
  exit: "when the program ended",
  signal: "at a signal",
  trap: "after a trap",
  refused: "when the allocator had no memory",
};

const DUMP_FAULTS: Readonly<Record<DumpFault, string>> = {
  foreign: "is no dump: “node --import @bonsai-alloc/heap-inspector/node” writes them.",
  version: "is a dump of another version than this page reads.",
  cut: "is a dump that is cut off: its end is missing.",
  damaged: "is a dump that is damaged: write it again.",
};

const BUILD = "Build it with names: “wasm-opt -g”, “asc --debug”, Emscripten’s --profiling-funcs, Rust’s strip = false. Or take them from another file.";

const MISSING: Readonly<Record<Missing, string>> = {
  allocate: `No function that allocates was found. ${BUILD}`,
  free: `No function that frees was found: everything recorded will seem to live. ${BUILD}`,
  inside: `Only what JavaScript asks for is seen, by the exports of wasm-bindgen; what the module asks for itself is not. ${BUILD}`,
};

function refusalText(refusal: Refusal): string {
  switch (refusal.why) {
    case "malformed":
      return `It cannot be recorded: ${refusal.what} at byte ${integer(refusal.offset)}. Its heap is shown all the same.`;
    case "no-memory":
      return "It has no memory, so that there is nothing to record.";
    case "wide-memory":
      return "Its memory is of 64 bits: neither its heap is read, nor is it recorded.";
    case "rewritten":
      return "It was rewritten to be recorded before; take the file as it was built.";
    case "no-allocator":
      return `It cannot be recorded: neither names nor exports tell the functions of its allocator, and its code is not dlmalloc’s. Its heap is shown all the same. ${BUILD}`;
  }
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

const lostText = (lost: number): string => (lost === 0 ? "" : `; ${integer(lost)} more were lost`);

const versionText = ({ version, known }: { readonly version: number; readonly known: number }): string =>
  version > known
    ? `it is of version ${integer(version)}; this page reads versions to ${integer(known)}. A newer page will read it.`
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
    case "unfinished":
      return "its recording was not finished: the program was killed before it could write the end. Let it end by itself, or by SIGINT or SIGTERM.";
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
