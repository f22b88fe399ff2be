import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { bench, describe } from "vitest";
import { rewrite } from "../../src/record/rewrite";
import { inBrowsers } from "./record-browsers";
import { compare } from "./record-cost";
import { plain, programs } from "./record-programs";

/**
 * The cost of recording: `npx vitest bench --run tests/bench/record`. In Node all programs, in Chromium and Firefox those that need
 * no glue; then of rewriting, in Node.
 */

process.stdout.write(`Node ${process.version}\n`);

for (const [name, load] of Object.entries(programs())) process.stdout.write(`${name}\n${(await compare(load)).join("\n")}\n`);
for await (const lines of inBrowsers(plain())) process.stdout.write(`${lines}\n`);

describe("rewriting", () => {
  const require = createRequire(import.meta.url);
  for (const name of ["sql.js/dist/sql-wasm.wasm", "@resvg/resvg-wasm/index_bg.wasm", "web-tree-sitter/web-tree-sitter.wasm"]) {
    const bytes = readFileSync(require.resolve(name));
    const done = rewrite(bytes);
    bench(`${name}: ${bytes.length} bytes, ${done.ok ? done.bytes.length - bytes.length : "none"} more`, () => { rewrite(bytes); });
  }
});
