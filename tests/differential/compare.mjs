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
/** The kinds of programs: any size; small blocks; large blocks, while somebody else grows memory. */
const KINDS = ["mixed", "small", "large"];
/** As build.rs links the module. */
const MAX_PAGES = (24 << 20) / PAGE;

const { DIFFERENTIAL_MODULE, DIFFERENTIAL_PROGRAM, DIFFERENTIAL_WORD } = process.env;
/** The module's bytes. */
export const bytes = readFileSync(DIFFERENTIAL_MODULE);

/** The logs of programs, each in an instance of its own, and where their memories began. Its source
 * is enough for a browser to run it. */
export async function inModule(module, programs) {
  const logs = [];
  for (const program of programs) {
    const { memory, heap_base, log } = (await WebAssembly.instantiate(module)).exports;
    const start = [heap_base(), memory.buffer.byteLength / 65536];
    const place = log(...program);
    const [at, length] = new Uint32Array(memory.buffer, place, 2);
    const text = new TextDecoder().decode(new Uint8Array(memory.buffer, at, length));
    logs.push({ start, text });
  }
  return logs;
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

/** The answers that do not depend on the size of a word: which requests were granted, as long as all are. */
function withoutAddresses(lines) {
  const answers = lines.filter((line) => !line.startsWith("look"));
  const refused = answers.findIndex((line) => line.endsWith("refused"));
  const granted = answers.slice(0, refused < 0 ? -2 : refused);
  return granted.map((line) => line.replace(/0x[0-9a-f]+$/, "granted"));
}

/** A test for each heap and kind of program: programs of these seeds, about a thousand operations a
 * chunk, run by `engine`, and each log held against that of the native program. */
export function compare(engine, seeds, chunks) {
  for (const [heap, [name, byWord]] of HEAPS.entries()) {
    for (const [kind, what] of KINDS.entries()) {
      test(`${name}, ${what}`, async () => {
        const programs = seeds.map((seed) => [heap, kind, seed, chunks]);
        const logs = await engine(programs);
        assert.equal(logs.length, programs.length);
        for (const [at, program] of programs.entries()) {
          const { start, text } = logs[at];
          hold(text.split("\n"), natively([...start, MAX_PAGES], ...program), {
            what: `${name}, ${what}, seed ${program[2]}`,
            least: 125 * chunks,
            alike: !byWord || DIFFERENTIAL_WORD === "4",
          });
        }
      });
    }
  }
}

function hold(lines, others, { what, least, alike }) {
  assert.match(lines.at(-2), /^end, /, `${what}: ${lines.at(-2)}`);
  assert.ok(lines.length > least, `${what}: only ${lines.length} lines`);
  if (alike) {
    same(lines, others, what);
  } else {
    const common = withoutAddresses(others);
    same(withoutAddresses(lines).slice(0, common.length), common, what);
  }
}
