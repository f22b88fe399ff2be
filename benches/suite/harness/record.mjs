// A run to keep: what was measured, on what, when.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, platform, release } from "node:os";
import { join, relative } from "node:path";

import { root } from "./build.mjs";
import { SEED } from "./shapes.mjs";

function git(...args) {
  try {
    return execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}

export function describe(options, rustc, reference) {
  return {
    date: new Date().toISOString(),
    commit: git("rev-parse", "HEAD") ?? "unknown",
    // Whether what was measured is what that commit has.
    changed: git("status", "--porcelain", "--", "src", "benches/suite", "Cargo.toml") !== "",
    effort: options.effort,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    system: `${platform()} ${release()}`,
    rustc,
    seed: SEED,
    reference,
    engines: [],
  };
}

const rounded = (_, value) => (typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value);

/** Writes the record, and tells where it is. */
export function keep(record) {
  const engines = record.engines.map(({ measured, ...engine }) => ({
    ...engine,
    shapes: measured.map(({ shape: { name, set, unit, steps, time, pages }, pagesOf, figures }) => ({
      name,
      set,
      unit,
      steps,
      inTimeMean: time,
      inPagesMean: pages,
      peerPages: pagesOf,
      figures,
    })),
  }));
  const folder = join(root, "benches/results");
  mkdirSync(folder, { recursive: true });
  const effort = record.effort === "full" ? "" : `-${record.effort}`;
  const path = join(folder, `${record.date.slice(0, 10)}${effort}.json`);
  writeFileSync(path, `${JSON.stringify({ ...record, engines }, rounded, 1)}\n`);
  return relative(root, path);
}
