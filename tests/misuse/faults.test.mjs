// What faults of memory do to our heaps in a wasm module: no trap, every byte as it was, and what
// fits is had afterwards.
//
//     node --test tests/misuse

import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "./build.mjs";
import { FAULTS } from "./faults.mjs";
import { hosted } from "./hosted.mjs";

const HEAPS = {
  Heap: "",
  "Heap, checked": "checked",
  SlabHeap: "slab",
  BuddyHeap: "buddy",
  TinyHeap: "tiny",
  BumpHeap: "bump",
};

/** The failures that a heap may have at a fault, because of its design, and the reasons. */
const LIMITS = {
  // A block that is not the last one comes back with all of memory, or never.
  BumpHeap: /.*/,
  // Free blocks are not merged: where small ones were, there is no large one.
  TinyHeap: /last 15 pages|try_reserve/,
  // Maps span all from the lowest page to the highest: a gap of 4 GiB is too much.
  Heap: /last 15 pages/,
  "Heap, checked": /last 15 pages/,
  SlabHeap: /last 15 pages/,
  BuddyHeap: /last 15 pages/,
};
const PERMITTED = ["refuses what fits", "fewer blocks than before", "fewer strings than before"];

for (const [heap, feature] of Object.entries(HEAPS)) {
  test(heap, async (context) => {
    const host = await hosted(build(feature));
    for (const [name, fault] of Object.entries(FAULTS)) {
      // The feature writes to all that is freed: the machine would need 4 GiB.
      if (feature === "checked" && name === "all of 4 GiB") continue;
      const outcome = fault(host);
      context.diagnostic(`${heap}, ${name}: ${outcome}`);
      const wrong = [...outcome.wrong.keys()].filter(
        (what) => !(LIMITS[heap].test(name) && PERMITTED.includes(what)),
      );
      assert.deepEqual(wrong, [], `${heap}, ${name}: ${outcome}`);
    }
  });
}
