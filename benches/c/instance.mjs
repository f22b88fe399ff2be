// Runs one WASI module. Prints as JSON how much processor time that took, how many pages the module has then, and what
// it printed.
//
// V8 compiles a function when it is called first, and that takes longer than these programs run. So the module is run
// by an instance that is not measured, and then by a fresh one.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WASI } from "node:wasi";

const folder = mkdtempSync(join(tmpdir(), "bonsai-c-"));
const printed = join(folder, "stdout");
const module = await WebAssembly.compile(readFileSync(process.argv[2]));

async function run() {
  const stdout = openSync(printed, "w");
  const wasi = new WASI({ version: "preview1", args: ["program"], stdout, returnOnExit: true });
  const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
  globalThis.gc?.();
  const start = process.cpuUsage();
  const code = wasi.start(instance);
  const { user, system } = process.cpuUsage(start);
  closeSync(stdout);
  const pages = instance.exports.memory.buffer.byteLength >>> 16;
  return { code, ms: (user + system) / 1000, pages, output: readFileSync(printed, "utf8").trim() };
}

await run();
const measured = await run();
rmSync(folder, { recursive: true });
console.log(JSON.stringify(measured));
