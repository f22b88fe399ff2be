// Tables for the terminal.

import { means } from "./summary.mjs";

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join("  ");
  return rows.map(line).join("\n");
}

export function duration(ns) {
  if (ns === undefined) return "";
  const [value, unit] = ns < 1e3 ? [ns, "ns"] : ns < 1e6 ? [ns / 1e3, "us"] : [ns / 1e6, "ms"];
  return `${value.toPrecision(3)} ${unit}`;
}

const ratio = (value) => (value === undefined ? "" : value.toFixed(2));

/** Time: that of the reference, and everybody's by it. */
export function times(measured, allocators, reference) {
  const others = allocators.filter((allocator) => allocator !== reference);
  const rows = [["time", `${reference}, a step`, ...others, "(±)"]];
  for (const { shape, figures } of measured) {
    const worst = Math.max(0, ...others.map((allocator) => figures[allocator]?.uncertainty ?? 0));
    rows.push([
      shape.name,
      duration(figures[reference]?.ns),
      ...others.map((allocator) => figures[allocator]?.error ?? ratio(figures[allocator]?.ratio)),
      `${(worst * 100).toFixed(1)} %`,
    ]);
  }
  for (const [set, name] of Object.entries({ shapes: "geomean, shapes", programs: "geomean, programs" })) {
    const counted = measured.filter(({ shape }) => shape.time && shape.set === set);
    if (counted.length === 0) continue;
    const all = means(counted, (one) => one.ratio, others);
    rows.push([name, "", ...others.map((allocator) => ratio(all[allocator])), ""]);
    if (set === "shapes") {
      const faster = others.map((allocator) => (all[allocator] ? `${(1 / all[allocator]).toFixed(2)}x` : ""));
      rows.push(["  as fast as it", "", ...faster, ""]);
    }
  }
  return table(rows);
}

/** Peak pages, and for all but peers what they are by the best peer's. */
export function pages(measured, allocators, peers) {
  const shown = [...new Set([...peers, ...allocators])];
  const compared = allocators.filter((allocator) => !peers.includes(allocator));
  const rows = [["pages", ...shown, ...compared.map((allocator) => `${allocator}/best`)]];
  for (const { shape, figures, pagesOf } of measured) {
    rows.push([
      shape.name,
      ...shown.map((allocator) => String(figures[allocator]?.pages ?? pagesOf[allocator] ?? figures[allocator]?.error ?? "")),
      ...compared.map((allocator) => ratio(figures[allocator]?.frugal)),
    ]);
  }
  for (const [set, name] of Object.entries({ shapes: "geomean, shapes", programs: "geomean, programs" })) {
    const counted = measured.filter(({ shape }) => shape.pages && shape.set === set);
    if (counted.length === 0) continue;
    const all = means(counted, (one) => one.frugal, compared);
    rows.push([name, ...shown.map(() => ""), ...compared.map((allocator) => ratio(all[allocator]))]);
  }
  return table(rows);
}
