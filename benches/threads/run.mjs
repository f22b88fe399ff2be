#!/usr/bin/env node
// Global allocators under 1, 2 and 4 threads: in wasm, where each thread is a worker of Node's over
// one shared memory, and natively. `cargo xtask bench -- --threads` calls this.

import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";

import { bars } from "../suite/harness/charts.mjs";

const folder = dirname(fileURLToPath(import.meta.url));
const root = resolve(folder, "../..");
const target = join(root, "target/bench-threads");
const PAGE = 65536;
const STACK = 1 << 20;
const INITIAL = 32 * PAGE;
const LARGEST = 1 << 30;
const LOADS = {
  own: "frees its own blocks",
  larson: "frees blocks of all threads",
  turns: "replaces its own blocks of 1,000 to 2,023 bytes by turns",
};
const ALLOCATORS = { heap: "Heap", lock: "Heap behind one lock", std: "std's default", talc: "talc 5.1.1, spin lock", none: "nothing allocated: the load alone" };

const USAGE = `cargo xtask bench -- --threads [--quick | --smoke] [--against COMMIT,COMMIT] [--counts 1,2,4] [--only heap,std] [--on wasm,native]
    [--loads own,larson,turns] [--rounds N] [--from FILE,FILE]
  --quick    3 repetitions instead of 9
  --smoke    one short repetition, and nothing is written
  --against  measures Heap as of these commits too, in turns with the others
  --counts   numbers of threads (1,2,4)
  --only     allocators, of: heap, lock, std, talc, none
  --on       platforms, of: wasm, native
  --loads    of: own, larson, turns
  --rounds   rounds of a thread (1500000)
  --from     measures nothing: writes docs/threads.md and its charts again, from records`;

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean" },
    smoke: { type: "boolean" },
    against: { type: "string" },
    counts: { type: "string", default: "1,2,4" },
    only: { type: "string", default: "heap,lock,std,talc,none" },
    on: { type: "string", default: "wasm,native" },
    loads: { type: "string", default: Object.keys(LOADS).join(",") },
    rounds: { type: "string" },
    from: { type: "string" },
    help: { type: "boolean" },
  },
});
if (options.help) {
  console.log(USAGE);
  process.exit();
}

/** The flags that link a module whose memory is shared, imported, and the same for each thread. */
const SHARED = [
  "-Ctarget-feature=+atomics,+bulk-memory",
  ...["--shared-memory", "--import-memory", `--initial-memory=${INITIAL}`, `--max-memory=${LARGEST}`],
  ...["__stack_pointer", "__wasm_init_tls", "__tls_size", "__tls_align"].map((name) => `--export=${name}`),
].map((flag) => (flag.startsWith("-C") ? flag : `-Clink-arg=${flag}`));

/** Builds the crate over an allocator for one platform, and keeps the result under a name. */
function build(name, from, allocator, wasm) {
  const file = wasm ? "wasm32-unknown-unknown/release/bonsai_bench_threads.wasm" : "release/bonsai_bench_threads";
  const args = ["build", "--quiet", "--release", "--locked", "--target-dir", join(target, wasm ? "wasm" : "native")];
  args.push(wasm ? "--lib" : "--bins");
  if (wasm) args.push("--target", "wasm32-unknown-unknown", "-Zbuild-std=std,panic_abort");
  if (allocator !== "std") args.push("--features", allocator);
  const flags = wasm ? { RUSTC_BOOTSTRAP: "1", RUSTFLAGS: SHARED.join(" ") } : {};
  const env = { ...process.env, ...flags };
  const { status, stderr, error } = spawnSync(process.env.CARGO ?? "cargo", args, { cwd: from, env, encoding: "utf8" });
  if (status !== 0) throw new Error(`\`cargo ${args.join(" ")}\` failed:\n${stderr ?? error}`);
  const kept = join(target, "built", wasm ? `${name}.wasm` : name);
  mkdirSync(dirname(kept), { recursive: true });
  copyFileSync(join(target, wasm ? "wasm" : "native", file), kept);
  return kept;
}

/** This folder within an older commit of the crate. */
function older(commit) {
  const tree = join(target, "older", commit);
  if (!existsSync(tree)) execFileSync("git", ["worktree", "add", "--quiet", "--detach", tree, commit], { cwd: root });
  const copy = join(tree, "benches/threads");
  cpSync(folder, copy, { recursive: true });
  return copy;
}

