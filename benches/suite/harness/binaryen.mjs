// Binaryen, as set-up installs it. Linux distributions have versions of it that are years old.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const tool = (name) => fileURLToPath(new URL(`../node_modules/.bin/${name}`, import.meta.url));

function run(name, args) {
  try {
    return execFileSync(tool(name), args, { encoding: "utf8", maxBuffer: 1 << 30, stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    if (error.code === "ENOENT") throw new Error("no binaryen: run `npm ci` in benches/suite", { cause: error });
    throw error;
  }
}

export const version = () => run("wasm-opt", ["--version"]).trim();

/** The module at `path` after wasm-opt with these options. */
export function optimized(path, options) {
  const out = path.replace(/\.wasm$/, ".optimized.wasm");
  run("wasm-opt", ["--all-features", ...options, path, "-o", out]);
  const bytes = readFileSync(out);
  if (!WebAssembly.validate(bytes)) throw new Error(`${out} is no valid module`);
  return bytes;
}

/** The module's text. */
export const text = (path) => run("wasm-dis", ["--all-features", path]);
