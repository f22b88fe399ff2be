#!/usr/bin/env node
// The benchmark suite: allocators side by side in WebAssembly engines. See README.md.

import { ALLOCATORS, FRUGAL } from "./harness/allocators.mjs";
import { Builder, distinct, exists } from "./harness/build.mjs";
import { weigh } from "./harness/code-size.mjs";
import { node } from "./harness/engines/node.mjs";
import { wasmtime } from "./harness/engines/wasmtime.mjs";
import { chromium, firefox } from "./harness/engines/webdriver.mjs";
import { USAGE, parse } from "./harness/options.mjs";
import { KeptPages } from "./harness/pages.mjs";
import { clear, note, progress } from "./harness/progress.mjs";
import { describe, keep } from "./harness/record.mjs";
import { publish } from "./harness/report.mjs";
import { EFFORT, disagreement, measureShape } from "./harness/schedule.mjs";
import { SEED } from "./harness/shapes.mjs";
import { smoke } from "./harness/smoke.mjs";
import { figures } from "./harness/summary.mjs";
import * as tables from "./harness/tables.mjs";
import { watch } from "./harness/watch.mjs";

const START = { node, chromium, firefox, wasmtime };

let options;
try {
  options = parse(process.argv.slice(2));
} catch (error) {
  console.error(`${error.message}\n\n${USAGE}`);
  process.exit(2);
}
if (options.help) {
  console.log(USAGE);
  process.exit();
}
const allocators = options.allocators.filter((allocator) => {
  if (!exists(allocator)) note(`there is no ${ALLOCATORS[allocator].title} yet: left out`);
  return exists(allocator);
});
const builder = new Builder((module) => progress(`building ${module}`));
try {
  if (options.effort === "smoke") await smoke(builder, START, options, allocators);
  else await bench();
} catch (error) {
  clear();
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
}

/** Measures what was asked for; tables for each engine as it is done with. */
async function bench() {
  const reference = allocators.includes(options.reference) ? options.reference : allocators[0];
  const sets = [...new Set(options.shapes.map((shape) => shape.set))];
  // The peers that memory is compared with are built too, and run once where that was not done yet.
  const modules = {};
  for (const set of sets) {
    for (const allocator of new Set([...allocators, ...FRUGAL])) {
      modules[`${allocator}-${set}`] = await builder.build(allocator, set, false);
    }
  }
  clear();
  distinct(modules);
  const kept = new KeptPages(modules);
  const record = describe(options, builder.compiler, reference);
  const wrong = [];
  for (const name of options.engines) {
    const engine = await START[name]();
    if (engine.missing !== undefined) {
      // Where it was asked for by name, its absence is an error.
      if (options.enginesByName) throw new Error(`${name}: ${engine.missing}`);
      note(`${name}: skipped, ${engine.missing}`);
      continue;
    }
    try {
      await engine.load(modules);
      note(`${engine.version}: ${allocators.length} allocators, ${options.shapes.length} shapes`);
      const measured = [];
      for (const [at, shape] of options.shapes.entries()) {
        progress(`${name}: ${at + 1} of ${options.shapes.length}, ${shape.name}`);
        await engine.renew?.();
        const results = await measureShape(engine, shape, allocators, reference, EFFORT[options.effort], SEED);
        wrong.push(...disagreement(results).map((allocator) => `${allocator} at ${shape.name} in ${name}`));
        const pagesOf = await kept.complete(engine, shape, results);
        measured.push({ shape, pagesOf, figures: figures(results, reference, pagesOf, shape) });
      }
      clear();
      console.log(`\n${tables.times(measured, allocators, reference)}\n\n${tables.pages(measured, allocators, FRUGAL)}\n`);
      record.engines.push({ name, version: engine.version, clock: engine.clock, measured });
    } finally {
      await engine.stop();
    }
  }
  kept.save();
  if (wrong.length > 0) throw new Error(`computed something else than the others: ${wrong.join("; ")}`);
  if (record.engines.length === 0) throw new Error("no engine to measure in");

  if (options.effort === "full" && options.complete) {
    record.watched = await watch(builder, allocators, options.shapes);
    record.size = weigh(allocators);
  }
  if (options.record || (options.effort === "full" && options.complete)) {
    note(`written: ${keep(record)}`);
    for (const file of publish(record, allocators)) note(`written: ${file}`);
  }
}
