// Times C programs on wasi-libc's malloc and on this crate's, as WASI modules in Node.
//
//   cargo xtask c && node benches/c/run.mjs [--rounds 9] [--smoke]
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { programs } from "./programs.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const out = join(root, "target/c-bench");
const { values: options } = parseArgs({
  options: { rounds: { type: "string", default: "9" }, smoke: { type: "boolean", default: false } },
});
const rounds = options.smoke ? 1 : Number(options.rounds);

/** The allocators, with what the linker is given before libc. */
const allocators = [
  { name: "wasi-libc (dlmalloc)", file: "dlmalloc", link: [] },
  { name: "bonsai", file: "bonsai", link: [join(root, "target/c/wasm32-wasip1/libbonsai.a")] },
  { name: "lower bound", file: "bound", link: [join(here, "programs/bound.c")] },
];

/** Compiles a program with an allocator, unless that was done since the files changed. */
function compile(program, allocator) {
  const module = join(out, `${program.name}-${allocator.file}.wasm`);
  const inputs = [...program.files, ...allocator.link, fileURLToPath(import.meta.url), join(here, "programs.mjs")];
  const changed = (file) => statSync(file).mtimeMs;
  if (existsSync(module) && Math.max(...inputs.map(changed)) < changed(module)) return module;
  const emulated = ["SIGNAL", "PROCESS_CLOCKS"].map((what) => `-D_WASI_EMULATED_${what}`);
  execFileSync(
    "clang",
    [
      "--target=wasm32-wasi",
      "-O2",
      "-w",
      // Not --strip-all: where wasm-opt is installed, clang calls it, and it has to know the features in use.
      "-Wl,--strip-debug",
      ...emulated,
      ...program.flags,
      ...program.files,
      ...allocator.link,
      "-o",
      module,
    ],
    { stdio: "inherit" },
  );
  return module;
}

/** Runs a module in a fresh process, compiled by the optimizing compiler alone, and warm: instance.mjs says how. */
function run(module) {
  const script = join(here, "instance.mjs");
  const options = ["--no-warnings", "--no-liftoff", "--expose-gc", script, module];
  const result = JSON.parse(execFileSync(process.execPath, options));
  if (result.code !== 0) throw new Error(`${module} ended with ${result.code}`);
  return result;
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

for (const { name, link } of allocators) {
  for (const file of link) {
    if (!existsSync(file)) {
      console.error(`${name}: ${file} is not there. Run \`cargo xtask c\` first.`);
      process.exit(1);
    }
  }
}
mkdirSync(out, { recursive: true });
const clang = execFileSync("clang", ["--version"], { encoding: "utf8" }).split("\n")[0];
console.log(`${new Date().toISOString().slice(0, 10)}, Node ${process.version} (V8 ${process.versions.v8}), ${clang}, ${rounds} rounds in turns`);
console.log("| program | allocator | CPU ms, median | by dlmalloc's | pages | bytes |");
console.log("|---|---|--:|--:|--:|--:|");
const means = {};
for (const program of programs()) {
  const modules = allocators.map((allocator) => compile(program, allocator));
  const runs = modules.map(() => []);
  for (let round = -1; round < rounds; round++) {
    for (let i = 0; i < modules.length; i++) {
      const { ms, pages, output } = run(modules[i]);
      runs[i].push({ ms, pages, output });
    }
  }
  const first = runs[0][0].output;
  for (const [i, allocator] of allocators.entries()) {
    const wrong = runs[i].find(({ output }) => output !== first || output === "");
    if (wrong) throw new Error(`${program.name} on ${allocator.name} printed "${wrong.output}", not "${first}"`);
    // The first process of each warms the machine and is not counted.
    const counted = runs[i].slice(1);
    const ratio = median(counted.map(({ ms }, k) => ms / runs[0][k + 1].ms));
    if (i > 0) (means[`${program.recipe ? "recipes" : "programs"}, ${allocator.name}`] ??= []).push(ratio);
    console.log(
      `| ${program.version} | ${allocator.name} | ${median(counted.map(({ ms }) => ms)).toFixed(0)} ` +
        `| ${ratio.toFixed(2)} | ${counted[0].pages} | ${statSync(modules[i]).size} |`,
    );
  }
}
for (const [what, ratios] of Object.entries(means)) {
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  console.log(`geometric mean of the time by dlmalloc's, ${what}: ${mean.toFixed(2)}`);
}
