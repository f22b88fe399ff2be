#!/usr/bin/env node
// The soak: one instance is used for long, and its memory must stop growing. See README.md.

import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";

import { ALLOCATORS } from "../../modules/table.mjs";
import { Builder, root } from "../../modules/build.mjs";
import { clear, note, progress } from "./harness/progress.mjs";
import { host } from "./harness/record.mjs";
import { Soak, judge, margin, page, warmed } from "./harness/soak.mjs";

const USAGE = `\
usage: node benches/suite/soak.mjs [options]
  --operations N   so many millions of operations on each heap, after 40 in which memory may grow (40)
  --minutes N      for so long instead, on each heap, with real programs between the operations
  --peer NAMES     of ${Object.keys(ALLOCATORS).join(", ")} (heap,slab,buddy,tiny; heap with --minutes)
  --report         writes docs/soak.md`;

let options;
try {
  options = parseArgs({
    options: {
      operations: { type: "string", default: "40" },
      minutes: { type: "string" },
      peer: { type: "string" },
      report: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  }).values;
  options.peers = (options.peer ?? (options.minutes ? "heap" : "heap,slab,buddy,tiny")).split(",");
  const stranger = options.peers.find((name) => !(name in ALLOCATORS));
  if (stranger !== undefined) throw new Error(`no allocator is named "${stranger}"`);
  for (const name of ["operations", "minutes"]) {
    if (options[name] !== undefined && !(Number(options[name]) > 0)) throw new Error(`--${name} needs a number`);
  }
} catch (error) {
  console.error(`${error.message}\n\n${USAGE}`);
  process.exit(2);
}
if (options.help) {
  console.log(USAGE);
  process.exit();
}

const builder = new Builder((module) => progress(`building ${module}`));
const about = { ...host(builder.compiler), minutes: options.minutes };
const results = [];
for (const allocator of options.peers) {
  const set = options.minutes ? "soak-programs" : "soak-shapes";
  const module = new WebAssembly.Module(readFileSync(await builder.build(allocator, set)));
  const soak = new Soak(new WebAssembly.Instance(module, {}), options.minutes !== undefined);
  const end = options.minutes ? { seconds: options.minutes * 60 } : warmed(options.operations * 1e6);
  let result;
  try {
    result = { allocator, ...soak.run(end, (text) => progress(`${allocator}: ${text}`)) };
  } catch (error) {
    result = { allocator, ...soak.summary(), error: error.message };
  }
  clear();
  result.complaint = judge(result, margin(allocator, options.minutes));
  results.push(result);
  const { operations, runs, warm, pages } = result;
  const after = `${(operations / 1e6).toFixed(1)} million operations${runs > 0 ? ` and ${runs} runs of programs` : ""}`;
  console.log(`${result.complaint === undefined ? "ok" : "failed"}: ${ALLOCATORS[allocator].title}: ${after}, ${warm} pages after warm-up, ${pages} at the end`);
  if (result.complaint !== undefined) console.log(`  ${result.complaint}`);
}
if (options.report) {
  const path = join(root, "docs/soak.md");
  writeFileSync(path, page(about, results));
  note(`written: ${relative(root, path)}`);
}
const failed = results.filter(({ complaint }) => complaint !== undefined).length;
console.log(`soak: ${results.length - failed} heaps passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
