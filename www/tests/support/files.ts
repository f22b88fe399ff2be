import { readdirSync } from "node:fs";

/** The built modules; `cargo xtask build` makes them. */
const ROOT = new URL("../../src/wasm/", import.meta.url);

/** The file of a module whose name ends so. */
export function file(name: string, ending: string): URL {
  const folder = new URL(`${name}/`, ROOT);
  return new URL(readdirSync(folder).find((each) => each.endsWith(ending))!, folder);
}
