#!/usr/bin/env node
// Weighs allocators in bytes of code. See README.md.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { ALLOCATORS } from "../../modules/table.mjs";
import { Builder, root } from "../../modules/build.mjs";
import { clear, progress } from "./harness/progress.mjs";
import { PROGRAMS, WEIGHED, findPanics, weigh, weighPrograms } from "./harness/sizes.mjs";
import { sizesPage } from "./harness/sizes-page.mjs";
import { title } from "./harness/summary.mjs";

const USAGE = `\
usage: node benches/suite/sizes.mjs [options]
  --assert        fails if TinyHeap costs as many bytes as lol_alloc or more, or if one of our allocators can panic
  --programs      weighs real programs too, and writes the record to benches/results and the tables to docs/sizes.md
  --program NAMES the real programs (${PROGRAMS.join(", ")})
  --optimize NAMES  those that are weighed after wasm-opt, too: all, unless named
  --peer NAMES    of ${WEIGHED.join(", ")}, separated by commas; of --programs, all are weighed in the empty module`;

try {
  const { values } = parseArgs({
    options: {
      assert: { type: "boolean", default: false },
      programs: { type: "boolean", default: false },
      peer: { type: "string" },
      program: { type: "string", default: PROGRAMS.join(",") },
      optimize: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const chosen = values.peer?.split(",") ?? WEIGHED;
  const stranger = chosen.find((name) => !WEIGHED.includes(name));
  if (stranger !== undefined) throw new Error(`no allocator is named "${stranger}"\n\n${USAGE}`);
  if (values.help) console.log(USAGE);
  else await main(values, values.program.split(","), values.assert ? [...new Set([...chosen, "tiny", "lol"])] : chosen);
} catch (error) {
  clear();
  console.error(`sizes: ${error.message}`);
  process.exitCode = 1;
}

async function main({ assert, programs, optimize }, names, allocators) {
  const builder = new Builder((module) => progress(`building ${module}`));
  const weighed = programs ? WEIGHED : allocators;
  const size = await weigh(builder, weighed);
  clear();
  console.log("bytes   allocator");
  for (const name of weighed) console.log(`${String(size.net[name]).padStart(5)}   ${title(name)}`);
  console.log(`(${size.baseline} bytes of the module itself are not counted)`);
  if (assert) await check(builder, size);
  if (!programs) return;

  const record = {
    date: new Date().toISOString(),
    rustc: builder.compiler,
    wasmOpt: size.wasmOpt,
    node: process.version,
    zlib: process.versions.zlib,
    empty: size,
    programs: await weighPrograms(
      builder,
      allocators.filter((name) => !(ALLOCATORS[name].mayFail && ALLOCATORS[name].own)),
      names,
      optimize?.split(",") ?? names,
    ),
  };
  clear();
  const file = join(root, "benches/results", `${record.date.slice(0, 10)}-sizes.json`);
  mkdirSync(join(root, "benches/results"), { recursive: true });
  writeFileSync(file, `${JSON.stringify(record, null, 1)}\n`);
  writeFileSync(join(root, "docs/sizes.md"), sizesPage(record));
  console.log(`written: ${file}, docs/sizes.md`);
}

async function check(builder, { net }) {
  if (net.tiny >= net.lol) throw new Error(`TinyHeap costs ${net.tiny} bytes, lol_alloc ${net.lol}: it must cost less`);
  const places = await findPanics(builder);
  clear();
  if (places.length > 0) {
    const lines = places.map(({ allocator, purpose, caller, callee }) => `${title(allocator)}, ${purpose}: ${caller} calls ${callee}`);
    throw new Error(`an allocator must not panic, and here it can:\n${lines.join("\n")}`);
  }
  console.log("no allocator of ours has a panic, at opt-level 3 and z");
}
