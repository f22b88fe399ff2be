// What a run that is kept leaves behind for readers: docs/benchmarks.md and its charts.

import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

import { FRUGAL } from "./allocators.mjs";
import { root } from "./build.mjs";
import { bars, dots } from "./charts.mjs";
import { means, title } from "./summary.mjs";
import { duration } from "./tables.mjs";

/** Whom the charts by shape show; all of them would be a thicket. */
const SHOWN = ["heap", "talc", "rlsf", "dlmalloc", "bound"];

/** Writes all of it, and tells what. */
export function publish(record, allocators) {
  const folder = join(root, "docs/charts");
  mkdirSync(folder, { recursive: true });
  const written = [];
  const write = (path, text) => {
    writeFileSync(path, text);
    written.push(relative(root, path));
  };
  const charts = draw(record, allocators);
  for (const [name, svg] of Object.entries(charts)) write(join(folder, `${name}.svg`), svg);
  write(join(root, "docs/benchmarks.md"), page(record, allocators, Object.keys(charts)));
  return written;
}

const counted = (measured, what, set) => measured.filter(({ shape }) => shape[what] && shape.set === set);
const setsOf = (record) => [...new Set(record.engines.flatMap(({ measured }) => measured.map(({ shape }) => shape.set)))];

function draw(record, allocators) {
  const charts = {};
  const day = record.date.slice(0, 10);
  const shown = SHOWN.filter((allocator) => allocators.includes(allocator));
  const by = title(record.reference);
  for (const { name, version, measured } of record.engines) {
    charts[`time-${name}`] = dots({
      title: `Time by that of ${by}: ${version}`,
      subtitle: `Left is faster. Median over interleaved rounds. ${record.processor}, ${day}`,
      series: shown.map(title),
      ticks: [0.25, 0.35, 0.5, 0.7, 1, 1.4, 2],
      rows: measured.map(({ shape, figures }) => ({ label: shape.name, values: shown.map((one) => figures[one]?.ratio) })),
    });
  }
  const { measured } = record.engines[0];
  charts.pages = dots({
    title: "Peak memory by that of the best of dlmalloc, talc and rlsf",
    subtitle: `Left is smaller. Pages of the whole linear memory. ${day}`,
    series: shown.map(title),
    ticks: [0.5, 0.7, 1, 1.4, 2],
    rows: measured.map(({ shape, figures }) => ({ label: shape.name, values: shown.map((one) => figures[one]?.frugal) })),
  });
  const speeds = record.engines.map((engine) => means(counted(engine.measured, "time", "shapes"), (one) => one.ratio, allocators));
  const rows = allocators.map((allocator) => ({
    label: title(allocator),
    values: speeds.map((all) => (all[allocator] === undefined ? undefined : 1 / all[allocator])),
  }));
  if (rows.some(({ values }) => values.some((value) => value !== undefined))) {
    charts.speed = bars({
      title: `Speed by that of ${by}, geometric mean of the shapes`,
      subtitle: `Longer is faster. Who fails at a shape is not shown. ${record.processor}, ${day}`,
      series: record.engines.map(({ version }) => version.split(" (")[0]),
      rows: rows.filter(({ values }) => values.some((value) => value !== undefined)),
      format: (value) => value.toFixed(2),
    });
  }
  if (record.size !== undefined) {
    charts.size = bars({
      title: "What an allocator adds to a module",
      subtitle: `Shorter is smaller. Bytes of wasm at opt-level z after wasm-opt -Oz. ${day}`,
      series: ["bytes"],
      rows: Object.entries(record.size.net).map(([allocator, bytes]) => ({ label: title(allocator), values: [bytes] })),
      format: (value) => `${value} B`,
    });
  }
  return charts;
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, at) => (at === 0 ? "---" : "--:"))), ...rows.map(line)].join("\n");
}

const ratio = (value) => (value === undefined ? "" : value.toFixed(2));

function page(record, allocators, charts) {
  const others = allocators.filter((allocator) => allocator !== record.reference);
  const parts = [
    `# Benchmarks
Written by \`cargo xtask bench\`; [benches/suite](../benches/suite/README.md) says what is measured and how.

- ${record.date.slice(0, 10)}, commit ${record.commit.slice(0, 12)}${record.changed ? " with changes" : ""}
- ${record.processor}, ${record.cores} cores, ${record.system}
- ${record.rustc}; ${record.engines.map(({ version }) => version).join("; ")}
${record.effort === "full" ? "" : `- measured with \`--${record.effort}\`: fewer rounds than a complete run has\n`}
![](charts/${charts.includes("speed") ? "speed" : charts[0]}.svg)`,
  ];
  for (const { name, version, clock, measured } of record.engines) {
    const rows = [];
    for (const { shape, figures } of measured) {
      const worst = Math.max(0, ...others.map((allocator) => figures[allocator]?.uncertainty ?? 0));
      rows.push([
        shape.name,
        duration(figures[record.reference]?.ns),
        ...others.map((allocator) => (figures[allocator]?.error === undefined ? ratio(figures[allocator]?.ratio) : "fails")),
        `${(worst * 100).toFixed(1)} %`,
      ]);
    }
    for (const set of setsOf(record)) {
      const all = means(counted(measured, "time", set), (one) => one.ratio, others);
      rows.push([`**geometric mean, ${set}**`, "", ...others.map((allocator) => ratio(all[allocator])), ""]);
    }
    parts.push(`## Time: ${version}
Time of a step (of a run, for programs) with ${title(record.reference)}, and the others' by it: below 1 is faster. ± is the
largest standard error in the line. Clock: ${clock}.

${table(["", title(record.reference), ...others.map(title), "±"], rows)}

![](charts/time-${name}.svg)`);
  }
  const { measured } = record.engines[0];
  const compared = allocators.filter((allocator) => !FRUGAL.includes(allocator));
  const rows = measured.map(({ shape, figures, pagesOf }) => [
    shape.name,
    ...FRUGAL.map((peer) => pagesOf[peer]),
    ...compared.map((allocator) => {
      const one = figures[allocator];
      return one?.pages === undefined ? "fails" : `${one.pages} (${ratio(one.frugal)})`;
    }),
  ]);
  for (const set of setsOf(record)) {
    const all = means(counted(measured, "pages", set), (one) => one.frugal, compared);
    rows.push([`**geometric mean, ${set}**`, ...FRUGAL.map(() => ""), ...compared.map((allocator) => ratio(all[allocator]))]);
  }
  parts.push(`## Memory
Peak pages of 64 KiB, and in parentheses what they are by the best of dlmalloc, talc and rlsf.

${table(["", ...FRUGAL.map(title), ...compared.map(title)], rows)}

![](charts/pages.svg)`);
  if (record.watched !== undefined) {
    const lines = Object.entries(record.watched).map(([shape, { asked, growths }]) => [
      shape,
      asked.allocations,
      asked.reallocations,
      (asked.peak / 65536).toFixed(1),
      ...allocators.map((allocator) => growths[allocator] ?? "fails"),
    ]);
    parts.push(`## Growths
How often memory grew, and what a shape asks for: allocations, reallocations, and its live peak in pages.

${table(["", "allocations", "reallocations", "live peak", ...allocators.map(title)], lines)}`);
  }
  if (record.size !== undefined) {
    const lines = Object.entries(record.size.net).map(([allocator, bytes]) => [title(allocator), bytes]);
    parts.push(`## Code size
Bytes that an allocator adds to a module, at opt-level z after wasm-opt -Oz (${record.size.wasmOpt}).

${table(["", "bytes"], lines)}

![](charts/size.svg)`);
  }
  return `${parts.join("\n\n")}\n`;
}
