// docs/sizes.md, from a record of sizes.mjs.

import { table } from "./report.mjs";
import { title } from "./summary.mjs";

const bytes = (value) => value.toLocaleString("en");

/** By how many percent a number is above another. */
function above(value, base) {
  const percent = (100 * (value - base)) / base;
  return `${percent > 0 ? "+" : percent < 0 ? "−" : ""}${Math.abs(percent).toFixed(1)} %`;
}

export function sizesPage({ date, rustc, wasmOpt, node, zlib, empty, programs }) {
  const parts = [
    `# Code size
Written by \`cargo xtask bench -- --sizes\` (\`--optimize NAMES\`: only these are weighed after wasm-opt, too) from its record in
[benches/results](../benches/results). All modules have fat LTO, one codegen unit, panic=abort and no names.

- ${date.slice(0, 10)}; ${rustc}; ${wasmOpt}; gzip -9 by zlib ${zlib} of Node ${node}`,
    `## An empty module
Bytes that an allocator adds to a module that only exports its four functions, at opt-level z after wasm-opt -Oz. What a
program pays besides, at each place where it allocates, is below.

${table(["", "bytes"], Object.entries(empty.net).map(([name, net]) => [title(name), bytes(net)]))}`,
  ];
  for (const [program, kinds] of Object.entries(programs)) {
    const names = Object.keys(Object.values(kinds)[0]);
    const rows = names.map((name) => [
      title(name),
      ...Object.values(kinds).flatMap((of) => [
        `${bytes(of[name].raw)} (${above(of[name].raw, of.dlmalloc?.raw ?? of[name].raw)})`,
        bytes(of[name].gzip),
      ]),
    ]);
    const optimized = Object.keys(kinds).some((kind) => kind.includes("wasm-opt"));
    parts.push(`## A program with ${program}
Bytes of the module, in parentheses by how much more or less than with std's default, and after gzip.${optimized ? "" : " Not after wasm-opt, which takes minutes for it."}

${table(["", ...Object.keys(kinds).flatMap((kind) => [kind, "gzip"])], rows)}`);
  }
  return `${parts.join("\n\n")}\n`;
}
