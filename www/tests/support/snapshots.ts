import { Blocks, type Snapshot, type State } from "../../src/model/snapshot";

/** A snapshot of blocks that follow each other from an address on, as `[size, state]`. */
export function snapshotOf(
  list: readonly (readonly [number, State])[],
  more: Partial<Snapshot> & { readonly start?: number } = {},
): Snapshot {
  const blocks = new Blocks();
  const start = more.start ?? 4096;
  let at = start;
  for (const [size, state] of list) {
    blocks.push(at, size, state);
    at += size;
  }
  return {
    kind: "heap",
    committed: at - start,
    memory: at,
    growths: 1,
    end: at,
    units: null,
    granule: 16,
    base: 0,
    slabs: [],
    classes: [],
    lists: [],
    ...more,
    start,
    blocks,
  };
}
