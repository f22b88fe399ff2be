import { Fate, type Diff } from "./diff";
import { State, type Blocks, type Snapshot } from "./snapshot";

/**
 * What the map colours its blocks by. An ink is a number that stands for a colour and a texture:
 * the states' own numbers, and behind them those of sizes, ages and fates. No colouring uses more
 * than `INKS`; which colours they are is a matter of drawing.
 */
export const COLOURINGS = ["state", "size", "age", "change"] as const;
export type Colouring = (typeof COLOURINGS)[number];

/** Inks of a colouring at most. */
export const INKS = 19;

/** Live blocks up to each size; the last is for all that are larger. */
export const SIZE_STEPS: readonly number[] = [16, 64, 256, 1024, 4096, 65536, Infinity];
/** Live blocks first seen at most so many moments ago; the last for all older. */
export const AGE_STEPS: readonly number[] = [0, 1, 3, 10, Infinity];
/** The first ink that is not a state's. */
export const FIRST = 12;

const step = (steps: readonly number[], value: number): number => {
  let i = 0;
  while (value > steps[i]!) i++;
  return FIRST + i;
};

/** The ink of each block of a snapshot; for `change` its blocks are a background. */
export function inks(snapshot: Snapshot, born: Uint32Array, moment: number, colouring: Colouring): Uint8Array {
  const { blocks } = snapshot;
  const ink = blocks.state.slice(0, blocks.count);
  if (colouring === "state") return ink;
  for (let i = 0; i < blocks.count; i++) {
    if (ink[i] !== State.Live) continue;
    if (colouring === "size") ink[i] = step(SIZE_STEPS, blocks.size[i]!);
    else if (colouring === "age") ink[i] = step(AGE_STEPS, moment - born[i]!);
  }
  return ink;
}

/** The blocks that the map shows, and the ink of each. */
export interface Inked {
  readonly blocks: Blocks;
  readonly ink: Uint8Array;
}

/** Both moments' live blocks, as what became of them. */
export function inkedDiff(diff: Diff): Inked {
  return { blocks: diff.blocks, ink: diff.blocks.state.slice(0, diff.blocks.count).map((fate) => FIRST + fate) };
}

/** Inks of a colouring that stand for live blocks, with what the legend says of each. */
export function steps(colouring: Colouring): readonly { readonly ink: number; readonly value: number }[] {
  switch (colouring) {
    case "size":
      return SIZE_STEPS.map((value, i) => ({ ink: FIRST + i, value }));
    case "age":
      return AGE_STEPS.map((value, i) => ({ ink: FIRST + i, value }));
    case "change":
      return [Fate.Came, Fate.Gone, Fate.Kept].map((fate) => ({ ink: FIRST + fate, value: fate }));
    case "state":
      return [];
  }
}
