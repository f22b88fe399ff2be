import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { decode } from "../../src/model/decode";
import { count, figures } from "../../src/model/metrics";
import { random } from "../../src/model/random";
import { collection, SAMPLES } from "../../src/model/samples";
import { isFree, State, type Snapshot } from "../../src/model/snapshot";

// The documents are many.
vi.setConfig({ testTimeout: 120_000 });

/**
 * The decoder against the crate's own `walk`, byte for byte, on the page's real modules: what a
 * reader sees from outside is what the heap says of itself. `cargo xtask build` makes the modules.
 */
interface Demo {
  parse: (kind: string, text: string) => { summary: string };
  clear: () => void;
  /** (address, size, state) of each block. */
  walk: () => Uint32Array;
}

const ROOT = new URL("../../src/wasm/", import.meta.url);

async function load(allocator: string): Promise<{ demo: Demo; read: () => Snapshot }> {
  const folder = new URL(`demo-${allocator}/`, ROOT);
  const files = readdirSync(folder);
  const find = (ending: string): URL => new URL(files.find((file) => file.endsWith(ending))!, folder);
  // Each test has an instance of its own.
  const glue = (await import(`${find(".js").href}?${Math.random()}`)) as Demo & {
    initSync: (from: { module: Uint8Array }) => { memory: WebAssembly.Memory; BONSAI_HEAP: WebAssembly.Global };
  };
  const { memory, BONSAI_HEAP } = glue.initSync({ module: readFileSync(find("_bg.wasm")) });
  const read = (): Snapshot => {
    const decoded = decode(memory.buffer, Number(BONSAI_HEAP.value));
    if (!decoded.ok) throw new Error(JSON.stringify(decoded.damage));
    return decoded.snapshot;
  };
  return { demo: glue, read };
}

/** Blocks in `walk`'s words: fresh is free, what a tiny heap does not track is left out. */
function seen(snapshot: Snapshot): number[] {
  const { blocks } = snapshot;
  const words: number[] = [];
  for (let i = 0; i < blocks.count; i++) {
    const state = blocks.state[i]!;
    if (state === State.Unknown) continue;
    words.push(blocks.address[i]!, blocks.size[i]!, isFree(state) ? 1 : state);
  }
  return words;
}

/** Blocks of these states that touch are made one: holes, of which nobody knows where one ends. */
function joined(words: readonly number[], states: readonly number[]): number[] {
  const all: number[] = [];
  for (let i = 0; i < words.length; i += 3) {
    const [address, size, state] = [words[i]!, words[i + 1]!, words[i + 2]!];
    const last = all.length - 3;
    const end = last < 0 ? -1 : all[last]! + all[last + 1]!;
    if (end === address && states.includes(state) && all[last + 2] === state) all[last + 1]! += size;
    else all.push(address, size, state);
  }
  return all;
}

describe.each(["heap", "slab", "buddy", "bump", "tiny"])("the module on a %s heap", (allocator) => {
  let demo: Demo;
  let read: () => Snapshot;
  /** A tiny heap walks in quadratic time: it has no more than a few thousand blocks here. */
  const quick = allocator !== "tiny";
  beforeAll(async () => {
    ({ demo, read } = await load(allocator));
  });

  const agree = (): Snapshot => {
    const snapshot = read();
    // A heap merges what waits in quick lists before it walks.
    const joins = allocator === "heap" ? [1, 3] : [3];
    const [ours, theirs] = [joined(seen(snapshot), joins), joined([...demo.walk()], joins)];
    // Plain numbers, compared here: a matcher takes minutes over a hundred thousand of them.
    const differs = ours.findIndex((word, i) => word !== theirs[i]);
    const block = differs - (differs % 3);
    expect(differs < 0 ? [] : ours.slice(block, block + 3)).toEqual(differs < 0 ? [] : theirs.slice(block, block + 3));
    expect(ours.length).toBe(theirs.length);
    return snapshot;
  };

  it("is read as it walks, before and after each document", () => {
    expect(agree().kind).toBe(allocator);
    for (const { id, make } of SAMPLES) {
      if (id === "forest" && !quick) continue;
      const { kind, text } = make();
      if (id === "broken") expect(() => demo.parse(kind, text)).toThrow(/line \d+ column \d+/);
      else expect(demo.parse(kind, text).summary).not.toBe("");
      agree();
    }
    demo.clear();
    agree();
  });

  it("is read as it walks through a hundred documents of any size", () => {
    const next = random(allocator.length);
    for (let i = 0; i < 100; i++) {
      if (next() < 0.3) demo.clear();
      else demo.parse("json", collection(Math.floor(2 ** (next() * (quick ? 9 : 4))), i));
      if (i % 5 === 0) agree();
    }
    agree();
  });

  it("adds up to what it has obtained", () => {
    demo.parse("json", collection(500));
    const snapshot = read();
    const sums = count(snapshot.blocks);
    if (allocator === "tiny") {
      expect(snapshot.committed).toBeNull();
      expect(snapshot.growths).toBeNull();
      return;
    }
    expect(sums.live + sums.free + sums.meta).toBe(snapshot.committed);
    expect(figures(snapshot).live).toBeGreaterThan(collection(500).length / 4);
    expect(snapshot.growths).toBeGreaterThan(0);
  });

  if (allocator !== "bump" && allocator !== "tiny") {
    it("has its memory back when the document is gone", () => {
      demo.clear();
      expect(figures(read()).live).toBeLessThan(65536);
    });
  }
});

it("growth detaches the old buffer, and the reader does not mind", async () => {
  const { demo, read } = await load("slab");
  const before = read().growths ?? 0;
  demo.parse("json", collection(6000));
  expect(read().growths).toBeGreaterThan(before + 2);
});
