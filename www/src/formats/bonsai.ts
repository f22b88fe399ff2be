import { decode } from "../model/decode";
import { MAGIC } from "../wire/heap-layout";
import type { Heap } from "./format";
import type { Memory } from "./memory";

/**
 * The heaps of bonsai_alloc that have a descriptor (`inspectable!`). The layout is that of
 * docs/heap-layout.md; model/decode.ts reads it.
 *
 * ```text
 *  ┌────────┬─────────┬──────┬───────┬───────────┬─────────┬───────────────────┐
 *  │ "BONS" │ version │ kind │ words │ committed │ growths │ by kind …         │
 *  └────────┴─────────┴──────┴───────┴───────────┴─────────┴───────────────────┘
 * ```
 */

/** The word that a descriptor begins with. */
export const FIRST = MAGIC;

const NAMES = { bump: "BumpHeap", buddy: "BuddyHeap", slab: "SlabHeap", tiny: "TinyHeap", heap: "Heap" } as const;

/** The heap that a descriptor describes; null if it has no memory yet, or its descriptor is none. */
export function probe(memory: Memory, descriptor: number): Heap | null {
  const decoded = decode(memory.buffer, descriptor);
  if (!decoded.ok || decoded.snapshot.blocks.count === 0) return null;
  const { kind, start, end, blocks } = decoded.snapshot;
  return {
    allocator: `bonsai_alloc ${NAMES[kind as keyof typeof NAMES]}`,
    certain: true,
    start,
    end,
    blocks,
    header: 0,
    sized: kind !== "tiny" && kind !== "bump",
    again: (later) => probe(later, descriptor),
  };
}
