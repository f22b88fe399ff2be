// Who is compared. The name is the feature of the crate `allocators`, but for std's. Who may fail may
// run out of memory; nobody may damage a block.

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