/** One repetition in wasm: nanoseconds from the first start to the last end, and pages grown,
 * those of the stacks not counted. */
async function inWasm(module, load, threads, rounds) {
  const memory = new WebAssembly.Memory({ initial: INITIAL / PAGE, maximum: LARGEST / PAGE, shared: true });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const workers = Array.from({ length: threads }, (_, thread) => {
    const stack = exports.room(STACK) + STACK;
    const tls = exports.room(exports.__tls_size.value + exports.__tls_align.value);
    const seed = 7919 * (thread + 1);
    return new Worker(join(folder, "worker.mjs"), {
      workerData: { module, memory, gate, stack, tls, load, seed, rounds },
    });
  });
  const heard = (worker) => once(worker, "message").then(([message]) => message);
  await Promise.all(workers.map(heard));
  const [used, from] = [process.cpuUsage(), process.hrtime.bigint()];
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  const times = await Promise.all(workers.map(heard));
  const { user, system } = process.cpuUsage(used);
  const busy = (1000 * (user + system)) / Number(process.hrtime.bigint() - from);
  await Promise.all(workers.map((worker) => worker.terminate()));
  if (!exports.sound()) throw new Error("the allocator's books are damaged");
  const last = times.reduce((last, { end }) => (end > last ? end : last), 0n);
  const first = times.reduce((first, { start }) => (start < first ? start : first), last);
  // Threads that had to share a core do not disturb each other: no figure of contention.
  const alone = busy > 0.85 * Math.min(threads, cpus().length);
  return { ns: Number(last - first), alone, peak: (memory.buffer.byteLength - INITIAL - threads * STACK) / PAGE };
}

function natively(program, load, threads, rounds) {
  const said = execFileSync(program, [load, threads, rounds], { encoding: "utf8" }).trim().split(" ").map(Number);
  return { ns: said[0], alone: true, peak: said[1] };
}

/** Other work on the machine makes a run slower, never faster. */
const best = (numbers) => Math.max(...numbers);

const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};

function contestants() {
  const all = options.only.split(",").map((name) => ({ name, title: ALLOCATORS[name], allocator: name, from: folder }));
  for (const { name, title } of all) if (!title) throw new Error(`no allocator is called ${name}\n\n${USAGE}`);
  for (const commit of options.against?.split(",") ?? [])
    all.push({ name: commit, title: `Heap of ${commit}`, allocator: "heap", from: older(commit) });
  return all;
}

const repetitions = options.smoke ? 1 : options.quick ? 3 : 9;
const rounds = options.rounds ? Number(options.rounds) : options.smoke ? 20_000 : 1_500_000;
const counts = options.counts.split(",").map(Number);
const measured = [];
for (const platform of options.from ? [] : options.on.split(",")) {
  const wasm = platform === "wasm";
  const built = contestants().map((each) => ({ ...each, path: build(each.name, each.from, each.allocator, wasm) }));
  const ready = built.map((each) => ({ ...each, it: wasm ? new WebAssembly.Module(readFileSync(each.path)) : each.path }));
  for (const load of options.loads.split(",")) {
    if (LOADS[load] === undefined) throw new Error(`no load is called ${load}\n\n${USAGE}`);
    const runs = new Map();
    for (let round = 0; round < 5 * repetitions; round++)
      for (const threads of counts)
        for (const { name, title, it } of ready) {
          const key = `${title} ${threads}`;
          // Runs that did not have the cores they need are done again, and count where there are no others.
          if (round >= repetitions && (runs.get(key).alone >= repetitions || options.smoke)) continue;
          const { ns, alone, peak } = await (wasm ? inWasm : natively)(it, load, threads, rounds);
          // A round is two operations: one free, one allocation.
          const rate = (2 * rounds * threads * 1000) / ns;
          if (!runs.has(key)) runs.set(key, { platform, load, name, title, threads, alone: 0, rates: [], peaks: [] });
          const run = runs.get(key);
          if (alone && run.alone++ === 0) run.rates.length = 0;
          if (alone || run.alone === 0) run.rates.push(Number(rate.toFixed(2)));
          run.peaks.push(peak);
        }
    measured.push(...runs.values());
  }
}

const now = () => {
  const git = (...args) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: git("rev-parse", "--short=12", "HEAD"),
    machine: `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} cores`,
    engine: `Node ${process.versions.node} (V8 ${process.versions.v8})`,
    compiler: execFileSync("rustc", ["--version"], { encoding: "utf8" }).trim(),
    rounds,
    unit: "million operations a second; peaks in pages of 64 KiB (wasm) or KiB (native)",
    results: measured,
  };
};
const records = options.from?.split(",").map((file) => JSON.parse(readFileSync(file, "utf8"))) ?? [now()];
const distinct = (runs, key) => [...new Set(runs.map((run) => run[key]))];

