// Times `free` without a size beside `dealloc` with one, over the same blocks, in turns.
//   node --no-liftoff benches/c/free.mjs
import { readFileSync } from "node:fs";

import { Builder } from "../../modules/build.mjs";

const bytes = readFileSync(await new Builder().build("dlmalloc", "free"));
const { fill, free_sized, free_unsized } = (await WebAssembly.instantiate(bytes)).instance.exports;

const BLOCKS = 4096;
const ROUNDS = 801;
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** Returns the nanoseconds that a call of `free` takes, a block, with blocks of 1 to `most` bytes: the median of each kind. */
function measure(most) {
  const times = [[], []];
  for (let round = 0; round < 2 * ROUNDS; round++) {
    // Both kinds free blocks of the same seeds.
    fill(most, 1 + (round >> 1));
    const free = [free_sized, free_unsized][round & 1];
    const start = performance.now();
    free();
    times[round & 1].push(((performance.now() - start) * 1e6) / BLOCKS);
  }
  return times.map((list) => median(list.slice(list.length >> 2)));
}

console.log(`${process.release.name} ${process.version}: ns a free, median of ${ROUNDS} rounds of ${BLOCKS} blocks`);
console.log("| sizes to | with size | without | ratio |");
console.log("|--:|--:|--:|--:|");
for (const most of [16, 64, 256, 1024, 4096, 65536]) {
  const [sized, unsized] = measure(most);
  console.log(`| ${most} | ${sized.toFixed(2)} | ${unsized.toFixed(2)} | ${(unsized / sized).toFixed(2)} |`);
}
