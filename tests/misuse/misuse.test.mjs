// Lets a module with the feature `checked` misuse its allocator in one way after another, and reads what the trap left
// in its memory. Then faults of memory, for each heap: no trap, every byte as it was, and what fits is had afterwards.
//
//     node --test tests/misuse

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Builder } from "../../modules/build.mjs";
import { ALLOCATORS, OWN } from "../../modules/table.mjs";
import { FAULTS } from "./faults.mjs";
import { hosted } from "./hosted.mjs";

const builder = new Builder();
const build = async (allocator, program) => readFileSync(await builder.build(allocator, program, { purpose: "small" }));
const bytes = await build("heap", "misuse-checked");
const module = new WebAssembly.Module(bytes);
const instance = () => new WebAssembly.Instance(module).exports;

/** The report that an instance stopped with. As the documentation of `checked::Message` has it. */
function report({ memory, BONSAI_REPORT }) {
  const at = BONSAI_REPORT.value;
  const length = new DataView(memory.buffer).getUint32(at, true);
  return new TextDecoder().decode(new Uint8Array(memory.buffer, at + 4, length));
}

test("a correct program runs, and there is no report", () => {
  const exports = instance();
  assert.equal(exports.correct(), 2890);
  assert.equal(report(exports), "");
});

const MISUSES = {
  double_free:
    /^bonsai_alloc: double free: Heap 1, free (0x\w+) as 40 bytes aligned to 4: the freed block of 40 bytes aligned to 4 at \1$/,
  invalid_free: /no block begins there: Heap 1, free 0x3039 as 40 bytes aligned to 4$/,
  interior_free: /not the start of a block: Heap 1, .*the live block of 40 bytes .*, byte 16 of it$/,
  foreign_free: /a block of another allocator: Heap \d, .*the live block of 40 bytes .* of Slab \d$/,
  wrong_size: /wrong size or alignment: Heap 1, .* as 44 bytes aligned to 4: the live block of 40 /,
  dead_realloc: /use of a freed block: Heap 1, resize .*: the freed block of 40 bytes/,
  overflow: /overflow: Heap 1, free .*: from byte 40 on 41( fd){15} instead of fd$/,
  write_after_free: /write after free: Heap 1, reuse .*: from byte 3 on 41( dd){15} instead of dd$/,
  link_overwritten: /write after free: Heap 1, reuse .*: from byte 0 on .* instead of dd$/,
};

for (const [name, text] of Object.entries(MISUSES)) {
  test(`${name} traps, and the report is in memory`, () => {
    const exports = instance();
    exports.correct();
    const misuse = () => {
      exports[name]();
      exports.reuse();
    };
    assert.throws(misuse, WebAssembly.RuntimeError);
    assert.match(report(exports), text);
  });
}

test("without the feature nothing of it is in the module", async (context) => {
  const plain = await build("heap", "misuse");
  const exports = new WebAssembly.Instance(new WebAssembly.Module(plain)).exports;
  assert.equal(exports.correct(), 2890);
  assert.equal(exports.BONSAI_REPORT, undefined);
  context.diagnostic(`${bytes.length} bytes with checked, ${plain.length} without`);
});

const HEAPS = [...OWN.map((name) => [ALLOCATORS[name].title, name, "misuse"]), ["Heap, checked", "heap", "misuse-checked"]];

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

for (const [heap, allocator, program] of HEAPS) {
  test(heap, async (context) => {
    const host = await hosted(await build(allocator, program));
    for (const [name, fault] of Object.entries(FAULTS)) {
      // The feature writes to all that is freed: the machine would need 4 GiB.
      if (program === "misuse-checked" && name === "all of 4 GiB") continue;
      const outcome = fault(host);
      context.diagnostic(`${heap}, ${name}: ${outcome}`);
      const wrong = [...outcome.wrong.keys()].filter(
        (what) => !(LIMITS[heap]?.test(name) && PERMITTED.includes(what)),
      );
      assert.deepEqual(wrong, [], `${heap}, ${name}: ${outcome}`);
    }
  });
}
