// Prints the figures of docs/checked.md: what other allocators do about each misuse and each fault of
// memory, and what the feature `checked` costs.
//
//     node tests/misuse/figures.mjs [faults]

import { build } from "./build.mjs";
import { FAULTS } from "./faults.mjs";
import { hosted } from "./hosted.mjs";

const MISUSES = [
  ["double_free", "invalid_free", "interior_free", "foreign_free", "wrong_size"],
  ["dead_realloc", "overflow", "write_after_free", "link_overwritten"],
].flat();

/** Returns the outcome of a misuse: a trap there, or the trouble that the program then runs into. */
function outcome(module, name) {
  const exports = new WebAssembly.Instance(module).exports;
  exports.correct();
  try {
    exports[name]();
  } catch {
    return "traps";
  }
  try {
    if (exports.overlap()) return "blocks overlap";
    exports.reuse();
    return exports.correct() === 2890 ? "nothing seen" : "wrong result";
  } catch {
    return "traps later";
  }
}

const FEATURES = ["std", "talc", "lol", "rlsf", "", "checked"];
const builds = FEATURES.map((feature) => build(feature));

const hosts = await Promise.all(builds.map(hosted));
for (const [name, fault] of Object.entries(FAULTS)) {
  console.log(`${name}:`);
  for (const [at, host] of hosts.entries()) console.log(`  ${FEATURES[at] || "Heap"}: ${fault(host)}`);
}
if (process.argv.includes("faults")) process.exit();

console.log(["misuse", "std", "talc", "lol", "rlsf", "Heap", "checked"].join(" | "));
const modules = builds.map((bytes) => new WebAssembly.Module(bytes));
for (const name of MISUSES) {
  console.log([name, ...modules.map((module) => outcome(module, name))].join(" | "));
}

const COUNT = 1_000_000;
for (const feature of ["", "checked"]) {
  const bytes = build(feature, "3");
  const times = [];
  let pages = 0;
  for (let round = 0; round < 7; round++) {
    const { churn, memory } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
    // Of the processor: a busy machine has other things to do in between.
    const start = process.cpuUsage();
    churn(COUNT);
    const { user, system } = process.cpuUsage(start);
    times.push(((user + system) * 1e3) / COUNT);
    pages = memory.buffer.byteLength / 65_536;
  }
  times.sort((a, b) => a - b);
  const small = build(feature).length;
  const what = feature || "without";
  console.log(`${what}: ${times[3].toFixed(0)} ns a replaced block, ${pages} pages, ${small} bytes`);
}
