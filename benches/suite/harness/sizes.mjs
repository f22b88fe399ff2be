// What code weighs: what an allocator adds to an empty module, and what it makes of real programs.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

import { ALLOCATORS, OWN } from "../../../modules/table.mjs";
import * as binaryen from "./binaryen.mjs";
import { panics } from "./panics.mjs";
import { progress } from "./progress.mjs";

/** The allocators that can be weighed: the lower bound is none. */
export const WEIGHED = Object.keys(ALLOCATORS).filter((name) => name !== "bound");

/**
 * Bytes that each allocator adds to an empty module at opt-level z, after wasm-opt -Oz, to what that weighs over an
 * allocator that always fails: `{ wasmOpt, baseline, net: { allocator: bytes } }`.
 */
export async function weigh(builder, allocators) {
  progress("weighing code");
  const weight = async (name) => binaryen.optimized(await builder.build(name, "empty", { purpose: "small" }), ["-Oz"]).length;
  const baseline = await weight("null");
  const net = {};
  for (const name of allocators.filter((one) => WEIGHED.includes(one))) net[name] = (await weight(name)) - baseline;
  return { wasmOpt: binaryen.version(), baseline, net };
}

/** The programs of the size table where none are named, each a module of its own. */
export const PROGRAMS = ["pulldown-cmark", "serde_json", "sqlparser", "lightningcss"];

/** The kinds of modules: the purpose of a build, which is its opt-level, and what wasm-opt does then. */
export const KINDS = {
  "opt-level 3": { purpose: "timed", options: undefined },
  "opt-level 3, wasm-opt -O3": { purpose: "timed", options: ["-O3"] },
  "opt-level z": { purpose: "small", options: undefined },
  "opt-level z, wasm-opt -Oz": { purpose: "small", options: ["-Oz"] },
};

/**
 * Bytes of programs, as they are and after gzip -9: `{ program: { kind: { allocator: { raw, gzip } } } }`. Only those in
 * `optimized` are weighed after wasm-opt too, which takes minutes for a module of some megabytes.
 */
export async function weighPrograms(builder, allocators, programs, optimized) {
  const all = {};
  for (const program of programs) {
    all[program] = {};
    for (const [kind, { purpose, options }] of Object.entries(KINDS)) {
      if (options !== undefined && !optimized.includes(program)) continue;
      all[program][kind] = {};
      for (const allocator of allocators) {
        const path = await builder.build(allocator, `program ${program}`, { purpose });
        progress(`${program}, ${kind}: ${allocator}`);
        const bytes = options === undefined ? readFileSync(path) : binaryen.optimized(path, options);
        all[program][kind][allocator] = { raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
      }
    }
  }
  return all;
}

/** Every place of our allocators' release code that may panic: `[{ allocator, purpose, caller, callee }]`. */
export async function findPanics(builder) {
  const found = [];
  for (const allocator of OWN) {
    for (const purpose of ["timed", "small"]) {
      const module = await builder.build(allocator, "empty", { purpose, names: true });
      found.push(...panics(binaryen.text(module)).map((place) => ({ allocator, purpose, ...place })));
    }
  }
  return found;
}
