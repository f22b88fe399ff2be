import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));
const TARGET = join(REPOSITORY, "target/examples");

/** Builds examples/rust_and_c. Returns the module's path, or null where no clang compiles for wasm32. */
export function rustAndC(): string | null {
  const clang = spawnSync("clang", ["--print-targets"], { encoding: "utf8" });
  if (clang.error !== undefined || !clang.stdout.includes("wasm32")) return null;
  const cargo = ["build", "--release", "--locked", "--target", "wasm32-unknown-unknown", "--target-dir", TARGET];
  const built = spawnSync("cargo", cargo, { cwd: join(REPOSITORY, "examples/rust_and_c"), encoding: "utf8" });
  if (built.status !== 0) throw new Error(built.stderr);
  return join(TARGET, "wasm32-unknown-unknown/release/rust_and_c.wasm");
}

/** The reason to skip a test where `rustAndC` returns null. */
export const NO_CLANG = "there is no clang that compiles for wasm32";
