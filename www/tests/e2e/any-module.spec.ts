import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { deflateRawSync } from "node:zlib";
import type { Page } from "@playwright/test";
import { writeDump } from "../../src/record/dump";
import { below, call, type Dropped, expect, give, inspector, open, test } from "../support/page";
import { churnModule } from "../support/churn";
import { dress, expectSound, LOOKS } from "../support/sound";
import { assemblyScript } from "../support/foreign";
import { button, said } from "../support/traces";

/** Modules that nobody here built, dropped on the page with the scripts of their packages. */

const require = createRequire(import.meta.url);
const packaged = (path: string, name = path.replace(/^.*\//, "")): Dropped => ({ name, buffer: readFileSync(require.resolve(path)) });
const sql = (): Dropped[] => [packaged("sql.js/dist/sql-wasm.wasm"), packaged("sql.js/dist/sql-wasm.js")];

const start = (page: Page): ReturnType<Page["locator"]> => page.getByRole("button", { name: "Start", exact: true });
const functions = (page: Page): ReturnType<Page["locator"]> => page.locator("module-functions tbody tr");
const alert = (page: Page): ReturnType<Page["locator"]> => page.locator("inspect-room .notes [role=alert]");

test("a package in C is found, recorded from its first instruction, and agrees with its heap", async ({ page }) => {
  await open(page);
  await give(page, ...sql());
  await expect(functions(page)).toHaveText([/allocates.*malloc \(dlmalloc\)/, /allocates.*memalign \(dlmalloc\)/, /frees.*free \(dlmalloc\)/]);
  await expect(page.getByText("The file names none of its functions.")).toBeVisible();
  await expect(start(page)).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: /^sql-wasm\.wasm, .* with sql-wasm\.js$/ })).toBeVisible();
  await call(page, "new Database()");
  await expect(page.getByText("new Database made an object: call its methods as database.…")).toBeVisible();
  await call(page, 'database.run("create table t(a); insert into t values (1), (2), (3)")');
  await expect(inspector(page).locator(".found")).toHaveText(/^dlmalloc, [\d,]+ live blocks\. Of 338 pages, 81 are data and stack, \d+ are heap, 2\d\d were grown and never used/);
  // What is no heap is drawn as what the file says it is.
  await expect(inspector(page).locator(".legend")).toHaveText(/static data.*stack.*grown, never used/s);
  await call(page, 'database.exec("select sum(a) from t")');
  await expect(page.getByText(/database\.exec returned .*\[\[6\]\]/)).toBeVisible();
  await expect(said(page)).toHaveText(/All [\d,]+ live blocks were recorded/);
  await below(page, "Leaks").click();
  await expect(page.locator("trace-leaks tbody tr").first()).toBeVisible();
  await below(page, "Call sites").click();
  await expect(page.locator("trace-flames .frame").first()).toBeVisible();
  // The same operations on other allocators, beside the heap that the module has.
  await below(page, "Other allocators").click();
  await page.getByRole("button", { name: "Replay on all" }).click();
  await expect(page.getByText("Replayed on six allocators.")).toBeAttached();
  const rows = page.locator("trace-replay tbody tr");
  await expect(rows.first()).toHaveText(/This module, as it is: dlmalloc.*KiB/s);
  await expect(page.locator("trace-replay tr[data-allocator=heap] td").last()).toHaveText("0");
});

test("a package in Rust keeps what its classes make, and is recorded", async ({ page }) => {
  await open(page);
  await give(page, packaged("@resvg/resvg-wasm/index_bg.wasm"), { ...packaged("@resvg/resvg-wasm"), name: "index.mjs", buffer: readFileSync(require.resolve("@resvg/resvg-wasm").replace(/index\.js$/, "index.mjs")) });
  await expect(functions(page)).toHaveCount(4);
  await start(page).click();
  const circles = Array.from({ length: 50 }, (_, i) => `<circle cx='${i}' cy='50' r='5'/>`).join("");
  await call(page, `new Resvg("<svg xmlns='http://www.w3.org/2000/svg' width='100' height='100'>${circles}</svg>")`);
  await expect(page.getByText("call its methods as resvg.…")).toBeVisible();
  await call(page, "resvg.render()");
  await expect(page.getByText(/call its methods as renderedImage/)).toBeVisible();
  await call(page, "renderedImage.width()");
  await expect(page.getByText("renderedImage.width returned 100")).toBeVisible();
  await expect(inspector(page).locator(".found")).toHaveText(/^dlmalloc, [\d,]+ live blocks/);
  await expect(said(page)).toHaveText(/All [\d,]+ live blocks were recorded/);
});

