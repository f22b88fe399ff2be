// The same programs in a wasm module and natively: every log is equal, line by line.
//
// DIFFERENTIAL_MODULE is the module, DIFFERENTIAL_NATIVE the program `simulated` for a target with
// words of 4 bytes, DIFFERENTIAL_WIDE the same for this machine's own.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const PAGE = 65536;
const HEAPS = ["Heap", "SlabHeap", "BuddyHeap", "BumpHeap", "TinyHeap"];
/** What a program does: any size, small blocks, large blocks while somebody else grows memory too. */
const KINDS = ["mixed", "small", "large"];
const SEEDS = [1, 2, 3, 4, 5];
const CHUNKS = 12;
/** As build.rs links the module. */
const MAX_PAGES = (24 << 20) / PAGE;

const { DIFFERENTIAL_MODULE, DIFFERENTIAL_NATIVE, DIFFERENTIAL_WIDE } = process.env;
const module = new WebAssembly.Module(readFileSync(DIFFERENTIAL_MODULE));

/** The log of a program in a new instance, and where its memory began. */
function inModule(heap, kind, seed) {
  const { memory, heap_base, log } = new WebAssembly.Instance(module).exports;
  const place = [heap_base(), memory.buffer.byteLength / PAGE, MAX_PAGES];
  const at = log(heap, kind, seed, CHUNKS);
  const [start, length] = new Uint32Array(memory.buffer, at, 2);
  return { place, lines: new TextDecoder().decode(new Uint8Array(memory.buffer, start, length)).split("\n") };
}

function natively(program, heap, kind, seed, place) {
  const words = [heap, kind, seed, CHUNKS, ...place].map(String);
  return execFileSync(program, words, { encoding: "utf8", maxBuffer: 1 << 28 }).split("\n");
}

/** Fails at the first line that differs, with what came before it. */
function same(left, right, what) {
  const at = left.findIndex((line, index) => line !== right[index]);
  if (at >= 0 || left.length !== right.length) {
    const from = Math.max(0, at - 5);
    assert.deepEqual(left.slice(from, at + 2), right.slice(from, at + 2), `${what}: line ${at + 1}`);
    assert.equal(left.length, right.length, what);
  }
}

/** What does not depend on the size of a word: whether a request was granted, and how aligned. */
const withoutAddresses = (lines) =>
  lines.filter((line) => !line.startsWith("look")).map((line) => line.replace(/0x[0-9a-f]+$/, "granted"));

for (const [heap, name] of HEAPS.entries()) {
  for (const [kind, program] of KINDS.entries()) {
    test(`${name}, ${program}`, () => {
      for (const seed of SEEDS) {
        const { place, lines } = inModule(heap, kind, seed);
        const what = `${name}, ${program}, seed ${seed}`;
        assert.match(lines.at(-2), /^end, /, `${what}: ${lines.at(-2)}`);
        assert.ok(lines.length > 1000, `${what}: ${lines.length} lines`);
        if (DIFFERENTIAL_NATIVE) {
          same(lines, natively(DIFFERENTIAL_NATIVE, heap, kind, seed, place), what);
        }
        const wide = natively(DIFFERENTIAL_WIDE, heap, kind, seed, place);
        same(withoutAddresses(lines), withoutAddresses(wide), `${what}, words of 8 bytes`);
      }
    });
  }
}
