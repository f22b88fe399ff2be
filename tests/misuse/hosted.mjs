// Makes a module's memory its host's: the memory is imported, and so is every growth of it.
//
// Rust compiles growth to an instruction, which no host can refuse. In the module's text it becomes
// a call.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

/** Binaryen, as set-up installs it for the benchmark suite. */
async function binaryen() {
  const require = createRequire(new URL("../../benches/suite/package.json", import.meta.url));
  try {
    return (await import(pathToFileURL(require.resolve("binaryen")))).default;
  } catch (cause) {
    throw new Error("no binaryen: run `npm ci` in benches/suite", { cause });
  }
}

/** A module of these bytes that imports `host.memory` and `host.grow`; and its least pages. */
export async function hosted(bytes) {
  const { parseText, readBinary } = await binaryen();
  const text = readBinary(bytes).emitText();
  const [own, pages] = text.match(/^ \(memory \$\w+ (\d+)\)$/m) ?? [];
  if (own === undefined || !text.includes("(memory.grow")) throw new Error("no memory that grows");
  const memory = own.trim().replace(/^\((memory \$\w+)/, '(import "host" "memory" ($1').concat(")");
  const grow = '(import "host" "grow" (func $host.grow (param i32) (result i32)))';
  // Imports are named, not counted, and come first.
  const changed = text
    .replace(own, "")
    .replace(/^\(module$/m, `(module\n ${memory}\n ${grow}`)
    .replaceAll("(memory.grow", "(call $host.grow");
  const module = new WebAssembly.Module(parseText(changed).emitBinary());
  return { module, pages: Number(pages) };
}
