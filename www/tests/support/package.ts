import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

/** Builds the npm package of `<heap-inspector>` into a fresh folder, and returns the folder. */
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

/** Runs npm without a network: the package needs no other. */
const npm = (folder: string, ...words: string[]): string =>
  execFileSync("npm", [...words, "--offline", "--no-audit", "--no-fund"], { cwd: folder, encoding: "utf8", shell: process.platform === "win32" });

/** Packs the package as it would be published, and returns the path of the archive, in a fresh folder. */
export async function packPackage(): Promise<{ folder: string; archive: string }> {
  const built = await buildPackage();
  const folder = mkdtempSync(join(tmpdir(), "heap-inspector-packed-"));
  try {
    const [packed] = JSON.parse(npm(built, "pack", "--json", "--pack-destination", folder)) as [{ filename: string }];
    return { folder, archive: join(folder, packed.filename) };
  } finally {
    rmSync(built, { recursive: true, force: true });
  }
}

/** Installs an archive in a project, with the command that the README has, but for the archive in place of its name. */
export function installPackage(archive: string, project: string): void {
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, "package.json"), "{}");
  npm(project, "install", archive);
}
