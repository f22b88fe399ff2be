import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

/** Builds the npm package of `<heap-inspector>` into a fresh folder, and tells where. */
export async function buildPackage(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "heap-inspector-"));
  const root = fileURLToPath(new URL("../../", import.meta.url));
  await build({
    root,
    configFile: join(root, "vite.component.config.ts"),
    logLevel: "error",
    build: { outDir: folder, emptyOutDir: true },
  });
  return folder;
}
