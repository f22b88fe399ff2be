// Builds modules, and only those whose sources have changed: even a cargo that has nothing to do
// costs more time than some benchmarks.

import { createHash } from "node:crypto";
import { spawn, execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { ALLOCATORS } from "./allocators.mjs";

export const suite = resolve(dirname(fileURLToPath(import.meta.url)), "..");
export const root = resolve(suite, "../..");
export const target = join(root, "target/bench-wasm");
const WASM = "wasm32-unknown-unknown";

/** The parts of modules: a crate of this workspace, its features, and the folders of its sources. */
const SETS = {
  empty: { crate: "empty", features: [], folders: ["empty"] },
  shapes: { crate: "shapes", features: [], folders: ["shapes"] },
  programs: { crate: "programs", features: [], folders: ["programs"] },
  "soak-shapes": { crate: "shapes", features: ["soak"], folders: ["shapes", "soak"] },
  "soak-programs": { crate: "programs", features: ["soak"], folders: ["programs", "soak"] },
};

/** A set of the table above, or one program alone, as `program NAME`. */
function setOf(name) {
  const program = /^program (.+)$/.exec(name)?.[1];
  return program === undefined ? SETS[name] : { crate: "programs", features: [program], alone: true, folders: ["programs"] };
}

/** The profiles of Cargo.toml by what they are for: to be timed, to be weighed at opt-level z, to be watched. */
export const PROFILES = { timed: "release", small: "small", watched: "watched" };

/** Files below a folder, in order. */
function* files(path) {
  for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) yield* files(inner);
    else yield inner;
  }
}

/** A digest of all that a module is made from. */
function digest(key, allocator, folders, compiler) {
  const hash = createHash("sha256").update(`${key} ${compiler}`);
  const sources = [join(suite, "Cargo.toml"), join(suite, "Cargo.lock"), join(suite, ".cargo/config.toml")];
  sources.push(...["allocators", "../random", ...folders].flatMap((folder) => [...files(join(suite, folder))]));
  if (ALLOCATORS[allocator]?.own) sources.push(join(root, "Cargo.toml"), ...files(join(root, "src")));
  for (const source of sources) hash.update(source).update(readFileSync(source));
  return hash.digest("hex");
}

function cargo(args, env) {
  return new Promise((done, failed) => {
    const child = spawn(process.env.CARGO ?? "cargo", args, {
      cwd: suite,
      env: {
        ...process.env,
        ...env,
        CARGO_TARGET_DIR: target,
        // A dependency of rhai's draws a seed for its hashes when it is compiled. Without this the
        // order of its maps, and so its allocations, would differ from module to module.
        CONST_RANDOM_SEED: "bonsai",
      },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text) => (said += text));
    child.once("error", failed);
    child.once("close", (code) => {
      if (code === 0) done();
      else failed(new Error(`\`cargo ${args.join(" ")}\` failed:\n${said}`));
    });
  });
}

/**
 * Sees to it that no two allocators have the same module: one of them would have been lost on the
 * way, and its figures would be another's.
 */
export function distinct(modules) {
  const seen = new Map();
  for (const [name, path] of Object.entries(modules)) {
    const content = createHash("sha256").update(readFileSync(path)).digest("hex");
    if (seen.has(content)) throw new Error(`${name} is the same module as ${seen.get(content)}`);
    seen.set(content, name);
  }
}

/** Builds modules, one at a time. `onBuild` is told of each that is not there yet. */
export class Builder {
  #onBuild;

  constructor(onBuild) {
    this.#onBuild = onBuild;
    this.compiler = execFileSync("rustc", ["--version"], { encoding: "utf8", cwd: root }).trim();
  }

  /**
   * The path of a module: one of the sets over an allocator, for one of `PROFILES`. With `names`, its functions have
   * them.
   */
  async build(allocator, set, { purpose = "timed", names = false } = {}) {
    const profile = PROFILES[purpose];
    const { crate, features, folders, alone = false } = setOf(set);
    const key = [allocator, set.replace(" ", "-"), purpose === "timed" ? [] : purpose, names ? "names" : []].flat().join("-");
    const module = join(target, "modules", `${key}.wasm`);
    const stamp = join(target, "modules", `${key}.digest`);
    const wanted = digest(key, allocator, folders, this.compiler);
    if (existsSync(module) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return module;
    this.#onBuild(key);
    const name = `bonsai_suite_${crate}`;
    const folder = join(target, WASM, profile);
    // Cargo names a cdylib without a hash: all features share this file, and what it holds is of
    // whichever was built last, which cargo does not notice.
    for (const place of [folder, join(folder, "deps")]) rmSync(join(place, `${name}.wasm`), { force: true });
    const carried = [allocator === "dlmalloc" ? [] : allocator, purpose === "watched" ? "watch" : []].flat();
    const wantedFeatures = [...features, ...carried.map((feature) => `bonsai_suite_allocators/${feature}`)];
    await cargo(
      [
        "build",
        "--quiet",
        "--locked",
        ...["--profile", profile, "--target", WASM, "--package", name],
        ...(alone ? ["--no-default-features"] : []),
        ...wantedFeatures.flatMap((feature) => ["--features", feature]),
      ],
      names ? { [`CARGO_PROFILE_${profile.toUpperCase()}_STRIP`]: "none" } : {},
    );
    mkdirSync(dirname(module), { recursive: true });
    copyFileSync(join(folder, `${name}.wasm`), module);
    writeFileSync(stamp, wanted);
    return module;
  }
}
