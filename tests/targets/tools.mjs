// The programs that build and run the targets, and what is missing of them.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const here = dirname(fileURLToPath(import.meta.url));
export const built = resolve(here, "../../target/targets");

const installed = spawnSync("rustup", ["target", "list", "--installed"], { encoding: "utf8" }).stdout ?? "";

/** Returns the reason for which a program cannot run, or undefined. */
export const program = (name, debian) =>
  spawnSync(name, ["--version"], { stdio: "ignore" }).error === undefined
    ? undefined
    : `there is no ${name} (Debian: ${debian})`;

/** Returns the reason for which a target cannot be built for, or undefined. */
export const target = (name) =>
  installed.split("\n").includes(name) ? undefined : `\`rustup target add ${name}\` would install the target`;

const library = spawnSync("rustc", ["--print", "sysroot"], { encoding: "utf8" }).stdout?.trim() + "/lib/rustlib/src/rust/library/Cargo.lock";

/** The reason for which std cannot be built anew, or undefined. */
export const sources = existsSync(library) ? undefined : "`rustup component add rust-src` would install std's sources";

/** Runs a command to its end. Returns what it printed. */
export function run(command, args, { variables = {}, folder = here, lenient = false } = {}) {
  const result = spawnSync(command, args, { cwd: folder, env: { ...process.env, ...variables }, encoding: "utf8" });
  const text = (result.stdout ?? "") + (result.stderr ?? "");
  if (result.error || (result.status !== 0 && !lenient)) {
    throw new Error(`${command} ${args.join(" ")}: ${result.error ?? `status ${result.status ?? result.signal}`}\n${text.slice(-2000)}`);
  }
  return lenient ? (result.stdout ?? "") : text;
}

/** Builds an artefact of this crate. Returns its path. `link`: arguments for the linker; `features`: of the target. */
export function build(kind, name, target, { link = [], features, variables = {}, cargo = [] } = {}) {
  // Flags are part of what cargo remembers: a folder for each set of them.
  const folder = join(built, link.join("").replaceAll(/[^\w=]/g, "") || "plain");
  const arguments_ = ["build", "--release", "--locked", `--${kind}`, name, "--target", target, "--target-dir", folder, ...cargo];
  const flags = link.map((argument) => `-Clink-arg=${argument}`).concat(features ? `-Ctarget-feature=${features}` : []);
  run("cargo", arguments_, { variables: { ...variables, RUSTFLAGS: flags.join(" ") } });
  return join(folder, target, "release", kind === "example" ? `examples/${name}` : name);
}
