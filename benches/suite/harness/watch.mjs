// What the watched modules count: growths of memory, and what a shape asks of its allocator.

import { distinct } from "../../../modules/build.mjs";
import { node } from "./engines/node.mjs";
import { progress } from "./progress.mjs";
import { intolerable, jobOf } from "./schedule.mjs";
import { SEED } from "./shapes.mjs";

/**
 * Runs every shape once over every allocator, all of its steps, with every byte of every block
 * checked. By shape `{ asked: { allocations, reallocations, frees, peak }, growths: { allocator: n } }`.
 */
export async function watch(builder, allocators, shapes) {
  const modules = {};
  for (const set of new Set(shapes.map((shape) => shape.set))) {
    for (const allocator of allocators) modules[`${allocator}-${set}`] = await builder.build(allocator, set, { purpose: "watched" });
  }
  distinct(modules);
  const engine = await node();
  try {
    await engine.load(modules);
    const seen = {};
    for (const shape of shapes) {
      progress(`counting growths: ${shape.name}`);
      const growths = {};
      let asked;
      for (const allocator of allocators) {
        const [run] = await engine.run([jobOf(allocator, shape, shape.steps, SEED)]);
        const complaint = intolerable(allocator, run);
        if (complaint) throw new Error(`${allocator}, watched, failed at ${shape.name}: ${complaint}`);
        growths[allocator] = run.watched?.growths;
        asked ??= run.watched;
      }
      const { allocations, reallocations, frees, peak } = asked;
      seen[shape.name] = { asked: { allocations, reallocations, frees, peak }, growths };
    }
    return seen;
  } finally {
    await engine.stop();
  }
}
