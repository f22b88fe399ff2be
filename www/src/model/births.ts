import { State, type Snapshot } from "./snapshot";

/**
 * At which moment each block was first seen live, by index; 0 for what is not live. A block is the
 * same as one of the moment before if it begins at the same address, has the same size, and was
 * live then too: one that was freed and allocated again between two looks can't be told apart.
 *
 * One pass over both moments' blocks.
 */
export function births(before: Seen | null, snapshot: Snapshot, moment: number): Uint32Array {
  const { blocks } = snapshot;
  const born = new Uint32Array(blocks.count);
  const old = before?.snapshot.blocks;
  let j = 0;
  for (let i = 0; i < blocks.count; i++) {
    if (blocks.state[i] !== State.Live) continue;
    const address = blocks.address[i]!;
    let at = moment;
    if (old !== undefined && before !== null) {
      while (j < old.count && old.address[j]! < address) j++;
      const same = j < old.count && old.address[j] === address && old.size[j] === blocks.size[i];
      if (same && old.state[j] === State.Live) at = before.born[j]!;
    }
    born[i] = at;
  }
  return born;
}

/** A snapshot, and since when its blocks are known. */
export interface Seen {
  readonly snapshot: Snapshot;
  readonly born: Uint32Array;
}
