// Lets the engine's stack end in the middle of an allocator's operation, catches that as a host may, and goes on: at most
// blocks are lost. Each operation is tried with ever more of the stack left, until it is done.
//
//     node --test tests/misuse

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { Builder } from "../../modules/build.mjs";
import { ALLOCATORS, OWN } from "../../modules/table.mjs";

const OPERATIONS = 250;

// Frames of `dive` keep their size: it is not compiled anew in between.
for (const flag of ["--no-opt", "--no-sparkplug"]) setFlagsFromString(flag);

/** Calls `f` below so many frames. The arguments behind it take eight bytes of the stack each. */
const dive = (frames, f, ...rest) => (frames > 0 ? dive(frames - 1, f, ...rest) : f());

/** Returns the number of frames at which the stack ends. */
function deepest(pad) {
  let low = 0;
  let high = 1 << 16;
  while (low + 1 < high) {
    const frames = (low + high) >> 1;
    try {
      dive(frames, () => {}, ...pad);
      low = frames;
    } catch {
      high = frames;
    }
  }
  return high;
}

/** Numbers below `end`, the same in each run. */
function numbers(state) {
  return (end) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * end);
  };
}

class Program {
  /** The live blocks: `{ at, size, align, paint }`. */
  #live = [];
  #exports;
  #below = numbers(1);
  #paint = 0;
  /** Traps by the number of the module's functions that were entered; and all of them. */
  depths = new Map();

  constructor(module) {
    this.#exports = new WebAssembly.Instance(module).exports;
  }

  #bytes({ at, size }) {
    return new Uint8Array(this.#exports.memory.buffer, at, size);
  }

  #keep(at, size, align) {
    assert.equal(at % align, 0, "alignment");
    this.#paint = (this.#paint % 250) + 1;
    const block = { at, size, align, paint: this.#paint };
    this.#bytes(block).fill(block.paint);
    this.#live.push(block);
  }

  /** The books are right, and each live block has its bytes. */
  sound(when) {
    assert.equal(this.#exports.check(), 0, when);
    for (const block of this.#live) {
      assert.ok(this.#bytes(block).every((byte) => byte === block.paint), `${when}: block at ${block.at}`);
    }
  }

  /** Tries a call with ever more of the stack, until it is done. */
  #done(call, when) {
    const pad = Array(this.#below(12)).fill(0);
    const end = deepest(pad);
    for (let frames = end; frames > 0; frames--) {
      try {
        return dive(frames, call, ...pad);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        const depth = error.stack.split("\n").filter((line) => line.includes("wasm:")).length;
        this.depths.set(depth, (this.depths.get(depth) ?? 0) + 1);
        if (depth > 0) this.sound(`${when}, ended in ${error.stack.split("\n")[1]?.trim()}`);
      }
    }
    throw new Error(`${when}: the whole stack is too short`);
  }

  step(n) {
    const { allocate, deallocate, reallocate } = this.#exports;
    const kind = this.#below(100);
    const size = 1 + this.#below(1 << this.#below(15));
    const which = this.#below(this.#live.length);
    if (kind < 45 || this.#live.length === 0) {
      const align = kind < 40 ? 8 : 512;
      const at = this.#done(() => allocate(size, align), `${n}: allocate ${size}`);
      if (at !== 0) this.#keep(at, size, align);
    } else if (kind < 75) {
      // Whatever comes of it, it is nobody's from now on, and freed once.
      const [block] = this.#live.splice(which, 1);
      let begun = false;
      const call = () => {
        if (begun) return;
        begun = true;
        deallocate(block.at, block.size, block.align);
      };
      this.#done(call, `${n}: free ${block.size}`);
    } else {
      const block = this.#live[which];
      const at = this.#done(() => reallocate(block.at, block.size, block.align, size), `${n}: ${block.size} to ${size}`);
      if (at === 0) return;
      this.#live.splice(which, 1);
      const both = Math.min(size, block.size);
      assert.ok(this.#bytes({ at, size: both }).every((byte) => byte === block.paint), `${n}: the bytes of a resized block`);
      this.#keep(at, size, block.align);
    }
  }

  finish() {
    for (const { at, size, align } of this.#live.splice(0)) this.#exports.deallocate(at, size, align);
    this.sound("at the end");
    const { live, memory } = this.#exports;
    return { lost: live(), pages: memory.buffer.byteLength / 65_536 };
  }
}

for (const allocator of OWN) {
  const { title } = ALLOCATORS[allocator];
  test(`a stack that ends in the middle of ${title}`, async (context) => {
    const path = await new Builder().build(allocator, "stack", { purpose: "small", names: true });
    const program = new Program(new WebAssembly.Module(readFileSync(path)));
    for (let n = 0; n < OPERATIONS; n++) {
      program.step(n);
      program.sound(n);
    }
    const { lost, pages } = program.finish();
    const depths = [...program.depths].sort(([a], [b]) => a - b);
    context.diagnostic(`${title}: traps by functions entered ${JSON.stringify(Object.fromEntries(depths))}; ${lost} bytes lost; ${pages} pages`);
    const within = depths.filter(([depth]) => depth > 1).reduce((sum, [, count]) => sum + count, 0);
    assert.ok(within > 0, "no trap came behind the first function of the module");
  });
}
