import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { findHeaps } from "../../src/headless";
import { LongTrace } from "../../src/model/long-trace";
import { REPLAYED } from "../../src/model/replayed";
import { readDump } from "../../src/record/dump";
import { assemble, bumpParts, op } from "../support/wasm-builder";
import { buildPackage } from "../support/package";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** The entry for Node and the command, as they are published, in processes of their own. */

let folder = "";
let work = "";
beforeAll(async () => {
  folder = await buildPackage();
});
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "recorded-"));
  return () => {
    rmSync(work, { recursive: true, force: true });
  };
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function run(program: string, env: Record<string, string> = {}): SpawnSyncReturns<string> {
  const file = join(work, "program.mjs");
  writeFileSync(file, program);
  const entry = pathToFileURL(join(folder, "node.js")).href;
  return spawnSync(process.execPath, ["--import", entry, file], { cwd: work, encoding: "utf8", env: { ...process.env, ...env } });
}

const command = (...args: string[]): SpawnSyncReturns<string> => spawnSync(process.execPath, [join(folder, "cli.js"), ...args], { encoding: "utf8" });

const SQL = `
import { createRequire } from "node:module";
const initialize = createRequire(${JSON.stringify(import.meta.url)})("sql.js/dist/sql-wasm.js");
const database = new (await initialize()).Database();
database.run("create table t(a, b)");
for (let i = 0; i < 2000; i++) database.run("insert into t values(?, ?)", [i, "x".repeat(i % 300)]);
console.log(database.exec("select count(*) from t")[0].values[0][0]);
`;

/** The bytes of a module, as a program writes them. */
const literal = (bytes: Uint8Array): string => `Uint8Array.of(${bytes.join()})`;

describe("heap-inspector", () => {
  it("prints its help and its version", () => {
    for (const flag of ["--help", "-h"]) expect(command(flag)).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Usage: heap-inspector report FILE/) as string, stderr: "" });
    const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
    expect(command("--version")).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("says of a path what is wrong with it", () => {
    expect(command("report", join(work, "none"))).toMatchObject({ status: 1, stderr: `${join(work, "none")}: there is no such file\n` });
    expect(command("report", work)).toMatchObject({ status: 1, stderr: `${work}: is a directory: give one of the files in it\n` });
    expect(command("report")).toMatchObject({ status: 2, stderr: expect.stringMatching(/^heap-inspector: report takes one file\nUsage/) as string });
    expect(command("repot", "file")).toMatchObject({ status: 2, stderr: expect.stringMatching(/^heap-inspector: there is no command repot\nUsage/) as string });
  });
});

