#!/usr/bin/env node
// The benchmark suite: allocators side by side in WebAssembly engines. See README.md.

import { readFileSync } from "node:fs";

import { FRUGAL } from "../../modules/table.mjs";
import { Builder, distinct } from "../../modules/build.mjs";
import { weigh } from "./harness/sizes.mjs";
import { node } from "./harness/engines/node.mjs";
import { wasmtime } from "./harness/engines/wasmtime.mjs";
import { chromium, firefox } from "./harness/engines/browsers.mjs";
import { USAGE, parse } from "./harness/options.mjs";
import { KeptPages } from "./harness/pages.mjs";
import { clear, note, progress } from "./harness/progress.mjs";
import { describe, entry, keep } from "./harness/record.mjs";
import { publish } from "./harness/report.mjs";
import { EFFORT, disagreement, measureShape } from "./harness/schedule.mjs";
import { SEED, SHAPES } from "./harness/shapes.mjs";
import { smoke } from "./harness/smoke.mjs";
import { figures } from "./harness/summary.mjs";
import * as tables from "./harness/tables.mjs";
import { assess } from "./harness/targets.mjs";
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
try {
  if (options.from !== undefined) tell(publish(JSON.parse(readFileSync(options.from, "utf8"))));
  else if (options.effort === "smoke") await smoke(builder(), START, options, options.allocators);
  else await bench();
} catch (error) {
  clear();
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
}

function builder() {
  return new Builder((module) => progress(`building ${module}`));
}

function tell(files) {
  for (const file of files) note(`written: ${file}`);
}

/** Measures what was asked for; tables for each engine as it is done with. */
async function bench() {
  const { allocators } = options;
  const reference = allocators.includes(options.reference) ? options.reference : allocators[0];
  const sets = [...new Set(options.shapes.map((shape) => shape.set))];
  const build = builder();
  const whole = options.effort === "full" && options.complete;
  const modulesOf = async (names, purpose) => {
    const modules = {};
    for (const set of sets) {
      for (const allocator of names) modules[`${allocator}-${set}`] = await build.build(allocator, set, { purpose });
    }
    return modules;
  };
  // The peers that memory is compared with are built too, and run once where that was not done yet. What is watched has
  // a profile of its own: cargo builds both at the same time, and linking keeps but one processor busy.
  const [modules] = await Promise.all([
    modulesOf(new Set([...allocators, ...FRUGAL]), "timed"),
    whole ? modulesOf(allocators, "watched") : undefined,
  ]);
  clear();
  distinct(modules);
  const record = describe(options, allocators, build.compiler, reference);
  if (whole) {
    // First, because an allocator that is wrong is found here.
    record.watched = await watch(build, allocators, options.shapes);
    record.size = await weigh(build, allocators);
  }
  const kept = new KeptPages(modules);
  const wrong = [];
  const effort = EFFORT[options.effort];
  const start = Date.now();
  let cells = 0;
  for (const name of options.engines) {
    const engine = await START[name]();
    if (engine.missing !== undefined) {
      // Where it was asked for by name, its absence is an error.
      if (options.enginesByName) throw new Error(`${name}: ${engine.missing}`);
      note(`${name}: skipped, ${engine.missing}`);
      record.missing.push({ name, reason: engine.missing });
      continue;
    }
    try {
      progress(`${name}: compiling ${Object.keys(modules).length} modules`);
      await engine.load(modules);
      note(`${engine.version}: ${allocators.length} allocators, ${options.shapes.length} shapes`);
      const shapes = [];
      for (const [at, shape] of options.shapes.entries()) {
        const left = options.engines.length * options.shapes.length - cells;
        const minutes = Math.ceil((left * effort.seconds) / 60);
        progress(`${name}: ${at + 1} of ${options.shapes.length}, ${shape.name}; about ${minutes} min left at most`);
        cells += 1;
        await engine.renew?.();
        const results = await measureShape(engine, shape, allocators, reference, effort, SEED);
        wrong.push(...disagreement(results).map((allocator) => `${allocator} at ${shape.name} in ${name}`));
        const peerPages = await kept.complete(engine, shape, results);
        shapes.push(entry(shape, peerPages, figures(results, reference, peerPages, shape)));
      }
      clear();
      console.log(`\n${tables.times(shapes, allocators, reference)}\n\n${tables.pages(shapes, allocators, FRUGAL)}\n`);
      record.engines.push({ name, version: engine.version, clock: engine.clock, shapes });
    } catch (error) {
      // What the other engines take half an hour for is not given up; the command fails in the end.
      if (options.engines.length === 1) throw error;
      note(`${name}: given up, ${error.message}`);
      record.missing.push({ name, reason: error.message });
      process.exitCode = 1;
    } finally {
      await engine.stop();
    }
  }
  kept.save();
  if (wrong.length > 0) throw new Error(`computed something else than the others: ${wrong.join("; ")}`);
  if (record.engines.length === 0) throw new Error("no engine to measure in");
  // A mean of some of the shapes would be one of a choice.
  const all = SHAPES.every((shape) => shape.set !== "shapes" || options.shapes.includes(shape));
  if (all && allocators.includes("heap")) console.log(`${tables.targets(assess(record))}\n`);
  note(`measured in ${((Date.now() - start) / 60_000).toFixed(1)} minutes`);
  if (options.record || whole) note(`written: ${keep(record)}`);
  if (whole) tell(publish(record));
}
