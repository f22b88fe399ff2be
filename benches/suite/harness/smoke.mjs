// A test that the suite works: everything once, tiny, in watched modules. No time is looked at.

import { distinct } from "../../../modules/build.mjs";
import { clear, progress } from "./progress.mjs";
import { disagreement, intolerable, jobOf } from "./schedule.mjs";
import { SEED } from "./shapes.mjs";

/** The programs take a while to link; unless an allocator is asked for, these stand for all. */
const WITH_PROGRAMS = ["dlmalloc", "heap"];

export async function smoke(builder, start, options, allocators) {
  const runs = (allocator, set) => set === "shapes" || options.chosenByName.length > 0 || WITH_PROGRAMS.includes(allocator);
  const modules = {};
  for (const set of new Set(options.shapes.map((shape) => shape.set))) {
    for (const allocator of allocators.filter((one) => runs(one, set))) {
      modules[`${allocator}-${set}`] = await builder.build(allocator, set, { purpose: "watched" });
    }
  }
  distinct(modules);
  const failures = [];
  let passed = 0;
  for (const name of options.engines) {
    const engine = await start[name]();
    if (engine.missing !== undefined) throw new Error(`${name}: ${engine.missing}`);
    try {
      await engine.load(modules);
      for (const shape of options.shapes) {
        progress(`${name}: ${shape.name}`);
        const present = allocators.filter((allocator) => runs(allocator, shape.set));
        const jobs = present.map((allocator) => jobOf(allocator, shape, shape.smoke, SEED));
        const results = Object.fromEntries((await engine.run(jobs)).map((run, at) => [present[at], run]));
        const wrong = new Set(disagreement(results));
        for (const [allocator, run] of Object.entries(results)) {
          const ended = run.error === undefined;
          const complaint = ended ? complain(shape, wrong.has(allocator), run.watched, name) : intolerable(allocator, run);
          if (complaint) failures.push(`${name}, ${shape.name}, ${allocator}: ${complaint}`);
          else passed += 1;
        }
      }
    } finally {
      await engine.stop();
    }
  }
  clear();
  for (const failure of failures) console.log(`failed: ${failure}`);
  console.log(`bench, smoke: ${passed} runs passed, ${failures.length} failed`);
  if (failures.length > 0 || passed === 0) throw new Error("the suite does not work");
}

/** Returns the complaint about a run that came to its end, if there is one. */
function complain(shape, differs, watched, engine) {
  if (differs) return "computed something else than the others";
  // wasmtime's runner does not look at the counters.
  if (engine === "wasmtime") return undefined;
  if (watched === undefined) return "is not watched: the module does not have our allocator";
  if (watched.allocations === 0) return "was not asked for anything";
  // Real programs may keep something for their next run.
  if (shape.set === "shapes" && watched.live !== 0) return `${watched.live} bytes were not freed`;
  return undefined;
}
