import { eachFree, isFree, State, STATES, type Blocks, type Snapshot } from "./snapshot";
import { eachBlock, largestBlock } from "./splits";

/** The numbers of one moment. `live + free + meta` is what the heap has obtained. */
export interface Figures {
  readonly live: number;
  readonly liveBlocks: number;
  readonly free: number;
  /** Free pieces, each with the blocks that merge into it before memory grows. */
  readonly freeBlocks: number;
  readonly largestFree: number;
  /** Bytes of `free` that wait in quick lists. */
  readonly waiting: number;
  readonly meta: number;
  readonly gap: number;
  /** True if the heap keeps a record of live blocks; if not, `live` and `committed` say nothing. */
  readonly tracked: boolean;
  /** True if the heap knows its blocks apart; if not, `live` is all that was ever handed out. */
  readonly bounded: boolean;
  readonly committed: number;
  /** Bytes of the linear memory, the heap's or not. */
  readonly memory: number;
  readonly growths: number | null;
}

export function figures(snapshot: Snapshot): Figures {
  const counted = count(snapshot.blocks);
  const committed = snapshot.committed ?? counted.live + counted.free + counted.meta;
  return {
    ...counted,
    tracked: snapshot.kind !== "tiny",
    bounded: snapshot.kind !== "bump",
    committed,
    memory: snapshot.memory,
    growths: snapshot.growths,
  };
}

export function count(blocks: Blocks): Omit<Figures, "tracked" | "bounded" | "memory" | "committed" | "growths"> {
  const bytes = new Array<number>(STATES).fill(0);
  let liveBlocks = 0;
  let freeBlocks = 0;
  let largestFree = 0;
  for (let i = 0; i < blocks.count; i++) {
    const state = blocks.state[i]!;
    bytes[state]! += blocks.size[i]!;
    if (state === State.Live) liveBlocks++;
  }
  eachFree(blocks, (size) => {
    freeBlocks++;
    if (size > largestFree) largestFree = size;
  });
  return {
    live: bytes[State.Live]!,
    liveBlocks,
    free: bytes[State.Free]! + bytes[State.Fresh]! + bytes[State.Waiting]!,
    freeBlocks,
    largestFree,
    waiting: bytes[State.Waiting]!,
    meta: bytes[State.Meta]!,
    gap: bytes[State.Gap]!,
  };
}

/** Which part of the free bytes is not in the largest free block, 0..1; 0 where nothing is free. */
export const externalFragmentation = (now: Figures): number => (now.free === 0 ? 0 : 1 - now.largestFree / now.free);

export interface UnusableRow {
  /** A request of this many bytes, a power of two. */
  readonly size: number;
  /** Free pieces of at least that size, and less than twice that. */
  readonly blocks: number;
  /** Which part of the free bytes lies in pieces that are too small for it, 0..1. */
  readonly unusable: number;
}

/**
 * Linux's unusable-free-space index for requests of each power of two, from 16 bytes to the first
 * that no free block can serve; for heaps of any kind. One pass over the blocks.
 */
export function unusable(blocks: Blocks): UnusableRow[] {
  const counts: number[] = [];
  const bytes: number[] = [];
  let free = 0;
  eachFree(blocks, (size) => {
    const order = 31 - Math.clz32(size);
    counts[order] = (counts[order] ?? 0) + 1;
    bytes[order] = (bytes[order] ?? 0) + size;
    free += size;
  });
  if (free === 0) return [];
  let small = 0;
  for (let order = 0; order < 4; order++) small += bytes[order] ?? 0;
  const rows: UnusableRow[] = [];
  for (let order = 4; order <= counts.length && order < 32; order++) {
    rows.push({ size: 2 ** order, blocks: counts[order] ?? 0, unusable: small / free });
    small += bytes[order] ?? 0;
  }
  return rows;
}

export interface OrderRow {
  readonly order: number;
  readonly size: number;
  readonly live: number;
  readonly free: number;
  readonly slabs: number;
  /** Blocks of this size that stand split into smaller ones. */
  readonly split: number;
  /**
   * Which part of the free bytes cannot serve a request of this size, 0..1: Linux's
   * unusable-free-space index. 0 where nothing is free.
   */
  readonly unusable: number;
}

/** One row for each order from the granule to the largest block, ascending. */
export function orders(snapshot: Snapshot): OrderRow[] {
  const { units, granule } = snapshot;
  if (units === null || units.count === 0) return [];
  const top = largestBlock(units, granule);
  const rows = Array.from({ length: Math.round(Math.log2(top / granule)) + 1 }, () => ({
    live: 0,
    free: 0,
    slabs: 0,
    split: 0,
  }));
  let free = 0;
  const all = { from: snapshot.start, to: snapshot.end };
  eachBlock(units, { ...snapshot, top }, all, (_, size, index) => {
    const row = rows[Math.clz32(granule) - Math.clz32(size)]!;
    const state = index < 0 ? -1 : units.state[index]!;
    if (state === -1) row.split++;
    else if (state === State.Slab) row.slabs++;
    else if (isFree(state)) {
      row.free++;
      free += size;
    } else row.live++;
  });
  let small = 0;
  return rows.map((row, order) => {
    const size = granule * 2 ** order;
    const unusable = free === 0 ? 0 : small / free;
    small += row.free * size;
    return { order, size, ...row, unusable };
  });
}

export interface ClassRow {
  readonly class: number;
  readonly size: number;
  readonly slabs: number;
  readonly used: number;
  readonly capacity: number;
  readonly overhead: number;
  /** Indices into `Snapshot.slabs`, in address order. */
  readonly members: readonly number[];
}

/** One row for each class that has a slab, ascending. */
export function classRows(snapshot: Snapshot): ClassRow[] {
  const members = snapshot.classes.map((): number[] => []);
  snapshot.slabs.forEach((slab, index) => members[slab.class]?.push(index));
  return members.flatMap((list, index) => {
    if (list.length === 0) return [];
    const sum = (of: (slab: Snapshot["slabs"][number]) => number): number =>
      list.reduce((total, i) => total + of(snapshot.slabs[i]!), 0);
    return [
      {
        class: index,
        size: snapshot.classes[index]!,
        slabs: list.length,
        used: sum((s) => s.used),
        capacity: sum((s) => s.capacity),
        overhead: sum((s) => s.overhead),
        members: list,
      },
    ];
  });
}
