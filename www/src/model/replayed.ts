/** The allocators that a trace is replayed on: the crate's, and the one that std brings along. */
export const REPLAYED = ["heap", "slab", "buddy", "bump", "tiny", "dlmalloc"] as const;
export type Peer = (typeof REPLAYED)[number];
