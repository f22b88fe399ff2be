import { State, type Blocks } from "./snapshot";

/** The agreement of a recording and a heap, in blocks. */
export interface Agreement {
  /** Live blocks that the recording knows, too. */
  readonly both: number;
  /** Live blocks that it does not know. */
  readonly heap: number;
  /** Recorded blocks that are live nowhere in the heap. */
  readonly recorded: number;
}

/** Compares blocks by address. O(blocks). */
export function agreement(recorded: ReadonlyMap<number, unknown>, blocks: Blocks): Agreement {
  let [both, heap] = [0, 0];
  for (let i = 0; i < blocks.count; i++) {
    if (blocks.state[i] !== State.Live) continue;
    if (recorded.has(blocks.address[i]!)) both++;
    else heap++;
  }
  return { both, heap, recorded: recorded.size - both };
}
