// Which charts are drawn of a record.

import { bars, dots } from "./charts.mjs";
import { means, title } from "./summary.mjs";

/** Whom the charts by shape show; all of them would be a thicket. */
const SHOWN = ["heap", "talc", "rlsf", "dlmalloc", "bound"];

/** By name, SVG. */
export function draw(record) {
  const charts = {};
  const day = record.date.slice(0, 10);
  const { allocators } = record;
  const shown = SHOWN.filter((allocator) => allocators.includes(allocator));
  const by = title(record.reference);
  const compared = {
    series: shown.map(title),
    short: shown,
    // Its values are all 1: the line is its mark.
    hidden: shown.indexOf(record.reference),
  };
  const speeds = record.engines.map(({ shapes }) =>
    means(shapes.filter((shape) => shape.inTimeMean && shape.set === "shapes"), (one) => one.ratio, allocators),
  );
  const fastest = (allocator) => Math.max(...speeds.map((all) => 1 / (all[allocator] ?? Infinity)));
  const ranked = allocators.filter((allocator) => fastest(allocator) > 0).sort((a, b) => fastest(b) - fastest(a));
  if (ranked.length > 0) {
    charts.speed = bars({
      title: `Speed relative to ${by}, geometric mean of the shapes`,
      subtitle: `Longer is faster. Who fails at a shape is not shown. ${record.processor}, ${day}`,
      series: record.engines.map(({ version }) => version.split(" (")[0]),
      rows: ranked.map((allocator) => ({
        label: title(allocator),
        values: speeds.map((all) => (all[allocator] === undefined ? undefined : 1 / all[allocator])),
      })),
      format: (value) => `${value.toFixed(2)}×`,
      mark: 1,
    });
  }
  for (const { name, version, shapes } of record.engines) {
    charts[`time-${name}`] = dots({
      ...compared,
      title: `Time relative to ${by} in ${version}`,
      subtitle: `Left is faster, logarithmic. Median over interleaved rounds. ${record.processor}, ${day}`,
      ticks: [0.25, 0.35, 0.5, 0.7, 1, 1.4, 2],
      ends: ["faster", "slower"],
      rows: shapes.map((shape) => ({ label: shape.name, values: shown.map((one) => shape.figures[one]?.ratio) })),
    });
  }
  charts.pages = dots({
    ...compared,
    hidden: -1,
    title: "Peak memory relative to the best of dlmalloc, talc and rlsf",
    subtitle: `Left is smaller, logarithmic. Pages of the whole linear memory. ${day}`,
    ticks: [0.5, 0.7, 1, 1.4, 2],
    ends: ["smaller", "larger"],
    rows: record.engines[0].shapes.map((shape) => ({ label: shape.name, values: shown.map((one) => shape.figures[one]?.frugal) })),
  });
  if (record.size !== undefined) {
    const weights = Object.entries(record.size.net).sort(([, a], [, b]) => a - b);
    charts.size = bars({
      title: "What an allocator adds to a module",
      subtitle: `Shorter is smaller. Bytes of wasm at opt-level z after wasm-opt -Oz. ${day}`,
      series: ["bytes"],
      rows: weights.map(([allocator, bytes]) => ({ label: title(allocator), values: [bytes] })),
      format: (value) => `${value.toLocaleString("en")} B`,
    });
  }
  return charts;
}