describe("node --import @bonsai-alloc/heap-inspector/node", () => {
  it("reports on exit, and leaves the program's output alone", () => {
    const { status, stdout, stderr } = run(SQL);
    expect([status, stdout]).toEqual([0, "2000\n"]);
    expect(stderr).toMatch(/^Heap of module 1 .*, when the program ended: \d+ pages/m);
    expect(stderr).toMatch(/^dlmalloc: \d+/m);
    const [, allocations, frees] = /Recorded: ([\d,]+) allocations, \d+ reallocations, ([\d,]+) frees, 0 refused\./.exec(stderr)!;
    const count = (text: string): number => Number(text.replaceAll(",", ""));
    // Each of 2,000 statements takes memory and gives it back; the heap that was decoded has the rest.
    expect(count(frees!)).toBeGreaterThan(2000);
    const live = count(/live in ([\d,]+) blocks/.exec(stderr)![1]!);
    expect(count(allocations!) - count(frees!)).toBe(live);
    expect(stderr).toMatch(/ blocks {2}wasm-function\[\d+\]/);
  });

  it("writes a dump, which the command reports and which holds the heap", async () => {
    const { stderr } = run(SQL, { BONSAI_DUMP: join(work, "heap") });
    const name = readdirSync(work).find((file) => file.endsWith("-exit.bonsai"))!;
    const { status, stdout } = command("report", join(work, name));
    expect(status).toBe(0);
    // The report, and what its live blocks would take elsewhere.
    const more = stdout.indexOf("The ");
    expect(stderr).toContain(stdout.slice(0, more));
    expect(stdout.slice(more)).toMatch(/^The \d+ live blocks alone, .*:\n {2}as it is +\d+\n( {2}\w+ +\d+\n){6}$/);
    expect(stdout).toMatch(/^dlmalloc: [\d.]+ KiB live in \d+ blocks, [\d.]+ KiB free in \d+ pieces, the largest of [\d.]+ KiB\./m);
    expect(stdout).toMatch(/^Live blocks by size:\n(?: +[\d.,]+ K?i?B +[\d,]+ × [\d.,]+ K?i?B\n)+/m);
    expect(stdout).toMatch(/^Live by call site .*:\n +[\d.,]+ K?i?B +[\d,]+ blocks {2}wasm-function\[\d+\]\n +← wasm-function/m);
    const dump = await readDump(new Blob([readFileSync(join(work, name))]));
    if (typeof dump === "string") throw new Error(dump);
    const [heap] = findHeaps(dump.memory);
    expect(heap).toMatchObject({ allocator: "dlmalloc", certain: true });
    expect(dump.about.counters!.allocations - dump.about.counters!.frees).toBe(heap!.live.blocks);
    expect(readFileSync(join(work, name)).length).toBeLessThan(dump.memory.byteLength / 4);
  });

  it("says of a file what is wrong with it", async () => {
    run(SQL, { BONSAI_DUMP: join(work, "heap") });
    const path = join(work, readdirSync(work).find((file) => file.endsWith("-exit.bonsai"))!);
    const bytes = readFileSync(path);
    for (const length of [0, 5, 15, 30, 500, bytes.length - 1]) {
      expect(await readDump(new Blob([bytes.subarray(0, length)]))).toBeTypeOf("string");
    }
    const other = Buffer.from(bytes);
    other.fill(0xa5, bytes.length - 2000, bytes.length - 1000);
    writeFileSync(path, other);
    expect(command("report", path)).toMatchObject({ status: 1, stderr: expect.stringContaining("is damaged") as string });
    expect(command("report", join(work, "program.mjs")).stderr).toContain("is neither a dump nor a recording");
    expect(command("report", join(work, "none")).status).toBe(1);
    expect(command().status).toBe(2);
  });

  it("writes each operation to a file, which the command reports, and replays on other allocators", async () => {
    const { stdout, stderr } = run(SQL, { BONSAI_TRACE: join(work, "all"), BONSAI_RATE: "4096" });
    expect(stdout).toBe("2000\n");
    const path = join(work, readdirSync(work).find((file) => file.endsWith(".bontrace"))!);
    expect(stderr).toContain(`Recording: ${path}\n`);
    const trace = await LongTrace.open(new Blob([readFileSync(path)]));
    if (!(trace instanceof LongTrace)) throw new Error(trace?.is);
    const live = Number(/live in ([\d,]+) blocks/.exec(stderr)![1]!.replaceAll(",", ""));
    expect((await trace.survivors()).length).toBe(live);
    expect(trace.samples.length).toBeGreaterThan(10);
    const report = command("report", path);
    expect([report.status, report.stderr]).toEqual([0, ""]);
    expect(report.stdout).toMatch(new RegExp(`^Live at the end: .* in ${live} blocks; at most `, "m"));
    expect(report.stdout).toMatch(/^Live blocks by size:\n +[\d.]+ \w+ +\d/m);
    expect(report.stdout).toMatch(/^Live by call site .*4 KiB/m);
    expect(report.stdout).toMatch(/ blocks {2}wasm-function\[\d+\]/);
    for (const name of REPLAYED) expect(report.stdout).toMatch(new RegExp(`^ {2}${name} +[\\d,]+ +[\\d,]+ +\\d+\\.\\d`, "m"));
    // dlmalloc again: it grows as the recorded one did, but for what is in the first pages of each.
    const pages = (name: string): number => Number(new RegExp(`^ {2}${name} +([\\d,]+)`, "m").exec(report.stdout)![1]!.replaceAll(",", ""));
    expect(Math.abs(pages("dlmalloc") - pages("as it was"))).toBeLessThan(20);
  });

  it("says where it cannot write a recording, and leaves the program alone", () => {
    const { stdout, stderr } = run(SQL, { BONSAI_TRACE: join(work, "none", "all") });
    expect(stdout).toBe("2000\n");
    expect(stderr).toContain("The recording could not be written to");
    expect(stderr).toMatch(/^Recorded: /m);
  });

  it("reports at a signal", () => {
    const { stderr } = run(`${SQL} process.kill(process.pid, "SIGUSR2"); await new Promise((done) => setTimeout(done, 500));`);
    expect(stderr).toMatch(/, at a signal: \d+ pages/);
  });

  it("names the files of threads, and of further signals, apart", () => {
    const threads = `import { isMainThread, Worker } from "node:worker_threads";
      if (isMainThread) await Promise.all([0, 1].map(() => new Promise((done) => new Worker(new URL(import.meta.url)).on("exit", done))));`;
    const { status, stdout } = run(`${threads}${SQL}`, { BONSAI_DUMP: join(work, "heap"), BONSAI_TRACE: join(work, "all") });
    expect([status, stdout]).toEqual([0, "2000\n".repeat(3)]);
    const names = readdirSync(work).map((name) => name.replace(/-\d+(?=-(?:thread\d+-)?1[-.])/, "")).sort();
    expect(names).toEqual([
      ...["all-1", "all-thread1-1", "all-thread2-1"].map((name) => `${name}.bontrace`),
      ...["heap-1", "heap-thread1-1", "heap-thread2-1"].map((name) => `${name}-exit.bonsai`),
      "program.mjs",
    ]);
    for (const name of readdirSync(work)) if (name !== "program.mjs") expect(command("report", join(work, name))).toMatchObject({ status: 0, stderr: "" });
    const wait = "await new Promise((done) => setTimeout(done, 300));";
    const raise = `process.kill(process.pid, "SIGUSR2"); ${wait}`;
    run(`${SQL}${raise}${raise}`, { BONSAI_DUMP: join(work, "again") });
    expect(readdirSync(work).filter((name) => /^again-\d+-1-signal(-2)?\.bonsai$/.test(name)).length).toBe(2);
  });

  const files = (): string[] => readdirSync(work).filter((name) => name.includes(".bon")).map((name) => name.replace(/\d+/, "PID")).sort();
  const all = { BONSAI_DUMP: "heap", BONSAI_TRACE: "all" };
  const forEver = "await new Promise((done) => setTimeout(done, 20_000));";

  it.each(["SIGINT", "SIGTERM"] as const)("writes everything at %s, and dies of it", (name) => {
    const { signal, stderr } = run(`${SQL} process.kill(process.pid, "${name}"); ${forEver}`, all);
    expect(signal).toBe(name);
    expect(stderr.match(/, when the program ended: \d+ pages/g)?.length).toBe(1);
    expect(files()).toEqual(["all-PID-1.bontrace", "heap-PID-1-exit.bonsai"]);
    for (const each of readdirSync(work)) if (each.includes(".bon")) expect(command("report", join(work, each))).toMatchObject({ status: 0, stderr: "" });
  });

  it("leaves SIGINT to a program that listens to it, as long as it does", () => {
    const listens = `process.once("SIGINT", () => { console.log("heard", process.listenerCount("SIGINT")); process.kill(process.pid, "SIGINT"); });
      console.log(process.listenerCount("SIGINT")); process.kill(process.pid, "SIGINT");`;
    const { signal, stdout, stderr } = run(`${SQL} ${listens} ${forEver}`, all);
    expect([signal, stdout]).toEqual(["SIGINT", "2000\n1\nheard 1\n"]);
    expect(stderr.match(/, when the program ended: \d+ pages/g)?.length).toBe(1);
    const own = run(`${SQL} process.on("SIGTERM", () => process.exit(7)); process.kill(process.pid, "SIGTERM"); ${forEver}`, all);
    expect([own.status, own.stderr.match(/, when the program ended: \d+ pages/g)?.length]).toEqual([7, 1]);
  });

  it("says of a recording that it was not finished", () => {
    run(`${SQL} process.kill(process.pid, "SIGKILL"); ${forEver}`, all);
    const killed = join(work, readdirSync(work).find((name) => name.endsWith(".bontrace"))!);
    expect(command("report", killed)).toMatchObject({ status: 1, stderr: expect.stringContaining("was not finished") as string });
    writeFileSync(killed, new Uint8Array(10_000).fill(1, 5_000));
    expect(command("report", killed)).toMatchObject({ status: 1, stderr: expect.stringContaining("was not finished") as string });
  });

  it("reports after a trap that nobody catches", () => {
    const trap = assemble({ functions: [{ exported: "stop", params: [], results: [], code: [0] }] });
    const { status, stderr } = run(`${SQL} new WebAssembly.Instance(new WebAssembly.Module(${literal(trap)})).exports.stop();`);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/, after a trap: \d+ pages/);
  });

  it("reports once when the allocator has no memory", () => {
    const functions = bumpParts().functions.map((each, i) => (i === 0 ? { ...each, code: op.constant(0) } : each));
    const { stderr } = run(`const { exports } = new WebAssembly.Instance(new WebAssembly.Module(${literal(assemble(bumpParts({ functions })))}));
      exports.make(100); exports.make(200);`);
    expect(stderr.match(/, when the allocator had no memory: 1 pages/g)?.length).toBe(1);
    expect(stderr).toContain("2 refused");
  });

  it("reports when a script cannot make a memory grow, and hands the error on", () => {
    const { status, stdout, stderr } = run(`${SQL.replace("const database", "let memory; const { instantiate } = WebAssembly; WebAssembly.instantiate = async (...all) => { const made = await instantiate(...all); memory = Object.values(made.instance.exports).find((each) => each instanceof WebAssembly.Memory); return made; };\nconst database")}
      try { memory.grow(65536); } catch (error) { console.log(error.constructor.name); }`);
    expect([status, stdout]).toEqual([0, "2000\nRangeError\n"]);
    expect(stderr).toMatch(/^Heap of module 1 .*, when the allocator had no memory: \d+ pages/m);
  });

  it("leaves modules as they are where recording is off", () => {
    const { stdout, stderr } = run(SQL, { BONSAI_RECORD: "0" });
    expect(stdout).toBe("2000\n");
    expect(stderr).toMatch(/^dlmalloc: /m);
    expect(stderr).toContain("It was not recorded: recording was off (BONSAI_RECORD=0).");
  });

  it("says why a module is not recorded, and how it would be", () => {
    const other = assemble({ functions: [{ exported: "stop", params: [], results: [], code: [] }], noNames: true });
    const { stderr } = run(`new WebAssembly.Instance(new WebAssembly.Module(${literal(other)}));`, { BONSAI_DUMP: join(work, "heap") });
    expect(stderr).toMatch(/^Heap of module 1 \(program\.mjs\), when the program ended: 1 pages.*\nNo heap of a known .*\nIt was not recorded: neither names .*--profiling-funcs/m);
    expect(files()).toEqual([]);
  });

  it.each([
    ["BONSAI_RATE", "often"],
    ["BONSAI_LEAST", "-1"],
    ["BONSAI_RECORD", "no"],
    ["BONSAI_SIGNAL", "SIGKILL"],
    ["BONSAI_SIGNAL", "SIGNONE"],
  ])("says in a line that %s is not to be %s, and goes on", (name, value) => {
    const { status, stdout, stderr } = run(`console.log("went on");`, { [name]: value });
    expect([status, stdout]).toEqual([0, "went on\n"]);
    expect(stderr).toMatch(new RegExp(`^${name}=${value} is left out of account: .*\\n$`));
  });

  it("says that a recording is incomplete, where frees have no allocations", () => {
    // `malloc` has no name: the compiler inlined it, so to say.
    const functions = bumpParts().functions.map((each) => (each.name === "free" || each.name === undefined ? each : { ...each, name: "program" }));
    const program = `const { exports } = new WebAssembly.Instance(new WebAssembly.Module(${literal(assemble(bumpParts({ functions })))}));`;
    const { stderr } = run(`${program} for (let i = 0; i < 3; i++) exports.lose(exports.make(100));`, { BONSAI_TRACE: join(work, "all") });
    const says = /^Incomplete: 3 frees and 0 allocations were seen\. Some of the allocator's functions could not be found/m;
    expect(stderr).toMatch(says);
    expect(command("report", join(work, readdirSync(work).find((name) => name.endsWith(".bontrace"))!)).stdout).toMatch(says);
    expect(run(SQL).stderr).not.toContain("Incomplete");
  });

  it("leaves out the modules of Node itself", () => {
    const { status, stdout, stderr } = run(`import { createServer } from "node:http";
      const server = createServer((_, answer) => answer.end("here")).listen(0, async () => {
        console.log(await (await fetch(\`http://127.0.0.1:\${server.address().port}\`)).text());
        server.close();
        server.closeAllConnections();
      });`);
    expect([status, stdout, stderr]).toEqual([0, "here\n", ""]);
  });

  it("neither reads nor records a memory of 64 bits, and goes on", () => {
    const wide = assemble({ functions: [], memory: [4, 1] });
    const headless = pathToFileURL(join(folder, "headless.js")).href;
    const { status, stdout, stderr } = run(`import { setFlagsFromString } from "node:v8"; import { findHeaps } from ${JSON.stringify(headless)};
      if (!WebAssembly.validate(${literal(wide)})) setFlagsFromString("--experimental-wasm-memory64");
      const { memory } = new WebAssembly.Instance(new WebAssembly.Module(${literal(wide)})).exports;
      console.log(findHeaps(memory).length);`);
    expect([status, stdout]).toEqual([0, "0\n"]);
    expect(stderr).toMatch(/^Heap of module 1 .*: 1 pages .*\nIts memory is of 64 bits: neither its heap is read, nor is it recorded\.$/m);
  });
});

