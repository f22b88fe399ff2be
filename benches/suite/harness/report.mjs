// What a record leaves behind for readers: docs/benchmarks.md and its charts.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

import { FRUGAL } from "../../../modules/table.mjs";
import { root } from "../../../modules/build.mjs";
import { draw } from "./pictures.mjs";
import { means, title } from "./summary.mjs";
import { duration, verdict } from "./tables.mjs";
import { assess, cheated } from "./targets.mjs";

/** Charts of another command's, which stay: `cargo xtask bench -- --threads`. */
const THREADS = "threads-";

/** Writes all of it, and tells what. */
export function publish(record) {
  const folder = join(root, "docs/charts");
  mkdirSync(folder, { recursive: true });
  const written = [];
  const write = (path, text) => {
    writeFileSync(path, text);
    written.push(relative(root, path));
  };
  // A chart of an engine that this record does not have would be of another day.
  for (const old of readdirSync(folder).filter((name) => name.endsWith(".svg") && !name.startsWith(THREADS))) rmSync(join(folder, old));
  const charts = draw(record);
  for (const [name, svg] of Object.entries(charts)) write(join(folder, `${name}.svg`), svg);
  write(join(root, "docs/benchmarks.md"), page(record, charts));
  return written;
}

/** Threads are measured by a command of their own, with a page of its own. */
const threads = () =>
  [
    "## Threads",
    "`cargo xtask bench -- --threads`",
    "",
    "Million operations a second of all threads together, in wasm; [threads.md](threads.md) has all figures, peers and loads.",
    "",
    `![Each thread frees its own blocks](charts/${THREADS}wasm-own.svg)`,
    "",
    `![Each thread frees blocks of all threads](charts/${THREADS}wasm-larson.svg)`,
  ].join("\n");

export function table(head, rows, left = 1) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, at) => (at < left ? "---" : "--:"))), ...rows.map(line)].join("\n");
}

const ratio = (value) => (value === undefined ? "" : value.toFixed(2));
const command = (options) => `\`cargo xtask bench${options === "" ? "" : ` -- ${options}`}\``;
const sets = (shapes) => [...new Set(shapes.map(({ set }) => set))];

/** The whole page. */
export function page(record, charts) {
  const picture = (name, alt) => (charts[name] === undefined ? [] : [`![${alt}](charts/${name}.svg)`]);
  return `${[
    head(record),
    ...goals(record),
    ...picture("speed", `Speed of the allocators by that of ${title(record.reference)}, in each engine`),
    ...record.engines.flatMap((engine) => [
      times(record, engine),
      ...picture(`time-${engine.name}`, `Time of each shape by that of ${title(record.reference)}, in ${engine.version}`),
    ]),
    memory(record),
    ...picture("pages", "Peak memory of each shape by that of the best peer"),
    ...growths(record),
    ...size(record),
    ...picture("size", "Bytes that each allocator adds to a module"),
    threads(),
  ].join("\n\n")}\n`;
}

function head(record) {
  const lines = [
    `${record.date.slice(0, 10)}, commit ${record.commit.slice(0, 12)}${record.changed ? " with changes" : ""}`,
    `${record.processor}, ${record.cores} cores, ${record.system}`,
    `${record.rustc}; ${record.engines.map(({ version }) => version).join("; ")}`,
    ...record.missing.map(({ name, reason }) => `not measured in ${name}: ${reason}`),
  ];
  if (record.effort !== "full") lines.push(`measured with \`--${record.effort}\`: fewer rounds than a complete run has`);
  return `# Benchmarks
Written by ${command("")} from its record in [benches/results](../benches/results); [benches/suite](../benches/suite/README.md)
says what is measured and how. Each section names the command that measures it alone.

${lines.map((line) => `- ${line}`).join("\n")}`;
}

