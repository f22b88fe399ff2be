import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { createServer } from "vite";
import { installPackage, packPackage } from "../support/package";
import { expect, figure, test } from "../support/page";

/** The README of the package and the template are followed step by step, by copies of their files. */

const HOST = "http://project.test";
const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));
const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };

let folder = "";
let archive = "";
test.beforeAll(async () => {
  ({ folder, archive } = await packPackage());
});
test.afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** An empty folder, under settings that name this repository for the crate that is not released yet. */
function project(): string {
  const root = mkdtempSync(join(tmpdir(), "project-"));
  mkdirSync(join(root, ".cargo"));
  const [crate, target] = [REPOSITORY, join(REPOSITORY, "target/readme")].map((path) => JSON.stringify(path));
  writeFileSync(join(root, ".cargo/config.toml"), `[patch.crates-io]\nbonsai_alloc.path = ${crate!}\n[build]\ntarget-dir = ${target!}\n`);
  const at = join(root, "program");
  mkdirSync(at);
  // The versions that the repository is built with; cargo drops the rest.
  cpSync(join(REPOSITORY, "Cargo.lock"), join(at, "Cargo.lock"));
  return at;
}

/** Runs a line of a README. The package comes from its archive, and the crate's module from where it was built. */
function follow(line: string, at: string): void {
  const [program, ...words] = line.replace(/\s+#.*/, "").split(" ");
  if (program === "npm") {
    expect(words).toEqual(["install", "@bonsai-alloc/heap-inspector"]);
    installPackage(archive, at);
  } else if (program === "cargo" || program === "wasm-pack") {
    execFileSync(program, words, { cwd: at, stdio: "pipe" });
  } else {
    throw new Error(`nobody knows how to follow: ${line}`);
  }
}

/** Serves a folder, with cargo's target folder in its place. */
async function serve(page: Page, at: string): Promise<void> {
  await page.route(`${HOST}/**`, (route) => {
    const path = decodeURI(new URL(route.request().url()).pathname).replace(/\/$/, "/index.html").slice(1);
    const file = path.startsWith("target/") ? join(REPOSITORY, "target/readme", path.slice("target/".length)) : join(at, path);
    if (path === "favicon.ico") return route.fulfill({ status: 204 });
    if (!existsSync(file)) return route.fulfill({ status: 404, body: `there is no ${path}` });
    return route.fulfill({ contentType: TYPES[extname(file)] ?? "text/plain", body: readFileSync(file) });
  });
  await page.goto(`${HOST}/`);
}

/** The blocks of code of a Markdown file. */
const code = (text: string): string[] => [...text.matchAll(/^```\w+\n(.*?)^```$/gms)].map(([, block]) => block!);

test("the README of the npm package, followed literally, ends in a heap", async ({ page }) => {
  test.slow();
  const at = project();
  try {
    const section = /^## From nothing to a heap\n(.*?)^## /ms.exec(readFileSync(join(REPOSITORY, "www/component/README.md"), "utf8"))![1]!;
    const blocks = code(section);
    const commands = blocks.pop()!.trim().split("\n");
    expect(blocks).toHaveLength(3);
    for (const block of blocks) {
      const [first, ...rest] = block.split("\n");
      const path = join(at, /^\S+ (\S+)/.exec(first!)![1]!);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, rest.join("\n"));
    }
    expect(commands).toHaveLength(4);
    expect([commands[0], commands.at(-1)]).toEqual(["rustup target add wasm32-unknown-unknown", "npx vite"]);
    for (const command of commands.slice(1, -1)) follow(command, at);
    await serve(page, at);
    await page.evaluate(() => customElements.whenDefined("heap-inspector"));
    await expect.poll(() => page.evaluate(() => document.querySelector("heap-inspector")!.moments.length)).toBe(1);
    const before = await figure(page, "live");
    await page.getByRole("button", { name: "Remember a thousand texts" }).click();
    // 1,000 texts of 13 to 15 bytes, in blocks of at least 16.
    await expect.poll(() => figure(page, "live")).toBeGreaterThanOrEqual(before + 16_000);
    await expect(page.getByRole("heading", { name: "Address map" })).toBeVisible();
  } finally {
    rmSync(dirname(at), { recursive: true, force: true });
  }
});

