// Builds the module of this folder.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const target = resolve(here, "../../target/misuse");

/** The module's bytes, with one feature or none; at opt-level z unless another one is named. */
export function build(feature, optLevel = "z") {
  const folder = join(target, `${feature || "plain"}-${optLevel}`);
  execFileSync(
    "cargo",
    ["build", "--release", "--locked", "--target", "wasm32-unknown-unknown"]
      .concat(feature ? ["--features", feature] : [])
      .concat(["--manifest-path", join(here, "Cargo.toml"), "--target-dir", folder]),
    { stdio: "inherit", env: { ...process.env, CARGO_PROFILE_RELEASE_OPT_LEVEL: optLevel } },
  );
  return readFileSync(join(folder, "wasm32-unknown-unknown/release/bonsai_misuse.wasm"));
}
