import assert from "node:assert/strict";
import { test } from "node:test";

import { assess, cheated } from "./targets.mjs";

/** A shape in which times are relative to talc's. */
function shape(name, heap, bound, more = {}) {
  return {
    name,
    set: "shapes",
    inTimeMean: true,
    inPagesMean: true,
    peerPages: { dlmalloc: 100, talc: 110, rlsf: 105 },
    figures: {
      talc: { ratio: 1, uncertainty: 0, pages: 110, frugal: 1.1 },
      dlmalloc: { ratio: 2, uncertainty: 0.01, pages: 100, frugal: 1 },
      wasmalloc: { ratio: 0.6, uncertainty: 0.01, pages: 150, frugal: 1.5 },
      heap: { uncertainty: 0.01, ...heap },
      bound: { uncertainty: 0.01, ...bound },
    },
    ...more,
  };
}

/** A program, at which wasmalloc takes 0.6 of talc's time. */
function program(name, ratio) {
  return shape(name, { ratio, pages: 100, frugal: 1 }, {}, { set: "programs" });
}

const APART = { inTimeMean: false, inPagesMean: false };

function record(...shapes) {
  return { reference: "talc", engines: [{ name: "node", shapes }], size: { net: { heap: 2000 } } };
}

const FINE = record(
  shape("a", { ratio: 0.5, pages: 100, frugal: 1 }, { ratio: 0.45, frugal: 1 }),
  shape("b", { ratio: 0.5, pages: 104, frugal: 1.04 }, { ratio: 0.2, frugal: 1.5 }),
  shape("zeroed", { ratio: 0.25, pages: 4200, frugal: 1 }, {}, APART),
  shape("ratchet", { ratio: 0.5, pages: 110, frugal: 1 }, {}, APART),
  shape("pushes", { ratio: 0.5, pages: 530, frugal: 0.5 }, {}, APART),
  program("regex", 0.58),
  program("wat", 0.59),
);

function result(goals, name) {
  const { results } = goals.find((goal) => goal.name.startsWith(name));
  assert.equal(results.length, 1, name);
  return results[0];
}

test("a record in which every goal is met", () => {
  const goals = assess(FINE);
  assert.deepEqual(goals.map(({ results }) => results.map(({ verdict }) => verdict)), Array(14).fill(["met"]));
  assert.equal(result(goals, "Speed by talc's").text, "2.00");
  assert.equal(result(goals, "Speed by wasmalloc's").text, "1.20");
  assert.equal(result(goals, "Time of real programs by dlmalloc's").text, "0.29");
  assert.equal(result(goals, "Time of real programs by the faster of talc and wasmalloc, geometric").text, "0.97");
  assert.equal(result(goals, "Time of real programs by the faster of talc and wasmalloc, worst").where, "wat");
  assert.equal(result(goals, "Speed of 64 zeroed").text, "8.00");
  assert.equal(result(goals, "Peak pages of real programs").text, "1.00");
  assert.equal(result(goals, "Peak pages by the best of dlmalloc, talc and rlsf, geometric").text, "1.02");
  assert.equal(result(goals, "Pages by dlmalloc's").text, "1.10");
  assert.equal(result(goals, "Code").text, "2,000 B");
});

test("a mean that is too low is missed by that part of its goal", () => {
  const slow = record(shape("a", { ratio: 1 / 1.36, pages: 100, frugal: 1 }, { ratio: 0.7, frugal: 1 }));
  const { verdict, miss } = result(assess(slow), "Speed by talc's");
  assert.equal(verdict, "missed");
  assert.ok(Math.abs(miss - 0.2) < 1e-9);
});

test("the worst shape is named", () => {
  const mixed = record(
    shape("a", { ratio: 0.2, pages: 100, frugal: 1.2 }, { ratio: 0.1, frugal: 1 }),
    shape("b", { ratio: 1.3, pages: 100, frugal: 1 }, { ratio: 1, frugal: 1 }),
  );
  const goals = assess(mixed);
  const slower = result(goals, "Time by the fastest");
  assert.deepEqual([slower.where, slower.verdict, slower.text], ["b", "missed", "1.30"]);
  assert.equal(result(goals, "Time by the lower bound's").where, "a");
  assert.equal(result(goals, "Peak pages by the best of dlmalloc, talc and rlsf, worst").where, "a");
});

test("what misses its goal by less than the error of the measurement is told apart", () => {
  const near = (uncertainty, ratio = 1.015) => record(shape("a", { ratio, uncertainty, frugal: 1 }, { ratio: 1, frugal: 1 }));
  assert.equal(result(assess(near(0.01)), "Time by the fastest").verdict, "within the error");
  assert.equal(result(assess(near(0.005)), "Time by the fastest").verdict, "missed");
  assert.equal(result(assess(near(0.5, 1.2)), "Time by the fastest").verdict, "missed");
});

test("nobody is held against a bound that wastes memory", () => {
  assert.deepEqual(cheated(FINE), ["b"]);
  assert.equal(result(assess(FINE), "Time by the lower bound's").where, "a");
});

test("times are compared with talc's whatever the record's reference is", () => {
  const other = structuredClone(FINE);
  for (const { figures } of other.engines[0].shapes) {
    for (const figure of Object.values(figures)) figure.ratio /= 2;
  }
  assert.equal(result(assess(other), "Speed by talc's").text, "2.00");
  assert.equal(result(assess(other), "Speed of 64 zeroed").text, "8.00");
});

test("what was not measured is neither met nor missed", () => {
  const partial = record(shape("a", { error: "unreachable" }, { ratio: 0.5, frugal: 1 }));
  partial.engines[0].shapes.push(shape("regex", { error: "unreachable" }, {}, { set: "programs" }));
  delete partial.size;
  assert.deepEqual(assess(partial).flatMap(({ results }) => results), []);
});

test("each engine has a verdict of its own on time, and pages have one", () => {
  const two = structuredClone(FINE);
  two.engines.push({ ...structuredClone(FINE.engines[0]), name: "firefox" });
  two.engines[1].shapes[0].figures.heap.ratio = 2;
  const goals = assess(two);
  const verdicts = goals.find(({ name }) => name.startsWith("Time by the fastest")).results.map(({ engine, verdict }) => [engine, verdict]);
  assert.deepEqual(verdicts, [["node", "met"], ["firefox", "missed"]]);
  result(goals, "Peak pages by the best");
});
