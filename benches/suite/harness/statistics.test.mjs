import assert from "node:assert/strict";
import { test } from "node:test";

import { geomean, median, paired, uncertainty } from "./statistics.mjs";

test("the median is in the middle", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
});

test("the geometric mean of a ratio and its inverse is 1", () => {
  assert.ok(Math.abs(geomean([4, 0.25]) - 1) < 1e-12);
});

test("a ratio compares within a round, and leaves out rounds that one of them missed", () => {
  assert.deepEqual(paired([2, 8, undefined, 6], [1, 4, 1, undefined]), [2, 2]);
});

test("what varies more is less certain, more rounds are more certain, an outlier hardly matters", () => {
  const steady = [1, 1.01, 0.99, 1.02, 0.98];
  assert.ok(uncertainty(steady) < uncertainty(steady.map((value) => 1 + 5 * (value - 1))));
  assert.ok(uncertainty([...steady, ...steady]) < uncertainty(steady));
  assert.ok(uncertainty([...steady, 100]) < 0.05);
});
