import assert from "node:assert/strict";
import { test } from "node:test";

import { ENGINES, parse } from "./options.mjs";
import { SHAPES } from "./shapes.mjs";

const names = (args) => parse(args).shapes.map((shape) => shape.name);

test("without arguments everything is measured, in every engine", () => {
  const options = parse([]);
  assert.deepEqual([options.effort, options.complete, options.engines], ["full", true, ENGINES]);
  assert.equal(options.shapes, SHAPES);
});

test("a whole name is that shape, a part of names is all that have it", () => {
  assert.deepEqual(names(["--shape", "random-10k"]), ["random-10k"]);
  assert.deepEqual(names(["--shape", "strings,churn"]), ["churn", "btree-strings", "hash-strings"]);
  assert.ok(names(["--shape", "programs"]).includes("regex"));
});

test("all engines can be asked for by name, which makes their absence an error", () => {
  const options = parse(["--quick", "--engine", "all"]);
  assert.deepEqual([options.engines, options.enginesByName], [ENGINES, true]);
  assert.deepEqual(parse(["--quick"]).engines, ["node"]);
});

test("what does not exist is complained about", () => {
  assert.throws(() => parse(["--peer", "jemalloc"]), /no allocator is named "jemalloc"/);
  assert.throws(() => parse(["--shape", "square"]), /no shape is named "square"/);
  assert.throws(() => parse(["--engine", "steam"]), /no engine is named "steam"/);
  assert.throws(() => parse(["--quick", "--smoke"]), /not both/);
});
