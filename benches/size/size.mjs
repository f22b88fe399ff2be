#!/usr/bin/env node
// Weighs allocators: builds the module of this folder with each of them, runs wasm-opt -Oz over
// it, and prints how many bytes it has more than with an allocator that always fails.
//
//     node benches/size/size.mjs [--assert] [--json FILE] [ALLOCATOR...]
//
// --assert  exit with 1 if TinyHeap costs as many bytes as lol_alloc or more
// --json    where the figures go besides the screen (default: target/size/size.json)

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../..");
const out = join(root, "target/size");

// feature -> what it is called in the table
const ALLOCATORS = {
  heap: "bonsai_alloc Heap",
  tiny: "bonsai_alloc TinyHeap",
  bump: "bonsai_alloc BumpHeap",
  buddy: "bonsai_alloc BuddyHeap",
  slab: "bonsai_alloc SlabHeap",
  lol: "lol_alloc 0.4.1, one thread",
  "lol-locked": "lol_alloc 0.4.1, locked",
  "rlsf-small": "rlsf 0.2.3, small",
  rlsf: "rlsf 0.2.3",
  talc: "talc 5.1.1",
  std: "std's default (dlmalloc)",
};
const BASELINE = "null";

function options(args) {
  const chosen = { assert: false, json: join(out, "size.json"), names: [] };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (arg === "--assert") {
      chosen.assert = true;
    } else if (arg === "--json") {
      if (args[i + 1] === undefined) fail("--json needs the name of a file");
      chosen.json = resolve(args[++i]);
    } else if (Object.hasOwn(ALLOCATORS, arg)) {
      chosen.names.push(arg);
    } else {
      fail(`what is "${arg}"? Known: --assert, --json FILE, ${Object.keys(ALLOCATORS).join(", ")}`);
    }
  }
  if (chosen.names.length === 0) chosen.names = Object.keys(ALLOCATORS);
  if (chosen.assert) chosen.names = [...new Set([...chosen.names, "tiny", "lol"])];
  return chosen;
}

function fail(message) {
  console.error(`size: ${message}`);
  process.exit(2);
}

function run(program, args, env = {}) {
  try {
    execFileSync(program, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "inherit", "inherit"],
    });
  } catch (error) {
    fail(`\`${program} ${args.join(" ")}\` failed (${error.status ?? error.message})`);
  }
}

// Debian's wasm-opt is too old for what rustc writes today; the npm package has a current one, in
// the version that package.json pins.
function wasmOpt() {
  const program = join(here, "node_modules/.bin/wasm-opt");
  if (!existsSync(program)) {
    console.log("size: fetching wasm-opt (npm package binaryen)");
    run("npm", ["ci", "--prefix", here, "--no-audit", "--no-fund", "--loglevel=error"]);
  }
  return program;
}

// The profile stands here and not in Cargo.toml: a workspace has one release profile, and the
// other members want speed.
const PROFILE = {
  CARGO_PROFILE_RELEASE_OPT_LEVEL: "z",
  CARGO_PROFILE_RELEASE_LTO: "fat",
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "1",
  CARGO_PROFILE_RELEASE_PANIC: "abort",
  CARGO_PROFILE_RELEASE_DEBUG: "false",
  CARGO_TARGET_DIR: out,
};

function weigh(feature, optimizer) {
  const features = feature === "std" ? [] : ["--features", feature];
  run(
    process.env.CARGO ?? "cargo",
    ["build", "--quiet", "--release", "--package", "bonsai_size", "--target", "wasm32-unknown-unknown", ...features],
    PROFILE,
  );
  const built = join(out, "wasm32-unknown-unknown/release/bonsai_size.wasm");
  const optimized = join(out, `${feature}.wasm`);
  run(optimizer, ["-Oz", built, "-o", optimized]);
  if (!WebAssembly.validate(readFileSync(optimized))) fail(`${optimized} is no valid module`);
  return statSync(optimized).size;
}

function version(program, args) {
  return execFileSync(program, args, { encoding: "utf8" }).trim();
}

const chosen = options(process.argv.slice(2));
const optimizer = wasmOpt();
mkdirSync(out, { recursive: true });

const baseline = weigh(BASELINE, optimizer);
const net = {};
console.log("bytes   allocator");
for (const name of chosen.names) {
  net[name] = weigh(name, optimizer) - baseline;
  console.log(`${String(net[name]).padStart(5)}   ${ALLOCATORS[name]}`);
}
console.log(`(${baseline} bytes of the module itself are not counted)`);

const record = {
  date: new Date().toISOString().slice(0, 10),
  rustc: version("rustc", ["--version"]),
  wasmOpt: version(optimizer, ["--version"]),
  baseline,
  net,
};
writeFileSync(chosen.json, `${JSON.stringify(record, null, 2)}\n`);

if (chosen.assert && net.tiny >= net.lol) {
  console.error(`size: TinyHeap costs ${net.tiny} bytes, lol_alloc ${net.lol}: it must cost less`);
  process.exit(1);
}
