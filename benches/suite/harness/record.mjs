// A run to keep: what was measured, on what, when.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, platform, release } from "node:os";
import { join, relative } from "node:path";

import { root } from "../../../modules/build.mjs";
import { SEED } from "./shapes.mjs";

function git(...args) {
  try {
    return execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}

/** Returns the date, the commit and the machine of a measurement. */
export function host(rustc) {
  return {
    date: new Date().toISOString(),
    commit: git("rev-parse", "HEAD") ?? "unknown",
    // Whether what was measured is what that commit has.
    changed: git("status", "--porcelain", "--", "src", "modules", "benches/suite", "Cargo.toml") !== "",
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    system: `${platform()} ${release()}`,
    rustc,
  };
}

export function describe({ effort, complete }, allocators, rustc, reference) {
  return {
    ...host(rustc),
    effort,
    complete,
    seed: SEED,
    reference,
    allocators,
    engines: [],
    // Engines that could not be measured in, and why.
    missing: [],
  };
}

/** Returns the part of a shape in an engine that is kept. */
export function entry({ name, set, unit, steps, time, pages }, peerPages, figures) {
  return { name, set, unit, steps, inTimeMean: time, inPagesMean: pages, peerPages, figures };
}

const rounded = (_, value) => (typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value);

/** Writes the record, and tells where it is. A run that was shorter than a complete one has another name. */
export function keep(record) {
  const folder = join(root, "benches/results");
  mkdirSync(folder, { recursive: true });
  const kind = [record.effort === "full" ? "" : `-${record.effort}`, record.complete ? "" : "-selection"].join("");
  const path = join(folder, `${record.date.slice(0, 10)}${kind}.json`);
  writeFileSync(path, `${JSON.stringify(record, rounded, 1)}\n`);
  return relative(root, path);
}
