// Code size, which benches/size weighs.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { root } from "./build.mjs";
import { progress } from "./progress.mjs";

/** Its names for ours, where they differ; it has no wee_alloc and no lower bound. */
const NAMES = { dlmalloc: "std", wee: undefined, bound: undefined };

/** `{ wasmOpt, net: { allocator: bytes } }` */
export function weigh(allocators) {
  progress("weighing code");
  const named = allocators.map((allocator) => [allocator, allocator in NAMES ? NAMES[allocator] : allocator]);
  const known = named.filter(([, name]) => name !== undefined);
  const file = join(root, "target/size/suite.json");
  execFileSync(process.execPath, [join(root, "benches/size/size.mjs"), "--json", file, ...known.map(([, name]) => name)], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const { net, wasmOpt } = JSON.parse(readFileSync(file, "utf8"));
  return { wasmOpt, net: Object.fromEntries(known.map(([allocator, name]) => [allocator, net[name]])) };
}
