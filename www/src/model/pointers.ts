import { State, type Blocks } from "./snapshot";

/** A word of memory that holds the address of a block. */
export interface Pointer {
  /** The address of the word. */
  readonly at: number;
  /** Index of the live block that it lies in, or -1: the stack or static data. */
  readonly block: number;
}

/**
 * Finds the words that hold the address of a block, aligned as pointers are: in live blocks, and below the heap, where
 * static data and the stack are. A number that happens to be that address is found too. O(bytes of memory); ends at `most`.
 */
export function pointersTo(buffer: ArrayBufferLike, blocks: Blocks, index: number, most = 100): Pointer[] {
  const words = new Uint32Array(buffer, 0, Math.floor(buffer.byteLength / 4));
  const target = blocks.address[index]!;
  const found: Pointer[] = [];
  const scan = (from: number, to: number, block: number): void => {
    const end = Math.min(words.length, to >>> 2);
    for (let at = (from + 3) >>> 2; at < end && found.length < most; at++) {
      if (words[at] === target) found.push({ at: at * 4, block });
    }
  };
  for (let i = 0; i < blocks.count; i++) if (blocks.state[i] === State.Live && i !== index) scan(blocks.address[i]!, blocks.end(i), i);
  scan(0, blocks.address[0] ?? 0, -1);
  return found;
}
