// Builds the module of this folder with the feature `checked`, lets it misuse its allocator in one
// way after another, and reads what the trap left in its memory.
//
//     node --test tests/misuse

import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "./build.mjs";

const bytes = build("checked");
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

test("without the feature nothing of it is in the module", (context) => {
  const plain = build("");
  const exports = new WebAssembly.Instance(new WebAssembly.Module(plain)).exports;
  assert.equal(exports.correct(), 2890);
  assert.equal(exports.BONSAI_REPORT, undefined);
  context.diagnostic(`${bytes.length} bytes with checked, ${plain.length} without`);
});
