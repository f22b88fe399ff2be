import { Blocks, State, type Snapshot } from "./snapshot";

/**
 * At which moment each block was first seen live, by index; 0 for what is not live. A block is the
 * same as one of the moment before if it begins at the same address, has the same size, and was
 * live then too: one that was freed and allocated again between two looks can't be told apart.
 *
 * One pass over both moments' blocks.
 */
export function births(before: Seen | null, snapshot: Snapshot, moment: number): Uint32Array {
  const { address, size, state, count } = snapshot.blocks;
  const born = new Uint32Array(count);
  const old = before?.snapshot.blocks ?? new Blocks(0);
  const { address: oldAddress, size: oldSize, state: oldState, count: oldCount } = old;
  for (let i = 0, j = 0; i < count; i++) {
    if (state[i] !== State.Live) continue;
    const at = address[i]!;
    while (j < oldCount && oldAddress[j]! < at) j++;
    const same = j < oldCount && oldAddress[j] === at && oldSize[j] === size[i] && oldState[j] === State.Live;
    born[i] = same ? before!.born[j]! : moment;
  }
  return born;
}

/** A snapshot, and since when its blocks are known. */
export interface Seen {
  readonly snapshot: Snapshot;
  readonly born: Uint32Array;
}
