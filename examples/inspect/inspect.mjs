// Shows the heaps of a wasm module from JavaScript: without a page, and without a call into the allocator.
//
//   npm install @bonsai-alloc/heap-inspector
//   node inspect.mjs MODULE.wasm [EXPORT [NUMBER...]]
//
// calls an export, and prints the heaps before and after.

import { readFile } from "node:fs/promises";
import { findHeaps } from "@bonsai-alloc/heap-inspector/headless";

const [file, name, ...numbers] = process.argv.slice(2);
const { instance } = await WebAssembly.instantiate(await readFile(file));
const { memory } = instance.exports;

function show(when) {
  for (const heap of findHeaps(memory)) {
    const small = [...heap.blocks()].filter(({ state, size }) => state === "live" && size <= 64);
    console.log(`${when}: ${heap.allocator} has ${heap.live.blocks} live blocks of ${heap.live.bytes} bytes in all`);
    console.log(`  ${small.length} of them have 64 bytes at most; ${heap.free.bytes} bytes are free, ${heap.largestFree} in one piece`);
  }
}

show("before");
if (name !== undefined) {
  console.log(`${name}(${numbers.join(", ")}) returned ${instance.exports[name](...numbers.map(Number))}`);
  show("after");
}
