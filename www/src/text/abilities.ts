/** The things that work with which allocator, and with other tools; a test holds that each test named here exists, and the documents to these rows. */

/** One answer, and the test that proves it, as `file › words of its name`; of other tools, where it is documented. */
export interface Ability {
  readonly says: string;
  readonly by: string;
}

export interface Row {
  readonly name: string;
  readonly decoded: Ability;
  readonly recorded: Ability;
  readonly sites: Ability;
}

const HERE = "tests/modules/heaps-here.test.ts › is decoded as it was recorded";
const ROLES = "src/record/find.test.ts › the role of a function";
const RECORD = "tests/modules/record.test.ts";
const PAGE = "tests/e2e/any-module.spec.ts";
const ability = (says: string, by: string): Ability => ({ says, by });
const named = ability("with names in the file", ROLES);

export const ALLOCATORS: readonly Row[] = [
  {
    name: "dlmalloc of Rust’s std",
    decoded: ability("each block", HERE),
    recorded: ability("each operation, stripped too", `${RECORD} › @resvg/resvg-wasm`),
    sites: ability("yes", `${PAGE} › a package in Rust`),
  },
  {
    name: "dlmalloc of Emscripten",
    decoded: ability("each block", "tests/modules/heaps-published.test.ts › sql.js: Emscripten, C"),
    recorded: ability("each operation, stripped too; not where it was inlined", `${RECORD} › sql.js`),
    sites: ability("yes", `${PAGE} › a package in C`),
  },
  {
    name: "dlmalloc of wasi-libc",
    decoded: ability("each block", "tests/modules/heaps-clang.test.ts › is decoded as it was recorded"),
    recorded: ability("each operation, stripped too; not where it was inlined", "tests/modules/heaps-clang.test.ts › is recorded block for block"),
    sites: ability("yes", "tests/modules/heaps-clang.test.ts › is recorded block for block"),
  },
  {
    name: "emmalloc",
    decoded: ability("each block", "tests/modules/heaps-emscripten.test.ts › is decoded as it was recorded"),
    recorded: ability("each operation, with names", "tests/modules/heaps-emscripten.test.ts › is recorded block for block"),
    sites: ability("yes", "tests/modules/heaps-emscripten.test.ts › is recorded block for block"),
  },
  { name: "talc 5", decoded: ability("live bytes; blocks by guess", HERE), recorded: named, sites: named },
  { name: "wasmalloc 0.1", decoded: ability("each block to 40 KiB", "tests/modules/heaps-here.test.ts › runs of slices that touch are one block"), recorded: named, sites: named },
  {
    name: "AssemblyScript",
    decoded: ability("each block", "tests/modules/heaps-published.test.ts › a module of AssemblyScript"),
    recorded: ability("each operation, with names", `${RECORD} › AssemblyScript`),
    sites: ability("yes", `${PAGE} › a stripped module says what is missing`),
  },
  { name: "Zig’s WasmAllocator", decoded: ability("no", ROLES), recorded: named, sites: named },
  {
    name: "bonsai_alloc",
    decoded: ability("each block, with its structure", "tests/modules/memories.test.ts › is read as its heap walked"),
    recorded: ability("each operation", "tests/modules/trace.test.ts › records what it does"),
    sites: ability("yes", "tests/modules/trace.test.ts › samples of call sites"),
  },
];

const EMSCRIPTEN = "emscripten-core/emscripten, src/memoryprofiler.js";
const DEVTOOLS = "developer.chrome.com/docs/devtools/memory-inspector";
const DHAT = "valgrind.org/docs/manual/dh-manual.html";
const RTRACE = "AssemblyScript/assemblyscript, lib/rtrace";
const WZPROF = "stealthrocket/wzprof, README.md";

export const TOOLS: readonly Row[] = [
  {
    name: "Emscripten’s memory profiler",
    decoded: ability("no: it draws the blocks that it saw", EMSCRIPTEN),
    recorded: ability("modules linked with --memoryprofiler", EMSCRIPTEN),
    sites: ability("of large blocks, and of sites with many", EMSCRIPTEN),
  },
  { name: "Chrome’s DevTools", decoded: ability("bytes, no blocks", DEVTOOLS), recorded: ability("no", DEVTOOLS), sites: ability("no", DEVTOOLS) },
  { name: "DHAT", decoded: ability("no", DHAT), recorded: ability("native programs only", DHAT), sites: ability("native programs only", DHAT) },
  {
    name: "AssemblyScript’s rtrace",
    decoded: ability("headers of the blocks that it saw", RTRACE),
    recorded: ability("modules built with ASC_RTRACE=1", RTRACE),
    sites: ability("a stack for each block", RTRACE),
  },
  { name: "wzprof", decoded: ability("no", WZPROF), recorded: ability("allocations, in the engine wazero", WZPROF), sites: ability("yes, for pprof", WZPROF) },
];

/** The rows as a table of Markdown, each answer with its proof. */
export function markdown(rows: readonly Row[], title: string): string {
  const cell = ({ says, by }: Ability): string => `${says} (${by.includes(" › ") ? `\`${by.replace(/^.*\//, "")}\`` : by})`;
  return [`| ${title} | decoded | recorded | call sites |`, "|---|---|---|---|", ...rows.map(({ name, decoded, recorded, sites }) => `| ${name} | ${cell(decoded)} | ${cell(recorded)} | ${cell(sites)} |`)].join("\n");
}
