// Runs one WASI module once. Prints as JSON how much processor time that took, how many pages the
// module has then, and what it printed.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WASI } from "node:wasi";

const folder = mkdtempSync(join(tmpdir(), "bonsai-c-"));
const printed = join(folder, "stdout");
const stdout = openSync(printed, "w");
const wasi = new WASI({ version: "preview1", args: ["program"], stdout, returnOnExit: true });
const module = await WebAssembly.compile(readFileSync(process.argv[2]));
const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
const start = process.cpuUsage();
const code = wasi.start(instance);
const { user, system } = process.cpuUsage(start);
closeSync(stdout);
const output = readFileSync(printed, "utf8").trim();
rmSync(folder, { recursive: true });
const pages = instance.exports.memory.buffer.byteLength >>> 16;
console.log(JSON.stringify({ code, ms: (user + system) / 1000, pages, output }));