/** A line for each allocator: rates by number of threads, and peaks. */
function table(runs, platform) {
  const threads = distinct(runs, "threads");
  const unit = platform === "wasm" ? "pages" : "MiB";
  const peak = (run) => (platform === "wasm" ? median(run.peaks) : (median(run.peaks) / 1024).toFixed(1));
  const lines = [
    `| | ${threads.map((n) => `${n} thread${n > 1 ? "s" : ""}`).join(" | ")} | ${threads.map((n) => `${unit}, ${n}`).join(" | ")} |`,
    `|---|${"--:|".repeat(2 * threads.length)}`,
  ];
  for (const title of distinct(runs, "title")) {
    const row = threads.map((n) => runs.find((run) => run.title === title && run.threads === n));
    lines.push(`| ${title} | ${row.map((run) => `${best(run.rates).toFixed(0)}${run.alone ? "" : "?"}`).join(" | ")} | ${row.map(peak).join(" | ")} |`);
  }
  return lines.join("\n");
}

/** A chart of what allocators do; the load alone would make all of them small. */
function chart(record, runs, title) {
  const shown = runs.filter((run) => run.name !== "none");
  const threads = distinct(shown, "threads");
  const rate = (of, n) => best(shown.find((run) => run.title === of && run.threads === n).rates);
  return bars({
    title,
    subtitle: `Million operations a second of all threads together. ${record.machine}, ${record.date}`,
    series: threads.map((n) => `${n} thread${n > 1 ? "s" : ""}`),
    rows: distinct(shown, "title").map((of) => ({
      label: ALLOCATORS[shown.find((run) => run.title === of).name] ?? of,
      values: threads.map((n) => rate(of, n)),
    })),
    format: (value) => value.toFixed(0),
  });
}

/** The runs of a record by platform and load, which is what a table has. */
const parts = records.flatMap((record) =>
  distinct(record.results, "platform").flatMap((platform) => {
    const name = platform === "wasm" ? `wasm, ${record.engine}` : "native";
    const of = record.results.filter((run) => run.platform === platform);
    return distinct(of, "load").map((load) => ({ record, platform, load, name, runs: of.filter((run) => run.load === load) }));
  }),
);
console.log(parts.map(({ platform, load, name, runs }) => `### ${name}: each thread ${LOADS[load]}\n${table(runs, platform)}`).join("\n\n"));
if (parts.some(({ runs }) => runs.some((run) => !run.alone))) console.log("\n?: the machine had other work in all runs");

if (!options.smoke) {
  if (!options.from) {
    const file = join(root, "benches/results", `${records[0].date}-threads${options.on === "wasm,native" ? "" : `-${options.on}`}.json`);
    writeFileSync(file, `${JSON.stringify(records[0], null, 1)}\n`);
    console.log(`\nwritten: ${file}`);
  }
  const part = ({ record, platform, load, name, runs }) => {
    const file = `threads-${platform}-${load}.svg`;
    writeFileSync(join(root, "docs/charts", file), chart(record, runs, `Threads, ${name}: each ${LOADS[load]}`));
    return `## ${name}: each thread ${LOADS[load]}\n\n![Operations a second by allocator and number of threads](charts/${file})\n\n${table(runs, platform)}\n`;
  };
  const about = ({ date, commit, machine, compiler, engine, rounds, results }) =>
    `- ${distinct(results, "platform").join(" and ")}: ${date}, commit ${commit}; ${machine}; ${compiler}; ${engine}; ${rounds} rounds a thread`;
  const page = [
    "# Threads",
    "Written by `cargo xtask bench -- --threads`, from the best run of each: other work on a machine makes a run slower, never",
    "faster. Runs in wasm that did not have the cores they need are done again; `?` marks those that never had.",
    "Million operations a second of all threads together, on blocks of 8 to 1,024 bytes where nothing else is said, and the peak of memory.",
    "[heap-design.md](heap-design.md#threads) says how `Heap` does it, and what the figures depend on.",
    "",
    ...records.map(about),
    "",
    ...parts.map(part),
  ];
  writeFileSync(join(root, "docs/threads.md"), page.join("\n"));
}
