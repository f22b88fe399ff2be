// Runs a component in Node, by jco: node component.mjs FILE FOLDER. The folder is for the JavaScript that jco makes of it.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { transpile } from "@bytecodealliance/jco-transpile";

const [file, folder] = process.argv.slice(2).map((path) => resolve(path));
const { files } = await transpile(file, { name: "component" });
for (const [name, bytes] of Object.entries(files)) {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), bytes);
}
const { greet, sum } = await import(pathToFileURL(join(folder, "component.js")));
for (const length of [1, 100, 100_000]) {
  if (greet("a".repeat(length)) !== `hello, ${"a".repeat(length)}`) throw new Error(`a string of ${length} letters`);
}
if (sum(new BigUint64Array([1n, 2n, 3n])) !== 6n) throw new Error("a list of numbers");
console.log("ok");