test("a package whose class starts the module is started by it, unrecorded where that is asked for", async ({ page }) => {
  await open(page);
  await give(page, packaged("web-tree-sitter/web-tree-sitter.wasm"), packaged("web-tree-sitter", "web-tree-sitter.js"));
  await expect(functions(page).first()).toBeVisible();
  await page.getByLabel("Record from its first instruction").uncheck();
  await start(page).click();
  await call(page, "new Parser()");
  await expect(page.getByText("call its methods as parser.…")).toBeVisible();
  // Not recorded, but it can be from now on.
  await expect(button(page, "Record")).toBeEnabled();
  await button(page, "Record").click();
  await call(page, "new Parser()");
  await expect(said(page)).toHaveText(/[1-9]\d* records/);
});

/** The module without its custom sections. */
function stripped(bytes: Uint8Array): Buffer {
  const parts = [bytes.subarray(0, 8)];
  for (let at = 8; at < bytes.length; ) {
    const from = at;
    const id = bytes[at++]!;
    let [length, shift] = [0, 0];
    for (let byte = 0x80; byte >= 0x80; shift += 7) length += ((byte = bytes[at++]!) & 0x7f) * 2 ** shift;
    at += length;
    if (id !== 0) parts.push(bytes.subarray(from, at));
  }
  return Buffer.concat(parts);
}

test("a stripped module says what is missing, and takes names from the file before it was stripped", async ({ page }) => {
  const named = assemblyScript("-O1");
  await open(page);
  await give(page, { name: "program.wasm", buffer: stripped(named) });
  await expect(page.getByText(/^It cannot be recorded: .*Build it with names: /)).toBeVisible();
  await expect(page.getByLabel("Record from its first instruction")).toBeDisabled();
  const lend = page.getByLabel("Names from another file…");
  await lend.setInputFiles({ name: "other.wasm", mimeType: "application/wasm", buffer: sql()[0]!.buffer });
  await expect(alert(page)).toHaveText(/other\.wasm is of another module than program\.wasm/);
  await lend.setInputFiles({ name: "program.wasm.map", mimeType: "application/json", buffer: Buffer.from('{"version":3,"mappings":""}') });
  await expect(alert(page)).toHaveText(/has no names of functions.*\.symbols/);
  await lend.setInputFiles({ name: "debug.wasm", mimeType: "application/wasm", buffer: Buffer.from(named) });
  await expect(functions(page).first()).toBeVisible();
  await expect(alert(page)).toHaveCount(0);
  await expect(page.getByText("Names are lent by debug.wasm.")).toBeVisible();
  await start(page).click();
  await call(page, "run(20000)");
  await expect(inspector(page).locator(".found")).toHaveText(/^AssemblyScript TLSF, [\d,]+ live blocks/);
  await expect(said(page)).toHaveText(/All [\d,]+ live blocks were recorded/);
  // Stacks have the names, too.
  await below(page, "Call sites").click();
  await expect(page.locator("trace-flames .frame").filter({ hasText: "program/run" }).first()).toBeVisible();
});

/** Starts the module as Emscripten's scripts that are no modules of JavaScript do. */
const RUNS = "WebAssembly.instantiate(Module.wasmBinary, {}).then(({ instance }) => { Module._keep = instance.exports.keep; Module.onRuntimeInitialized(); });";
for (const [kind, line, script] of [
  ["Emscripten's, with settings in Module", "_keep(1000)", `var Module = typeof Module !== "undefined" ? Module : {}; ${RUNS}`],
  ["Emscripten's, with settings in self.Module", "_keep(1000)", `var Module = typeof self !== "undefined" && typeof self.Module !== "undefined" ? self.Module : {}; ${RUNS} if (typeof module !== "undefined") module.exports = Module;`],
  ["wasm-bindgen's for bundlers", "keep(1000)", "let wasm;\nexport function __wbg_set_wasm(value) { wasm = value; }\nexport function keep(count) { wasm.keep(count); }"],
  ["wasm-bindgen's for bundlers, which imports its module", "keep(1000)", 'import * as wasm from "./churn.wasm";\nexport function keep(count) { wasm.keep(count); }'],
  ["Emscripten's, which begins by itself and exports a promise", "keep(1000)", `module.exports = fetch("churn.wasm").then((got) => got.arrayBuffer()).then((bytes) => WebAssembly.instantiate(bytes, {})).then(({ instance }) => ({ keep: (count) => instance.exports.keep(count) }));`],
  ["a module of JavaScript that looks beside itself", "keep(1000)", 'let wasm;\nexport default async () => { ({ instance: { exports: wasm } } = await WebAssembly.instantiateStreaming(fetch(new URL("churn.wasm", import.meta.url)), {})); };\nexport function keep(count) { wasm.keep(count); }'],
  ["wasm-bindgen's without modules", "keep(1000)", `let wasm_bindgen; (function () { const exported = {}; let wasm; exported.keep = function (count) { wasm.keep(count); };
    async function init({ module_or_path }) { const instance = await WebAssembly.instantiate(module_or_path, {}); wasm = instance.exports; return wasm; }
    wasm_bindgen = Object.assign(init, exported); })();`],
] as const) {
  test(`glue of the kind of ${kind} starts its module`, async ({ page }) => {
    await open(page);
    await give(page, { name: "churn.wasm", buffer: Buffer.from(churnModule()) }, { name: "churn.js", buffer: Buffer.from(script) });
    await start(page).click();
    await call(page, line);
    await expect(said(page)).toHaveText(/1,\d\d\d records/);
  });
}

