// wasmtime, by its package for Python, which is the easiest place to have it from.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { target } from "../../../../modules/build.mjs";

const PROGRAM = fileURLToPath(new URL("wasmtime_runner.py", import.meta.url));
const PACKAGE = "wasmtime==50.0.1";

/** A Python that has wasmtime: this machine's, or a virtual environment of our own. */
export function python() {
  const has = (program) => spawnSync(program, ["-c", "import wasmtime"], { stdio: "ignore" }).status === 0;
  const found = ["python3", "python"].find((program) => spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0);
  if (found === undefined) return { missing: "there is no python3 on PATH" };
  if (has(found)) return { program: found };
  const folder = join(target, "python");
  const own = join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  if (!existsSync(own) || !has(own)) {
    spawnSync(found, ["-m", "venv", folder], { stdio: "ignore" });
    spawnSync(own, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE], { stdio: "ignore" });
  }
  return has(own) ? { program: own } : { missing: `python3 could not install ${PACKAGE}` };
}

export async function wasmtime() {
  const { program, missing } = python();
  if (missing) return { missing };
  const child = spawn(program, [PROGRAM], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error("the wasmtime process ended");
    return JSON.parse(value);
  };
  const ask = (message) => {
    child.stdin.write(`${JSON.stringify(message)}\n`);
    return answer();
  };
  const { version } = await answer();
  return {
    name: "wasmtime",
    version: `wasmtime ${version} (Cranelift)`,
    clock: "CPU time of the process",
    load: (modules) => ask({ load: modules }),
    run: (jobs) => ask({ jobs }),
    stop: async () => {
      child.stdin.end();
      await once(child, "exit");
    },
  };
}
