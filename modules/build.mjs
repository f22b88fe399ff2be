// Builds modules of table.mjs, and only those whose sources have changed: even a cargo that has nothing to do
// costs more time than some benchmarks.
//
//     node modules/build.mjs    the page's modules into www/src/wasm; `cargo xtask build` runs it

import { createHash } from "node:crypto";
import { spawn, execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { ALLOCATORS, PAGE, PROFILES, programOf } from "./table.mjs";

const here = dirname(fileURLToPath(import.meta.url));
export const root = resolve(here, "..");
export const target = join(root, "target/modules");
const WASM = "wasm32-unknown-unknown";

/** The files of a folder or a file, in order. */
function* files(path) {
  if (!existsSync(path)) return;
  if (statSync(path).isFile()) yield path;
  else for (const entry of readdirSync(path).sort()) yield* files(join(path, entry));
}

/** A digest of all that a module is made from. */
function digest(key, sources, compiler) {
  const hash = createHash("sha256").update(`${key} ${compiler}`);
  for (const source of sources.flatMap((path) => [...files(path)])) hash.update(source).update(readFileSync(source));
  return hash.digest("hex");
}

/** Makes `made` unless it is there, made from the same. */
async function once(made, wanted, make) {
  const stamp = `${made}.digest`;
  if (existsSync(made) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  rmSync(stamp, { force: true });
  await make();
  writeFileSync(stamp, wanted);
}

/** Runs cargo for a library, as nothing but a module: beside an rlib there is no link-time optimization. */
function cargo(cwd, folder, args, env) {
  const words = ["rustc", "--quiet", "--locked", "--lib", "--crate-type", "cdylib", "--target", WASM, ...args];
  return new Promise((done, failed) => {
    const child = spawn(process.env.CARGO ?? "cargo", words, {
      cwd,
      env: {
        ...process.env,
        ...env,
        CARGO_TARGET_DIR: folder,
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
      else failed(new Error(`\`cargo ${words.join(" ")}\` failed:\n${said}`));
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

/** Modules with threads: the pages of their memory, and the compiler's flags. */
export const THREADS = { initial: 32, maximum: 1024 };
THREADS.flags = [
  '--cfg=getrandom_backend="custom"',
  "-Ctarget-feature=+atomics,+bulk-memory",
  ...["--shared-memory", "--import-memory", `--initial-memory=${THREADS.initial << 16}`, "--export=__stack_pointer"].map(
    (flag) => `-Clink-arg=${flag}`,
  ),
];

/** Builds modules, one at a time. `onBuild` is told of each that is not there yet. */
export class Builder {
  #onBuild;

  constructor(onBuild = () => {}) {
    this.#onBuild = onBuild;
    this.compiler = execFileSync("rustc", ["--version"], { encoding: "utf8", cwd: root }).trim();
  }

  /**
   * The path of a module: a program of the table over an allocator, for one of `PROFILES`. With `names`, its functions
   * have them. With `threads`, it imports a memory that is shared, of `THREADS.initial` to `THREADS.maximum` pages, and std is built for it.
   */
  async build(allocator, program, { purpose = "timed", names = false, threads = false } = {}) {
    const profile = PROFILES[purpose];
    const { features, sources } = programOf(program);
    const key = [allocator, program.replace(" ", "-"), purpose === "timed" ? [] : purpose, names ? "names" : [], threads ? "threads" : []].flat().join("-");
    const module = join(target, "built", `${key}.wasm`);
    const own = ALLOCATORS[allocator]?.own || ["free", "misuse", "soak", "stack", "workbench", "demo"].some((one) => features.includes(one));
    const made = ["Cargo.toml", "Cargo.lock", ".cargo", "build.mjs", "build.rs", "src/lib.rs", "src/random.rs", "src/allocator.rs", "src/allocator", "input"]
      .concat(sources.flatMap((source) => [`src/${source}.rs`, `src/${source}`]))
      .map((path) => join(here, path))
      .concat(own ? [join(root, "Cargo.toml"), join(root, "build.rs"), join(root, "src")] : []);
    await once(module, digest(key, made, this.compiler), async () => {
      this.#onBuild(key);
      // A folder for each program: two of them can be built at the same time.
      const folder = join(target, threads ? `${sources[0]}-threads` : sources[0]);
      const out = join(folder, WASM, profile);
      // Cargo names a cdylib without a hash: all features share this file, and what it holds is of
      // whichever was built last, which cargo does not notice.
      for (const place of [out, join(out, "deps")]) rmSync(join(place, "bonsai_modules.wasm"), { force: true });
      const wanted = [features, allocator === "dlmalloc" ? [] : allocator, purpose === "watched" ? "watch" : []].flat();
      const env = names ? { [`CARGO_PROFILE_${profile.toUpperCase()}_STRIP`]: "none" } : {};
      if (threads) Object.assign(env, { RUSTC_BOOTSTRAP: "1", RUSTFLAGS: THREADS.flags.join(" ") });
      const std = threads ? ["-Zbuild-std=std,panic_abort"] : [];
      await cargo(here, folder, ["--profile", profile, "--features", wanted.join(","), ...std], env);
      mkdirSync(dirname(module), { recursive: true });
      copyFileSync(join(out, "bonsai_modules.wasm"), module);
    });
    return module;
  }

  /** The path of the module of js, whose profile is that of the root. */
  async handles() {
    const sources = ["Cargo.toml", "Cargo.lock", "build.rs", "js/Cargo.toml", "js/src", "src"].map((path) => join(root, path));
    const folder = join(target, "js");
    const module = join(folder, WASM, "release/bonsai_js.wasm");
    await once(module, digest("handles", sources, this.compiler), async () => {
      this.#onBuild("handles");
      await cargo(root, folder, ["--release", "--package", "bonsai_js"], {});
    });
    return module;
  }

  /** Puts the page's modules where it looks for them, by the program wasm-bindgen of that path. */
  async page(bindgen) {
    const version = execFileSync(bindgen, ["--version"], { encoding: "utf8" });
    for (const { folder, program, allocator, bindgen: glue } of PAGE) {
      const module = program === undefined ? await this.handles() : await this.build(allocator, program, { purpose: "page" });
      const name = program === undefined ? "bonsai_js" : `bonsai_${program}`;
      const place = join(root, "www/src/wasm", folder);
      const made = join(place, `${name}_bg.wasm`);
      await once(made, digest(folder, [module], glue ? version : ""), () => {
        rmSync(place, { recursive: true, force: true });
        mkdirSync(place, { recursive: true });
        if (glue) execFileSync(bindgen, ["--target", "web", "--out-name", name, "--out-dir", place, module], { stdio: "inherit" });
        else copyFileSync(module, made);
      });
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const bindgen = process.env.WASM_BINDGEN ?? "wasm-bindgen";
  await new Builder((module) => console.log(`  building ${module}`)).page(bindgen);
}
