// What the suite makes of many numbers.

/** The value in the middle. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function geomean(values) {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/**
 * The standard error of the median relative to it, from the median absolute deviation: outliers,
 * of which a busy machine has many, hardly move it.
 */
export function uncertainty(values) {
  const centre = median(values);
  const deviation = 1.4826 * median(values.map((value) => Math.abs(value - centre)));
  return (1.2533 * deviation) / Math.sqrt(values.length) / centre;
}

/** The values divided by those of the same round. Rounds that either of them missed are left out. */
export function paired(values, reference) {
  return values.flatMap((value, round) =>
    value === undefined || reference[round] === undefined ? [] : [value / reference[round]],
  );
}