/** The examples of the section "With your tools", by the names of their files, in order. */
function tools(): { readonly name: string; readonly text: string }[] {
  const section = /^## With your tools\n(.*?)^## /ms.exec(readFileSync(join(REPOSITORY, "www/component/README.md"), "utf8"))![1]!;
  return code(section).map((block) => {
    const [first, ...rest] = block.split("\n");
    return { name: /^(?:#|\/\/|<!--) (\S+)/.exec(first!)?.[1] ?? "", text: rest.length > 1 ? rest.join("\n") : block };
  });
}

/** A folder with the package and those files. */
function example(...files: readonly { readonly name: string; readonly text: string }[]): string {
  const at = project();
  installPackage(archive, at);
  for (const { name, text } of files) {
    mkdirSync(dirname(join(at, name)), { recursive: true });
    writeFileSync(join(at, name), text);
  }
  return at;
}

/** The tag's panel shows a heap of dlmalloc with at least so many live blocks. */
async function expectHeap(page: Page, module: RegExp, blocks: number): Promise<void> {
  await page.getByRole("button", { name: /^Heap 1: inspect/ }).click();
  await expect(page.getByLabel("Module", { exact: true })).toHaveText(module);
  const found = page.locator("heap-inspector .found");
  await expect(found).toContainText("dlmalloc");
  expect(Number(/([\d,]+) live blocks/.exec((await found.textContent())!)![1]!.replace(",", ""))).toBeGreaterThanOrEqual(blocks);
}

for (const [target, at] of [["web", 0], ["bundler", 1]] as const) {
  test(`the script tag with wasm-bindgen's --target ${target}, served by Vite, as the README has it`, async ({ page }) => {
    test.slow();
    test.skip(spawnSync("wasm-pack", ["--version"]).error !== undefined, "wasm-pack is not on PATH: `cargo xtask test` puts it there");
    const [manifest, library, ...pages] = tools();
    const folder = example(manifest!, library!, pages[at]!);
    expect(readFileSync(join(REPOSITORY, "www/component/README.md"), "utf8")).toContain(`\`wasm-pack build --target ${target}\``);
    execFileSync("wasm-pack", ["build", "--target", target], { cwd: folder, stdio: "pipe" });
    const server = await createServer({ root: folder, configFile: false, logLevel: "error", server: { host: "127.0.0.1" } });
    try {
      await server.listen();
      await page.route("**/favicon.ico", (route) => route.fulfill({ status: 204 }));
      await page.goto(server.resolvedUrls!.local[0]!);
      await expectHeap(page, /^\s*program_bg\.wasm/, 1000);
    } finally {
      await server.close();
      rmSync(dirname(folder), { recursive: true, force: true });
    }
  });
}

test("the script tag with Emscripten, as the README has it", async ({ page }) => {
  test.slow();
  test.skip(spawnSync("emcc", ["--version"]).error !== undefined, "there is no emcc");
  const [, , , , program, html, command] = tools();
  const folder = example(program!, html!);
  try {
    const [emcc, ...words] = command!.text.trim().split(" ");
    execFileSync(emcc!, words, { cwd: folder, stdio: "pipe" });
    await serve(page, folder);
    await expectHeap(page, /^\s*program\.wasm/, 1000);
  } finally {
    rmSync(dirname(folder), { recursive: true, force: true });
  }
});

test("a copy of the template, built as it says, shows its heap", async ({ page }) => {
  test.slow();
  test.skip(spawnSync("wasm-pack", ["--version"]).error !== undefined, "wasm-pack is not on PATH: `cargo xtask test` puts it there");
  const at = project();
  try {
    cpSync(join(REPOSITORY, "template"), at, { recursive: true });
    const commands = code(readFileSync(join(at, "README.md"), "utf8"))[0]!.trim().split("\n");
    expect(commands).toHaveLength(3);
    for (const command of commands.slice(0, 2)) follow(command, at);
    await serve(page, at);
    await page.getByRole("button", { name: "Count" }).click();
    await expect(page.getByText("8 different words")).toBeVisible();
    await expect.poll(() => page.evaluate(() => document.querySelector("heap-inspector")!.moments.map(({ label }) => label))).toEqual(["counted"]);
    // A node of the map for the words, and a block for each word.
    expect(await figure(page, "live")).toBeGreaterThan(9 * 16);
  } finally {
    rmSync(dirname(at), { recursive: true, force: true });
  }
});
