import { describe, expect, it, vi } from "vitest";
import { decode } from "../../src/model/decode";
import { count } from "../../src/model/metrics";
import { random } from "../../src/model/random";
import { State, isFree, type Snapshot } from "../../src/model/snapshot";
import { merged, recordings, type Recording } from "../support/recordings";

// Thousands of damaged memories are read.
vi.setConfig({ testTimeout: 120_000 });

/** The page's decoder on recorded memories, which a decoder in Rust reads too. */
const RECORDINGS = recordings();

/** Blocks as they are recorded: fresh is free, and what a tiny heap does not track is left out. */
function seen({ blocks }: Snapshot): number[] {
  const all = Array.from({ length: blocks.count }, (_, i) => i);
  return all
    .filter((i) => blocks.state[i] !== State.Unknown)
    .flatMap((i) => [blocks.address[i]!, blocks.size[i]!, isFree(blocks.state[i]!) ? 1 : blocks.state[i]!]);
}

it("there are three moments of each heap", () => {
  expect(RECORDINGS.map(({ name }) => name).sort()).toEqual(
    ["buddy", "bump", "heap", "heap1", "heap3", "slab", "tiny"].flatMap((heap) => ["new", "old", "young"].map((moment) => `${heap}-${moment}`)),
  );
});

describe.each(RECORDINGS)("the memory $name", ({ name, memory, descriptor, blocks }) => {
  it("is read as its heap walked", () => {
    const decoded = decode(memory, descriptor);
    if (!decoded.ok) throw new Error(JSON.stringify(decoded.damage));
    const { snapshot } = decoded;
    // `heap1` is `heap` with version 1 of its layout, `heap3` with version 3.
    expect(snapshot.kind).toBe(name.split(/[13]?-/)[0]);
    expect(merged(seen(snapshot))).toEqual(merged(blocks));
    if (!/^heap3?-/.test(name)) expect(seen(snapshot)).toEqual(blocks);
    const { live, free, meta } = count(snapshot.blocks);
    expect(snapshot.committed).toBe(snapshot.kind === "tiny" ? null : live + free + meta);
  });

  it("is read or refused, whatever is damaged in it", () => {
    const targets = targetsOf({ memory, descriptor });
    let read = 0;
    const rounds = 400;
    for (let seed = 0; seed < rounds; seed++) {
      const damaged = damage(memory, targets, seed);
      if (ends(damaged, descriptor)) read++;
    }
    expect(read).toBeGreaterThan(0);
    // Without blocks nothing of what was damaged is looked at but the descriptor, and shards are most of the rest.
    expect(read).toBeLessThan(name === "heap3-new" ? rounds * 0.9 : rounds * 0.75);
  });

  it("ends where any one list runs in a circle", () => {
    const words = new Uint32Array(memory.slice(0));
    let refused = 0;
    words.forEach((was, at) => {
      if (was === 0) return;
      // A word may lead somewhere by an address or by a number of granules.
      for (const unit of [1, 16]) {
        if (was * unit <= PAGE || was * unit >= memory.byteLength || (4 * at) % unit !== 0) continue;
        words[at] = (4 * at) / unit;
        if (!ends(words.buffer, descriptor)) refused++;
      }
      words[at] = was;
    });
    expect(refused).toBeGreaterThan(0);
  });
});

/** Nothing that a heap links is in the first page. */
const PAGE = 65536;

/** Reads a memory, and tells whether that can be done. An exception is none of the answers. */
function ends(memory: ArrayBuffer, descriptor: number): boolean {
  const decoded = decode(memory, descriptor);
  if (!decoded.ok) return false;
  const { start, end, blocks } = decoded.snapshot;
  let at = start;
  for (let i = 0; i < blocks.count; i++) {
    // A number that is none is in no column: the blocks would not touch.
    if (blocks.address[i] !== at || blocks.size[i] === 0) throw new Error(`block ${i} is not at ${at}`);
    at = blocks.end(i);
  }
  if (at !== end || end > memory.byteLength) throw new Error(`the blocks end at ${at}, memory at ${memory.byteLength}`);
  return true;
}

/**
 * Where damage is worth its while: the descriptor and what it leads to; what is led to from there, by
 * addresses or by numbers of granules, from link to link; and all that is not zero.
 */
function targetsOf({ memory, descriptor }: Pick<Recording, "memory" | "descriptor">): number[][] {
  const words = new Uint32Array(memory);
  const placesOf = (ends: readonly number[]): number[] =>
    ends.map((at) => words[at]!).filter((to) => to !== 0).flatMap((to) => [to >>> 2, to * 4]);
  const held = (at: number): boolean => at < words.length;
  const heads = Array.from({ length: 15 }, (_, i) => descriptor / 4 + i);
  const ledTo = new Set(heads);
  for (let ends = heads, links = 0; links < 5; links++) {
    const rows = placesOf(ends).flatMap((to) => Array.from({ length: 16 }, (_, i) => to + i));
    ends = [...new Set(rows)].filter((at) => held(at) && !ledTo.has(at));
    for (const at of ends) ledTo.add(at);
  }
  const all = Array.from(words.keys()).filter((at) => words[at] !== 0);
  return [[...heads, ...placesOf(heads).filter(held)], [...ledTo], all];
}

/** The memory after one to three things went wrong. */
function damage(memory: ArrayBuffer, targets: readonly number[][], seed: number): ArrayBuffer {
  const next = random(seed);
  const below = (end: number): number => Math.floor(next() * end);
  const target = (): number => {
    const some = targets[below(targets.length)]!;
    return some[below(some.length)]!;
  };
  let damaged = memory.slice(0);
  for (let times = 1 + below(3); times > 0; times--) {
    const words = new Uint32Array(damaged, 0, Math.floor(damaged.byteLength / 4));
    const at = target();
    const was = words[at] ?? 0;
    const what = below(9);
    if (what === 8) {
      damaged = damaged.slice(0, below(damaged.byteLength));
      continue;
    }
    const now = [
      was ^ (1 << below(32)),
      below(2 ** 32),
      below(damaged.byteLength) & ~3,
      0xffffffff,
      0,
      was * 2,
      was + 1 + below(64),
      // A link that was somewhere else: lists meet.
      words[target()] ?? 0,
    ][what]!;
    if (at < words.length) words[at] = now;
  }
  return damaged;
}
