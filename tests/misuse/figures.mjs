// Prints the figures of docs/checked.md: what other allocators do about each misuse and each fault of
// memory, and what the feature `checked` costs.
//
//     node tests/misuse/figures.mjs [faults]

import { readFileSync } from "node:fs";

import { Builder } from "../../modules/build.mjs";
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

const builder = new Builder((module) => console.error(`building ${module}`));
const build = async (name, purpose = "small") =>
  readFileSync(name === "checked" ? await builder.build("heap", "misuse-checked", { purpose }) : await builder.build(name, "misuse", { purpose }));
const NAMES = ["dlmalloc", "talc", "lol", "rlsf", "heap", "checked"];
const builds = [];
for (const name of NAMES) builds.push(await build(name));

const hosts = await Promise.all(builds.map(hosted));
for (const [name, fault] of Object.entries(FAULTS)) {
  console.log(`${name}:`);
  for (const [at, host] of hosts.entries()) console.log(`  ${NAMES[at]}: ${fault(host)}`);
}
if (process.argv.includes("faults")) process.exit();

console.log(["misuse", "std", "talc", "lol", "rlsf", "Heap", "checked"].join(" | "));
const modules = builds.map((bytes) => new WebAssembly.Module(bytes));
for (const name of MISUSES) {
  console.log([name, ...modules.map((module) => outcome(module, name))].join(" | "));
}

const COUNT = 1_000_000;
for (const name of ["heap", "checked"]) {
  const bytes = await build(name, "timed");
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
  const small = (await build(name)).length;
  console.log(`${name}: ${times[3].toFixed(0)} ns a replaced block, ${pages} pages, ${small} bytes`);
}
