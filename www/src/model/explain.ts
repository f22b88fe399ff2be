import { isFree, State, type Blocks } from "./snapshot";

/** The effect of an operation on an allocator, found by comparing its blocks before and after. */
export type Happening =
  | {
      readonly did: "allocated";
      readonly address: number;
      readonly requested: number;
      /** Bytes that the request took: a block's size, or how far the top moved. */
      readonly took: number;
      /** Sizes of the free blocks on the way down: the one that was split first, to the one used. */
      readonly split: readonly number[];
      /** Slab: which block of how many. */
      readonly position: number;
    }
  | {
      readonly did: "freed";
      readonly address: number;
      readonly size: number;
      /** Sizes on the way up: of the freed block, to the one that it became part of. */
      readonly merged: readonly number[];
      readonly position: number;
      /** Blocks still live. */
      readonly left: number;
    }
  | { readonly did: "refused"; readonly requested: number; readonly largest: number; readonly free: number }
  | { readonly did: "reset"; readonly freed: number };

export function allocated(before: Blocks, after: Blocks, address: number, requested: number): Happening {
  const from = before.find(address);
  const to = after.find(address);
  const took = to < 0 ? 0 : after.size[to]!;
  const was = from < 0 ? took : before.size[from]!;
  return { did: "allocated", address, requested, took, split: halves(was, took), position: to };
}

/** A bump allocator has no blocks: what a request took is how far its free rest shrank. */
export function bumped(before: Blocks, after: Blocks, address: number, requested: number): Happening {
  const took = sumFree(before) - sumFree(after);
  return { did: "allocated", address, requested, took, split: [took], position: -1 };
}

export function freed(before: Blocks, after: Blocks, address: number): Happening {
  const from = before.find(address);
  const to = after.find(address);
  const size = from < 0 ? 0 : before.size[from]!;
  const became = to < 0 ? size : after.size[to]!;
  let left = 0;
  for (let i = 0; i < after.count; i++) if (after.state[i] === State.Live) left++;
  return { did: "freed", address, size, merged: halves(became, size).reverse(), position: from, left };
}

export function refused(blocks: Blocks, requested: number): Happening {
  let largest = 0;
  for (let i = 0; i < blocks.count; i++) {
    if (isFree(blocks.state[i]!)) largest = Math.max(largest, blocks.size[i]!);
  }
  return { did: "refused", requested, largest, free: sumFree(blocks) };
}

/** From one size down to another by halves, both included; just the small one if it does not fit. */
function halves(from: number, to: number): number[] {
  const sizes = [];
  for (let size = from; size > to; size /= 2) sizes.push(size);
  const last = sizes[sizes.length - 1];
  return last === undefined || last === to * 2 ? [...sizes, to] : [to];
}

function sumFree(blocks: Blocks): number {
  let free = 0;
  for (let i = 0; i < blocks.count; i++) if (isFree(blocks.state[i]!)) free += blocks.size[i]!;
  return free;
}