function goals(record) {
  if (!["heap", record.reference].every((allocator) => record.allocators.includes(allocator))) return [];
  const rows = assess(record).flatMap(({ name, goal, results }) => {
    if (results.length === 0) return [[name, goal, "not measured", ""]];
    return results.map((result, at) => {
      const found = [`${result.text}`, result.where && `(${result.where})`, result.engine && `in ${result.engine}`];
      const judged = verdict(result);
      return [at === 0 ? name : "", at === 0 ? goal : "", found.filter(Boolean).join(" "), judged === "met" ? judged : `**${judged}**`];
    });
  });
  const apart = cheated(record);
  return [
    `## Targets of \`Heap\`
What this record says of each. ${
      apart.length === 0 ? "" : `The lower bound cheats, by wasting more than 15 % of memory, at ${apart.join(", ")}.`
    }

${table(["target", "asked for", "found", ""], rows, 4)}`,
  ];
}

function times({ allocators, reference }, { name, version, clock, shapes }) {
  const others = allocators.filter((allocator) => allocator !== reference);
  const rows = shapes.map(({ name: shape, figures }) => {
    const worst = Math.max(0, ...others.map((allocator) => figures[allocator]?.uncertainty ?? 0));
    const cells = others.map((allocator) => figures[allocator]?.error ? fate(figures[allocator].error) : ratio(figures[allocator]?.ratio));
    return [shape, duration(figures[reference]?.ns), ...cells, `${(worst * 100).toFixed(1)} %`];
  });
  for (const set of sets(shapes)) {
    const counted = shapes.filter((shape) => shape.inTimeMean && shape.set === set);
    const all = means(counted, (one) => one.ratio, others);
    rows.push([`**geometric mean, ${set}**`, "", ...others.map((allocator) => ratio(all[allocator])), ""]);
  }
  return `## Time: ${version}
${command(`--engine ${name}`)}

Time of a step (of a run, for programs) with ${title(reference)}, and the others' by it: below 1 is faster. ± is the
largest standard error in the line. Ratchet, pushes and zeroed do not count in the mean. Clock: ${clock}.

${table(["", title(reference), ...others.map(title), "±"], rows)}`;
}

/** Out of memory shows itself as a trap. */
function fate(error) {
  return error === "too slow" ? error : "fails";
}

function memory({ allocators, engines }) {
  const { name, shapes } = engines[0];
  const compared = allocators.filter((allocator) => !FRUGAL.includes(allocator));
  const rows = shapes.map(({ name: shape, figures, peerPages }) => [
    shape,
    ...FRUGAL.map((peer) => peerPages[peer]),
    ...compared.map((allocator) => {
      const one = figures[allocator];
      return one?.pages === undefined ? fate(one?.error) : `${one.pages} (${ratio(one.frugal)})`;
    }),
  ]);
  for (const set of sets(shapes)) {
    const counted = shapes.filter((shape) => shape.inPagesMean && shape.set === set);
    const all = means(counted, (one) => one.frugal, compared);
    rows.push([`**geometric mean, ${set}**`, ...FRUGAL.map(() => ""), ...compared.map((allocator) => ratio(all[allocator]))]);
  }
  return `## Memory
${command(`--quick --engine ${name}`)}

Peak pages of 64 KiB, and in parentheses what they are by the best of dlmalloc, talc and rlsf; after 1,000 rounds, for ratchet.
They are the same in every engine. Ratchet, pushes and zeroed do not count in the mean.

${table(["", ...FRUGAL.map(title), ...compared.map(title)], rows)}`;
}

function growths({ watched, allocators }) {
  if (watched === undefined) return [];
  const lines = Object.entries(watched).map(([shape, { asked, growths: grown }]) => [
    shape,
    asked.allocations,
    asked.reallocations,
    (asked.peak / 65536).toFixed(1),
    ...allocators.map((allocator) => grown[allocator] ?? "fails"),
  ]);
  return [
    `## Growths
${command("")}

How often memory grew, and what a shape asks for: allocations, reallocations, and its live peak in pages.

${table(["", "allocations", "reallocations", "live peak", ...allocators.map(title)], lines)}`,
  ];
}

function size(record) {
  if (record.size === undefined) return [];
  const lines = Object.entries(record.size.net).map(([allocator, bytes]) => [title(allocator), bytes.toLocaleString("en")]);
  return [
    `## Code size
\`cargo xtask bench -- --sizes\`

Bytes that an allocator adds to a module, at opt-level z after wasm-opt -Oz (${record.size.wasmOpt}).

${table(["", "bytes"], lines)}`,
  ];
}
