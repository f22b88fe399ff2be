import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { root } from "../../../modules/build.mjs";
import { page } from "./report.mjs";
import { draw } from "./pictures.mjs";

const figure = (ratio, pages) => ({ ratio, uncertainty: 0.01, ns: 40 * ratio, pages, frugal: pages / 100 });

const RECORD = {
  date: "2026-01-02T03:04:05Z",
  commit: "0123456789abcdef",
  changed: false,
  effort: "full",
  processor: "A <processor>",
  cores: 2,
  system: "linux",
  rustc: "rustc 1",
  reference: "talc",
  allocators: ["dlmalloc", "talc", "wee", "heap"],
  missing: [{ name: "firefox", reason: "no geckodriver" }],
  engines: [
    {
      name: "node",
      version: "Node 20 (V8 11)",
      clock: "CPU",
      shapes: [
        {
          name: "churn",
          set: "shapes",
          inTimeMean: true,
          inPagesMean: true,
          peerPages: { dlmalloc: 100, talc: 101, rlsf: 102 },
          figures: { dlmalloc: figure(2, 100), talc: figure(1, 101), wee: { error: "unreachable" }, heap: figure(0.5, 110) },
        },
      ],
    },
  ],
  size: { wasmOpt: "wasm-opt 1", net: { talc: 1600, heap: 3150 } },
};

test("the page says what was measured on what, what is met and what is missed", () => {
  const text = page(RECORD, draw(RECORD));
  for (const part of [
    "2026-01-02, commit 0123456789ab",
    "not measured in firefox: no geckodriver",
    "| churn | 40.0 ns | 2.00 | fails | 0.50 | 1.0 % |",
    "| churn | 100 | 101 | 102 | fails | 110 (1.10) |",
    "| Speed by talc's, geometric mean of the shapes | at least 1.70 | 2.00 in node | met |",
    "| Code added to a module | at most 3,000 B | 3,150 B | **missed by 5.0 %** |",
    "`cargo xtask bench -- --engine node`",
  ]) {
    assert.ok(text.includes(part), `${part}\nis not in\n${text}`);
  }
});

test("every chart that the page shows is drawn, and the other way round", () => {
  const charts = draw(RECORD);
  const shown = [...page(RECORD, charts).matchAll(/\(charts\/(.+)\.svg\)/g)].map(([, name]) => name);
  const [others, own] = [true, false].map((of) => shown.filter((name) => name.startsWith("threads-") === of));
  assert.deepEqual(own.toSorted(), Object.keys(charts).toSorted());
  assert.deepEqual(others, ["threads-wasm-own", "threads-wasm-larson"]);
  for (const name of others) assert.ok(existsSync(join(root, "docs/charts", `${name}.svg`)), `${name} is drawn by another command`);
});

test("charts are SVG without a sign that would end a tag, and mark every value that there is", () => {
  const { "time-node": times, speed } = draw(RECORD);
  assert.ok(!times.includes("<processor>"));
  // Heap and dlmalloc; the reference is the line at 1, and wee_alloc is not shown.
  assert.equal(times.match(/<title>/g).length, 2);
  // Who fails has no bar: dlmalloc, talc and Heap have one.
  assert.equal(speed.match(/<rect class="a"/g).length, 3);
});
