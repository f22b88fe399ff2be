import { State, type Snapshot } from "./snapshot";

/** Live blocks of one size, or of a range of sizes. */
export interface SizeRow {
  /** The sizes in the row, in bytes, both inclusive. */
  readonly from: number;
  readonly to: number;
  readonly blocks: number;
  readonly bytes: number;
  /** Blocks of the row whose requested size is known. */
  readonly known: number;
  /** Their bytes. */
  readonly knownBytes: number;
  /** Bytes of those that were not asked for: internal fragmentation. */
  readonly waste: number;
}

/** The most sizes that have a row each; with more, a row is the sizes up to a power of two. */
const EXACT = 24;

/** The largest size of the row that a size falls in, where rows are powers of two. */
export function sizeBucket(size: number): number {
  let top = 8;
  while (top < size) top *= 2;
  return top;
}

/**
 * Live blocks by size, ascending. `requested` tells what was asked for, by address, where that is
 * known: an allocator does not keep it. One pass over the blocks.
 */
export function sizeClasses(snapshot: Snapshot, requested: ReadonlyMap<number, number>): SizeRow[] {
  const { address, size: sizes, state, count } = snapshot.blocks;
  const fresh = (): { blocks: number; known: number; knownBytes: number; waste: number } => ({ blocks: 0, known: 0, knownBytes: 0, waste: 0 });
  const rows = new Map<number, ReturnType<typeof fresh>>();
  /** Those of small sizes, by size: most blocks need no look into the map. */
  const small: ReturnType<typeof fresh>[] = [];
  const rowOf = (size: number): ReturnType<typeof fresh> => {
    const row = rows.get(size) ?? fresh();
    rows.set(size, row);
    if (size < 1024) small[size] = row;
    return row;
  };
  for (let i = 0; i < count; i++) {
    if (state[i] !== State.Live) continue;
    const size = sizes[i]!;
    const row = small[size] ?? rowOf(size);
    row.blocks++;
    if (requested.size === 0) continue;
    const asked = requested.get(address[i]!);
    // More than the block holds is about another block that once stood there.
    if (asked === undefined || asked > size) continue;
    row.known++;
    row.knownBytes += size;
    row.waste += size - asked;
  }
  const exact = [...rows]
    .sort(([a], [b]) => a - b)
    .map(([size, row]): SizeRow => ({ from: size, to: size, bytes: size * row.blocks, ...row }));
  if (exact.length <= EXACT) return exact;
  const joined: SizeRow[] = [];
  for (const row of exact) {
    const to = sizeBucket(row.to);
    const last = joined[joined.length - 1];
    if (last?.to !== to) joined.push({ ...row, from: to === 8 ? 1 : to / 2 + 1, to });
    else {
      joined[joined.length - 1] = {
        ...last,
        blocks: last.blocks + row.blocks,
        bytes: last.bytes + row.bytes,
        known: last.known + row.known,
        knownBytes: last.knownBytes + row.knownBytes,
        waste: last.waste + row.waste,
      };
    }
  }
  return joined;
}