for (const [what, script, sentence] of [
  ["loads a file", 'import { more } from "./more.js";\nexport default async () => more;', /loads another file, “\.\/more\.js”.*In its own page, and in Node/],
  ["never starts its module", "export default () => new Promise(() => {});", /churn\.js has not started the module within 20 seconds.*In its own page, and in Node/],
] as const) {
  test(`glue that ${what} is said to, with what to copy for its own page and for Node`, async ({ page }) => {
    await open(page);
    await give(page, { name: "churn.wasm", buffer: Buffer.from(churnModule()) }, { name: "churn.js", buffer: Buffer.from(script) });
    await start(page).or(alert(page)).first().waitFor();
    if (await start(page).isVisible()) await start(page).click();
    await expect(alert(page)).toHaveText(sentence);
    for (const text of [/<script src=.*auto\.js/, /node --import @bonsai-alloc\/heap-inspector\/node/]) await expect(page.locator("own-page pre").filter({ hasText: text })).toBeVisible();
    await expect(page.locator("own-page").getByRole("button", { name: /^Copy: In Node/ })).toBeVisible();
  });
}

test("a module without a memory is not said to be searched", async ({ page }) => {
  // (module (func (export "run")))
  await open(page);
  await give(page, { name: "pure.wasm", buffer: Buffer.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 7, 7, 1, 3, 114, 117, 110, 0, 0, 10, 4, 1, 2, 0, 11) });
  await expect(page.getByText(/^It has no memory/)).toBeVisible();
  await expect(page.getByText(/^Once it runs/)).toHaveCount(0);
});

test("a recording of a program that was killed is said not to be finished", async ({ page }) => {
  await open(page);
  await give(page, { name: "all-1-1.bontrace", buffer: Buffer.alloc(10_000).fill(1, 5_000) });
  await expect(alert(page)).toHaveText(/its recording was not finished/);
});

test("a dump opens with its heap and its call sites", async ({ page }) => {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemblyScript("-O1")), { env: { abort: () => undefined } });
  (exports["run"] as (count: number) => number)(20_000);
  const { buffer } = exports["memory"] as WebAssembly.Memory;
  const about = { name: "module 1 (app.mjs)", reason: "exit", time: 0, counters: { allocations: 7, frees: 3, reallocations: 1, refused: 0, growths: 0, lost: 0 }, sites: [{ stack: ["keep", "run"], blocks: 3, bytes: 4096 }], rate: 1024 };
  const parts = Buffer.concat([...writeDump(buffer, about, (bytes) => deflateRawSync(bytes))]);
  await open(page);
  await give(page, { name: "heap-1-exit.bonsai", buffer: parts });
  await expect(page.getByText(/^module 1 \(app\.mjs\), .* of memory, when the program ended, .*7 allocations, 1 resize and 3 frees/)).toBeVisible();
  await expect(inspector(page).locator(".found")).toHaveText(/^AssemblyScript TLSF, [\d,]+ live blocks/);
  // Its call sites are open.
  await expect(page.locator("trace-flames .frame").filter({ hasText: "keep" })).toBeVisible();
  await give(page, { name: "cut.bonsai", buffer: parts.subarray(0, parts.length - 5) });
  await expect(alert(page)).toHaveText(/cut\.bonsai is a dump that is cut off/);
  await expect(inspector(page).locator(".found")).toBeVisible();
});

for (const look of [LOOKS[0]!, LOOKS[5]!]) {
  test(`a module before its start is sound in ${look.colours} at ${look.width} px`, async ({ page }) => {
    await dress(page, look);
    await open(page);
    await give(page, ...sql());
    await expect(start(page)).toBeVisible();
    await expectSound(page);
    await page.getByRole("button", { name: "In my own page…" }).click();
    await expect(page.locator("own-page")).toBeVisible();
    await expectSound(page);
  });
}
