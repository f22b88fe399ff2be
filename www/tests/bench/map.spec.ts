import { rmSync } from "node:fs";
import { test } from "@playwright/test";
import { buildPackage } from "../support/package";
import { ANIMATIONS, animate } from "./animate";
import { figures, line, type Figures } from "./frames";
import { buddyHeap, GRANULES, mixedHeap } from "./heaps";
import { keep } from "./keep";
import { show } from "./show";

/**
 * Animates the inspector over heaps of a million granules, something new in every frame, and prints
 * how many frames a second there were, and percentiles (50, 95, worst) of what a frame and its
 * script took. Each animation runs a few times; the figures are those of the run with the most
 * frames a second, beside what the others had: a machine that does something else too takes frames
 * away, and gives none. Nothing is asserted. `npm run bench`; with BENCH_KEEP=1 the figures go to
 * `results/`.
 */
const FRAMES = 150;
/** Of a whole look, which takes far longer than a frame. */
const LOOKS = 30;
const RUNS = 4;

let folder = "";
test.beforeAll(async () => {
  folder = await buildPackage();
});
test.afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("a million granules", async ({ page, browser }) => {
  test.setTimeout(900_000);
  const said: Record<string, Figures & { readonly runs: readonly number[] }> = {};
  for (const [name, heap] of [["Heap", mixedHeap()], ["BuddyHeap", buddyHeap()]] as const) {
    await show(page, folder, heap);
    process.stdout.write(`${name} of ${GRANULES} granules, ${heap.blocks} blocks\n`);
    for (const animation of ANIMATIONS) {
      const frames = animation === "look again" ? LOOKS : FRAMES;
      const asked = { animation, frames, marks: heap.marks, granules: GRANULES };
      const runs: Figures[] = [];
      for (let run = 0; run < RUNS; run++) runs.push(figures(await page.evaluate(animate, asked)));
      runs.sort((a, b) => b.framesPerSecond - a.framesPerSecond);
      const all = runs.map(({ framesPerSecond }) => framesPerSecond);
      said[`${name}: ${animation}`] = { ...runs[0]!, runs: all };
      process.stdout.write(`${line(animation, runs[0]!)}; runs ${all.join(" ")}\n`);
    }
  }
  keep(browser, "map", {
    granules: GRANULES,
    unit: "ms; percentiles of frames, of the run with the most frames a second",
    animations: said,
  });
});
