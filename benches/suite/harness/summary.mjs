// From runs to figures: what the tables, the record and the charts show.

import { ALLOCATORS, FRUGAL } from "../../../modules/table.mjs";
import { geomean, median, paired, uncertainty } from "./statistics.mjs";

/**
 * Figures of one shape in one engine, by allocator:
 * ns       the median time of a step (of a run, for programs), and least, the shortest
 * ratio    the median over rounds of the time by the reference's in the same round; its uncertainty
 * pages    at the end of a run, which is the peak: linear memory does not shrink
 * frugal   pages by those of the best of dlmalloc, talc and rlsf
 */
export function figures(results, reference, pagesOf, { unit, steps }) {
  const best = Math.min(...FRUGAL.map((peer) => pagesOf[peer] ?? Infinity));
  const summary = {};
  for (const [allocator, { error, ms, pages, initial }] of Object.entries(results)) {
    if (error !== undefined) {
      summary[allocator] = { error };
      continue;
    }
    const one = { pages, initial, frugal: best === Infinity ? undefined : pages / best };
    const times = ms.filter((time) => time !== undefined);
    if (times.length > 0) {
      const nanoseconds = 1e6 / (unit === "run" ? 1 : steps);
      Object.assign(one, {
        ns: median(times) * nanoseconds,
        least: Math.min(...times) * nanoseconds,
        rounds: times.length,
      });
      const ratios = results[reference]?.ms ? paired(ms, results[reference].ms) : [];
      if (ratios.length > 0) Object.assign(one, { ratio: median(ratios), uncertainty: uncertainty(ratios) });
    }
    summary[allocator] = one;
  }
  return summary;
}

/** Geometric means by allocator over shapes, `undefined` where one of them is missing. */
export function means(shapes, pick, allocators) {
  const all = {};
  for (const allocator of allocators) {
    const values = shapes.map(({ figures: of }) => pick(of[allocator] ?? {}));
    if (values.length > 0 && values.every((value) => value !== undefined)) all[allocator] = geomean(values);
  }
  return all;
}

export function title(allocator) {
  return ALLOCATORS[allocator].title;
}
