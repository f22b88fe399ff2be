// The one table of wasm modules: allocators, programs, profiles, and what each of their users has.

/** The allocators, by their feature; std's has none. Who may fail may run out of memory; nobody may damage a block. */
export const ALLOCATORS = {
  dlmalloc: { title: "dlmalloc (std)", peer: true },
  talc: { title: "talc 5.1.1", peer: true },
  wasmalloc: { title: "wasmalloc 0.1.1", peer: true },
  rlsf: { title: "rlsf 0.2.3", peer: true },
  "rlsf-small": { title: "rlsf 0.2.3, small", peer: true },
  lol: { title: "lol_alloc 0.4.1", peer: true },
  "lol-locked": { title: "lol_alloc 0.4.1, locked", peer: true, weighedOnly: true },
  // Leaks without bound (RUSTSEC-2022-0054).
  wee: { title: "wee_alloc 0.4.5", peer: true, mayFail: true },
  heap: { title: "Heap", own: true },
  slab: { title: "SlabHeap", own: true },
  buddy: { title: "BuddyHeap", own: true },
  tiny: { title: "TinyHeap", own: true },
  // Takes back nothing but the last block.
  bump: { title: "BumpHeap", own: true, mayFail: true },
  // Memory of one size is lost to all others.
  bound: { title: "lower bound" },
};

/** The peers against the best of which peak memory is held. */
export const FRUGAL = ["dlmalloc", "talc", "rlsf"];

/** Whose time is 1 in the tables. */
export const REFERENCE = "talc";

/** The allocators that are measured in time: the others are only weighed. */
export const TIMED = Object.keys(ALLOCATORS).filter((name) => !ALLOCATORS[name].weighedOnly);

/** The features of each program. It is one file of `src`, with the folder of that name beside it. */
const PROGRAMS = {
  empty: ["empty"],
  shapes: ["shapes"],
  programs: ["programs"],
  "soak-shapes": ["shapes", "soak"],
  "soak-programs": ["programs", "soak"],
  workbench: ["workbench"],
  demo: ["demo", "trace"],
  free: ["free"],
  misuse: ["misuse"],
  "misuse-checked": ["misuse", "checked"],
  stack: ["stack"],
};

/** A program of the table, or one of the real programs alone, as `program NAME`: its features, and its sources. */
export function programOf(name) {
  const alone = /^program (.+)$/.exec(name)?.[1];
  const features = alone === undefined ? PROGRAMS[name] : [alone];
  if (features === undefined) throw new Error(`no program is named "${name}"`);
  const sources = alone === undefined ? features.filter((feature) => !MODES.includes(feature)) : ["programs"];
  return { features, sources };
}

/** The features that are no program. */
const MODES = ["checked", "trace"];

/** The profiles of Cargo.toml by what they are for. */
export const PROFILES = { timed: "release", small: "small", watched: "watched", page: "page" };

/** The allocators of this repository. */
export const OWN = Object.keys(ALLOCATORS).filter((name) => ALLOCATORS[name].own);

/** The modules of the page: their folders in www/src/wasm. Those with `bindgen` come with what wasm-bindgen writes. */
export const PAGE = [
  // The classes of js, which is a crate of its own, with tests of its own.
  { folder: "handles", bindgen: true },
  ...[...OWN, "dlmalloc"].map((allocator) => ({ folder: `demo-${allocator}`, program: "demo", allocator, bindgen: true })),
  ...[...OWN, "dlmalloc", "talc", "wasmalloc"].map((allocator) => ({
    folder: `workbench-${allocator}`,
    program: "workbench",
    allocator,
  })),
];
