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
export function times(shapes, allocators, reference) {
  const others = allocators.filter((allocator) => allocator !== reference);
  const rows = [["time", `${reference}, a step`, ...others, "(±)"]];
  for (const { name, figures } of shapes) {
    const worst = Math.max(0, ...others.map((allocator) => figures[allocator]?.uncertainty ?? 0));
    rows.push([
      name,
      duration(figures[reference]?.ns),
      ...others.map((allocator) => figures[allocator]?.error ?? ratio(figures[allocator]?.ratio)),
      `${(worst * 100).toFixed(1)} %`,
    ]);
  }
  for (const [set, name] of Object.entries({ shapes: "geomean, shapes", programs: "geomean, programs" })) {
    const counted = shapes.filter((shape) => shape.inTimeMean && shape.set === set);
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
export function pages(shapes, allocators, peers) {
  const shown = [...new Set([...peers, ...allocators])];
  const compared = allocators.filter((allocator) => !peers.includes(allocator));
  const rows = [["pages", ...shown, ...compared.map((allocator) => `${allocator}/best`)]];
  for (const { name, figures, peerPages } of shapes) {
    rows.push([
      name,
      ...shown.map((allocator) => String(figures[allocator]?.pages ?? peerPages[allocator] ?? figures[allocator]?.error ?? "")),
      ...compared.map((allocator) => ratio(figures[allocator]?.frugal)),
    ]);
  }
  for (const [set, name] of Object.entries({ shapes: "geomean, shapes", programs: "geomean, programs" })) {
    const counted = shapes.filter((shape) => shape.inPagesMean && shape.set === set);
    if (counted.length === 0) continue;
    const all = means(counted, (one) => one.frugal, compared);
    rows.push([name, ...shown.map(() => ""), ...compared.map((allocator) => ratio(all[allocator]))]);
  }
  return table(rows);
}

/** Goals and whether they are met. */
export function targets(goals) {
  const rows = [["target", "asked for", "found", ""]];
  for (const { name, goal, results } of goals) {
    if (results.length === 0) rows.push([name, goal, "not measured", ""]);
    for (const [at, result] of results.entries()) {
      const found = [result.text, result.where && `(${result.where})`, result.engine && `in ${result.engine}`];
      rows.push([at === 0 ? name : "", at === 0 ? goal : "", found.filter(Boolean).join(" "), verdict(result)]);
    }
  }
  return table(rows);
}

/** Returns the relation of a result to its goal, in words. */
export function verdict({ verdict: judged, miss, uncertainty }) {
  if (judged === "met") return "met";
  const by = `by ${(miss * 100).toFixed(miss < 0.1 ? 1 : 0)} %`;
  return judged === "missed" ? `missed ${by}` : `missed ${by}, within the error (± ${(uncertainty * 100).toFixed(1)} %)`;
}
