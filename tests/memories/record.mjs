// Records what the tests of the layout read: the linear memory of a workbench on each heap, at three
// moments of a workload with a seed, and the blocks that the heap's own walk sees in it.
//
//     cargo xtask memories    builds the modules and runs this
//
// What it writes is the same every time, until the layout, a heap or the compiler changes.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

import { Builder, THREADS } from "../../modules/build.mjs";

const PAGE = 65536;
/** The heaps, by the features of the workbench; `heap3` is `heap` where there are threads, with version 3 of its layout. */
const HEAPS = ["heap", "heap3", "slab", "buddy", "bump", "tiny"];
/** Stacks by which `heap3` takes the program for one with so many threads. */
const STACKS = 3;
const STATES = ["live", "free", "meta", "gap"];
/** The moments: operations done before each. */
const MOMENTS = { new: 0, young: 150, old: 4000 };
/** The most blocks live, up to which operation: in the end they go, and lists fill up. */
const LIVE = [
  [3000, 600],
  [3900, 200],
  [4000, 1],
];
/** Before which operations somebody else grows memory by a page. */
const FOREIGN = [200, 400, 600];

/** Numbers from a seed (xorshift32). */
function random(seed) {
  let x = seed;
  return (end) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % end;
  };
}

/** Small and large sizes are as likely as each other, and most alignments are small. */
const anySize = (below) => 1 + below(2 ** (2 + below(13)));
const anyAlign = (below) => (below(10) > 0 ? 8 : 2 ** below(13));

/** Does operations of a seed, each by the next of these threads. */
function work(threads, operations) {
  const below = random(20_251_125);
  const live = [];
  for (let operation = 0; operation < operations; operation++) {
    const { allocate, allocate_zeroed, reallocate, deallocate, memory } = threads[operation % threads.length];
    if (FOREIGN.includes(operation)) memory.grow(1);
    const [, most] = LIVE.find(([until]) => operation < until);
    if (live.length > below(most)) {
      const [block] = live.splice(below(live.length), 1);
      if (below(4) > 0) {
        deallocate(block.at, block.size, block.align);
        continue;
      }
      const size = anySize(below);
      live.push({ ...block, at: got(reallocate(block.at, block.size, block.align, size)), size });
    } else {
      const [size, align] = [anySize(below), anyAlign(below)];
      live.push({ at: got((below(5) > 0 ? allocate : allocate_zeroed)(size, align)), size, align });
    }
  }
}

function got(address) {
  if (address === 0) throw new Error("the heap has no room");
  return address >>> 0;
}

/** The blocks that the heap sees, which takes memory that it does not know of. */
function blocksOf({ memory, walk }) {
  const count = walk(0, 0);
  const into = memory.grow(Math.ceil((12 * count) / PAGE)) * PAGE;
  walk(into, count);
  const words = new Uint32Array(memory.buffer, into, 3 * count);
  return Array.from({ length: count }, (_, i) => words.slice(3 * i, 3 * i + 3)).sort((a, b) => a[0] - b[0]);
}

/** A line for up to 32 bytes that are not zero: their address, and they. The rest is zero. */
function* rows(bytes) {
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] === 0) {
      at++;
      continue;
    }
    let end = Math.min(at + 32, bytes.length);
    while (bytes[end - 1] === 0) end--;
    yield `${at.toString(16)} ${Buffer.from(bytes.subarray(at, end)).toString("hex")}`;
    at = end;
  }
}

const ROOT = new URL("../../", import.meta.url);
const folder = new URL("recorded/", import.meta.url);
mkdirSync(folder, { recursive: true });

/** Instances of a workbench over one memory: one, or where there are threads one for each, with a stack of its own. */
function instances(module, threads, operations) {
  if (!threads) return [new WebAssembly.Instance(module).exports];
  const memory = new WebAssembly.Memory({ ...THREADS, shared: true });
  const instance = () => ({ ...new WebAssembly.Instance(module, { env: { memory } }).exports, memory });
  const first = instance();
  const others = Array.from({ length: operations > 0 ? STACKS - 1 : 0 }, () => {
    const other = instance();
    other.__stack_pointer.value = got(first.allocate(PAGE, 16)) + PAGE;
    return other;
  });
  return [first, ...others];
}

for (const heap of HEAPS) {
  const threads = heap === "heap3";
  const path = threads
    ? await new Builder().build("heap", "workbench", { threads })
    : new URL(`www/src/wasm/workbench-${heap}/bonsai_workbench_bg.wasm`, ROOT);
  const module = new WebAssembly.Module(readFileSync(path));
  for (const [moment, operations] of Object.entries(MOMENTS)) {
    // Instances for each, because looking at the blocks takes memory.
    const all = instances(module, threads, operations);
    const [exports] = all;
    work(all, operations);
    const memory = new Uint8Array(exports.memory.buffer).slice();
    const descriptor = exports.BONSAI_HEAP.value;
    const lines = [`length ${memory.length.toString(16)}`, `descriptor ${descriptor.toString(16)}`, ...rows(memory)];
    const blocks = blocksOf(exports).map(([at, size, state]) => `${at.toString(16)} ${size} ${STATES[state]}`);
    const write = (ending, lines) => {
      writeFileSync(new URL(`${heap}-${moment}.${ending}`, folder), lines.map((line) => `${line}\n`).join(""));
    };
    write("memory", lines);
    write("blocks", blocks);
    console.log(`${heap}-${moment}: ${memory.length / PAGE} pages in ${lines.length} lines, ${blocks.length} blocks`);
  }
}
