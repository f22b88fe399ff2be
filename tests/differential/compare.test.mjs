// The same programs in a wasm module and natively: every log is equal, line by line.
//
// DIFFERENTIAL_MODULE is the module, DIFFERENTIAL_PROGRAM the native program `simulated`, and
// DIFFERENTIAL_WORD how many bytes a word of its target has.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const PAGE = 65536;
/** The heaps, and whether where their blocks lie depends on the size of a word. */
const HEAPS = [
  ["Heap", false],
  ["SlabHeap", true],
  ["BuddyHeap", false],
  ["BumpHeap", true],
  ["TinyHeap", false],
];
/** What a program does: any size; small blocks; large blocks, while somebody else grows memory. */
const KINDS = ["mixed", "small", "large"];
const SEEDS = [1, 2, 3];
const CHUNKS = 8;
/** As build.rs links the module. */
const MAX_PAGES = (24 << 20) / PAGE;

const { DIFFERENTIAL_MODULE, DIFFERENTIAL_PROGRAM, DIFFERENTIAL_WORD } = process.env;
const module = new WebAssembly.Module(readFileSync(DIFFERENTIAL_MODULE));

/** The log of a program in a new instance, and where its memory began. */
function inModule(...program) {
  const { memory, heap_base, log } = new WebAssembly.Instance(module).exports;
  const place = [heap_base(), memory.buffer.byteLength / PAGE, MAX_PAGES];
  const at = log(...program);
  const [start, length] = new Uint32Array(memory.buffer, at, 2);
  const text = new TextDecoder().decode(new Uint8Array(memory.buffer, start, length));
  return { place, lines: text.split("\n") };
}

function natively(place, ...program) {
  const words = [...program, ...place].map(String);
  const options = { encoding: "utf8", maxBuffer: 1 << 28 };
  return execFileSync(DIFFERENTIAL_PROGRAM, words, options).split("\n");
}

/** Fails at the first line that differs, with what came before it. */
function same(left, right, what) {
  const at = left.findIndex((line, index) => line !== right[index]);
  if (at >= 0) {
    const lines = (log) => log.slice(Math.max(0, at - 5), at + 2);
    assert.deepEqual(lines(left), lines(right), `${what}: line ${at + 1}`);
  }
  assert.equal(left.length, right.length, what);
}

/** What every size of a word has in common: what is granted, as long as all is. */
function withoutAddresses(lines) {
  const answers = lines.filter((line) => !line.startsWith("look"));
  const refused = answers.findIndex((line) => line.endsWith("refused"));
  const granted = answers.slice(0, refused < 0 ? -2 : refused);
  return granted.map((line) => line.replace(/0x[0-9a-f]+$/, "granted"));
}

for (const [heap, [name, byWord]] of HEAPS.entries()) {
  for (const [kind, program] of KINDS.entries()) {
    test(`${name}, ${program}`, () => {
      for (const seed of SEEDS) {
        const what = `${name}, ${program}, seed ${seed}`;
        const { place, lines } = inModule(heap, kind, seed, CHUNKS);
        assert.match(lines.at(-2), /^end, /, `${what}: ${lines.at(-2)}`);
        assert.ok(lines.length > 1000, `${what}: only ${lines.length} lines`);
        const others = natively(place, heap, kind, seed, CHUNKS);
        if (byWord && DIFFERENTIAL_WORD !== "4") {
          const common = withoutAddresses(others);
          same(withoutAddresses(lines).slice(0, common.length), common, what);
        } else {
          same(lines, others, what);
        }
      }
    });
  }
}
