import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { NO_CLANG, rustAndC } from "../support/example";
import { installPackage, packPackage } from "../support/package";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

/** The examples that end in a wasm module, by the commands that they name. */

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));

describe("examples/rust_and_c, seen by examples/inspect", () => {
  let project = "";
  beforeAll(async () => {
    const { folder, archive } = await packPackage();
    project = mkdtempSync(join(tmpdir(), "example-"));
    installPackage(archive, project);
    rmSync(folder, { recursive: true, force: true });
    copyFileSync(join(REPOSITORY, "examples/inspect/inspect.mjs"), join(project, "inspect.mjs"));
  });
  afterAll(() => {
    rmSync(project, { recursive: true, force: true });
  });

  it("Rust and C fill one heap, whose blocks are counted from outside", ({ skip }) => {
    const module = rustAndC();
    if (module === null) return skip(NO_CLANG);
    const { status, stdout, stderr } = spawnSync(process.execPath, ["inspect.mjs", module, "remember", "100"], { cwd: project, encoding: "utf8" });
    expect(status, stderr).toBe(0);
    expect(stdout).toContain("remember(100) returned 1390");
    const blocks = /after: bonsai_alloc.* has (\d+) live blocks/.exec(stdout);
    // Each text is a block of Rust's and one of C's; the vector of both is one more.
    expect(Number(blocks?.[1]), stdout).toBeGreaterThanOrEqual(201);
    expect(stdout).toMatch(/after:.*\n {2}200 of them have 64 bytes at most/);
  });
});
