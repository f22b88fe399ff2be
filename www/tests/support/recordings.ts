import { readdirSync, readFileSync } from "node:fs";

/**
 * Memories of modules with each heap, and the blocks that the heap itself saw: what
 * `cargo xtask memories` recorded. tests/memories reads the same files in Rust.
 */
const FOLDER = new URL("../../../tests/memories/recorded/", import.meta.url);
const STATES = ["live", "free", "meta", "gap"];

export interface Recording {
  /** A heap and a moment. */
  readonly name: string;
  readonly memory: ArrayBuffer;
  readonly descriptor: number;
  /** (address, size, state) of each block. */
  readonly blocks: readonly number[];
}

export function recordings(): Recording[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(".memory"));
  return names.map((file) => read(file.replace(".memory", "")));
}

/** Blocks with free neighbours made one: a walk of `heap` merges first what waits in quick lists. */
export function merged(blocks: readonly number[]): number[] {
  const joined: number[] = [];
  for (let i = 0; i < blocks.length; i += 3) {
    const last = joined.length - 3;
    if (last >= 0 && blocks[i + 2] === 1 && joined[last + 2] === 1) joined[last + 1]! += blocks[i + 1]!;
    else joined.push(...blocks.slice(i, i + 3));
  }
  return joined;
}

function read(name: string): Recording {
  const lines = (ending: string): string[][] => {
    const text = readFileSync(new URL(`${name}.${ending}`, FOLDER), "utf8");
    return text.split("\n").slice(0, -1).map((line) => line.split(" "));
  };
  const [[, length], [, descriptor], ...rows] = lines("memory") as [string[], string[], ...string[][]];
  const bytes = new Uint8Array(hex(length));
  for (const [at, row] of rows) bytes.set(Buffer.from(row!, "hex"), hex(at));
  const blocks = lines("blocks").flatMap(([at, size, state]) => [hex(at), Number(size), STATES.indexOf(state!)]);
  return { name, memory: bytes.buffer, descriptor: hex(descriptor), blocks };
}

const hex = (digits: string | undefined): number => parseInt(digits!, 16);
