import { createRequire } from "node:module";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import type { Locator, Page } from "@playwright/test";
import { below, call, type Dropped, expect, give, inspector, open, panel, sources, test } from "../support/page";
import { button, restart, said, saved } from "../support/traces";
import { dress, expectSound, LOOKS } from "../support/sound";
import { file } from "../support/files";

const bare = (): Dropped => ({ name: "bench.wasm", buffer: readFileSync(file("workbench-slab", ".wasm")) });
const demo = (): Dropped => ({ name: "demo_bg.wasm", buffer: readFileSync(file("demo-slab", "_bg.wasm")) });
const glue = (change = (script: string): string => script): Dropped => ({
  name: "demo.js",
  buffer: Buffer.from(change(readFileSync(file("demo-slab", ".js"), "utf8"))),
});
const bytes = (name: string, ...values: number[]): Dropped => ({ name, buffer: Buffer.from(values) });
const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** The inspector's sentence on the last reading. */
const status = (page: Page): ReturnType<Page["locator"]> => inspector(page).locator(".lines [role=status]");

const alert = (page: Page): ReturnType<Page["locator"]> => page.locator("inspect-room .notes [role=alert]");

/** Starts a module that waits for it, where it is not refused before. */
async function startIfAsked(page: Page, refused: Locator): Promise<void> {
  const start = page.getByRole("button", { name: "Start", exact: true });
  await expect(start.or(refused).first()).toBeVisible();
  if (await start.isVisible()) await start.click();
}

test("a module without imports runs as it is, and its heap follows the calls", async ({ page }) => {
  await open(page);
  await give(page, bare());
  await expect(page.getByRole("heading", { name: /^bench\.wasm, \d+/ })).toBeVisible();
  const before = await page.locator('heap-inspector:visible [data-figure="live"] .number').textContent();
  await page.getByLabel(/Call one of/).fill("allocate(5000, 8)");
  await expect(page.getByText("2 numbers, by commas: i32, i32")).toBeVisible();
  await page.getByRole("button", { name: "Call", exact: true }).click();
  await expect(page.getByText(/^allocate returned [1-9]\d+$/)).toBeVisible();
  await expect(page.locator('heap-inspector:visible [data-figure="live"] .number')).not.toHaveText(before ?? "");
  await expect(status(page)).toHaveText(/^After allocate: /);

  await page.getByLabel(/Call one of/).fill("allocate(5000)");
  await page.keyboard.press("Enter");
  await expect(page.getByText("The function takes 2 arguments, and 1 were given.")).toBeVisible();
  await page.getByLabel(/Call one of/).fill("allocate(5000, x)");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Argument 2 is not a number.")).toBeVisible();
  await page.getByLabel(/Call one of/).fill("nothing(1)");
  await page.keyboard.press("Enter");
  await expect(page.getByText("“nothing(1)” is no call of a function of this module.")).toBeVisible();
  await page.keyboard.press("ArrowUp");
  await expect(page.getByLabel(/Call one of/)).toHaveValue("allocate(5000, 8)");
  await page.getByLabel("times").fill("100");
  await page.keyboard.press("Tab");
  await page.getByRole("button", { name: "Call", exact: true }).click();
  await expect(status(page)).toHaveText(/^After allocate × 100: /);
  await page.getByRole("button", { name: "Restart module" }).click();
  await expect(status(page)).toHaveText(/^After start: /);
});

test("a module and its glue, dropped together, run together", async ({ page }) => {
  await open(page);
  const transfer = await page.evaluateHandle(
    ([wasm, script]) => {
      const data = new DataTransfer();
      const binary = Uint8Array.from(atob(wasm!), (char) => char.charCodeAt(0));
      data.items.add(new File([binary], "demo_bg.wasm"));
      data.items.add(new File([script!], "demo.js"));
      return data;
    },
    [demo().buffer.toString("base64"), glue().buffer.toString("utf8")],
  );
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
  await expect(page.getByRole("heading", { name: /with demo\.js$/ })).toBeVisible();
  await call(page, 'parse("json", "[1, 2, {\\"a\\": null}]")');
  await expect(page.getByText(/^parse (returned \{"kind":"json"|made an object)/)).toBeVisible();
  await call(page, 'parse("json", "[1, 2")');
  await expect(page.getByText(/parse threw: EOF while parsing a list at line 1 column 5/)).toBeVisible();
});

test("glue may come after its module", async ({ page }) => {
  await open(page);
  await give(page, demo());
  await expect(alert(page)).toContainText(/demo_bg\.wasm imports \d+ things that wasm-bindgen’s glue makes/);
  await give(page, glue());
  await expect(page.getByRole("heading", { name: /with demo\.js$/ })).toBeVisible();
  await expect(alert(page)).toHaveCount(0);
  await expect(status(page)).toHaveText(/^After start: /);
});

test("modules to try are there for who has none, and have links", async ({ page }) => {
  await open(page);
  await (await sources(page)).getByRole("button", { name: "without imports" }).click();
  await expect(page.getByRole("heading", { name: /^workbench\.wasm/ })).toBeVisible();
  await expect(page).toHaveURL(/#inspect\?v=1&module=bare/);
  await (await sources(page)).getByRole("button", { name: "with glue" }).click();
  await expect(page.getByRole("heading", { name: /with demo\.js$/ })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { name: /with demo\.js$/ })).toBeVisible();
});

test("a module that was dropped is recorded from its start, its trace saved, opened, and compared on all allocators", async ({ page }) => {
  await open(page);
  await give(page, demo(), glue());
  await expect(page.getByRole("heading", { name: /with demo\.js$/ })).toBeVisible();
  const numbers = JSON.stringify(Array.from({ length: 500 }, (_, i) => ({ name: `number ${i}`, value: [i] })));
  await call(page, `parse("json", ${JSON.stringify(numbers)})`);
  await expect(page.getByText(/^parse (returned|made)/)).toBeVisible();
  await panel(page, "Sizes");
  await expect(page.locator("heap-classes").getByRole("columnheader", { name: "Wasted" })).toBeVisible();
  await below(page, "Call sites").click();
  await expect(page.locator("trace-flames .frame").filter({ hasText: /bonsai_modules|serde_json/ }).first()).toBeVisible();
  await button(page, "Stop recording").click();
  const records = /^([\d,]+) records\./.exec((await said(page).textContent()) ?? "")![1]!;
  expect(Number(records.replace(",", ""))).toBeGreaterThan(1000);
  const { name, bytes: buffer } = await saved(page, "Save the trace");
  expect(name).toBe("demo.bontrace");

  // A module that is none: what was recorded is still there.
  await give(page, bytes("empty.wasm"));
  await expect(alert(page)).toHaveText(/0 bytes/);
  await expect(said(page)).toContainText(`${records} records.`);
  // One without a trace of its own is recorded from outside.
  await give(page, bare());
  await expect(page.getByRole("heading", { name: /^bench\.wasm/ })).toBeVisible();
  await expect(button(page, "Stop recording")).toBeVisible();
  await give(page, { name: "mine.bontrace", buffer });
  await expect(page.getByText(`mine.bontrace: ${records} records.`)).toBeVisible();
  await page.getByRole("button", { name: "Compare allocators on it" }).click();
  await page.getByRole("button", { name: "Replay on all" }).click();
  await expect(page.getByText("Replayed on six allocators.")).toBeAttached();
  await expect(page.locator("trace-replay tr[data-allocator=heap] td").last()).toHaveText("0");
});

test("a trace without call sites says why", async ({ page }) => {
  await open(page);
  // A module whose hook is never reached, as one with `()` for its sites.
  await give(page, demo(), glue((script) => script.replace("globalThis.bonsaiSite(arg0 >>> 0)", "0")));
  await call(page, 'parse("json", "[1, 2, 3, 4]")');
  await below(page, "Call sites").click();
  await expect(page.getByText(/^No call site came: /)).toBeVisible();
});

test("modules are recorded side by side: call sites are of the one that was called", async ({ page }) => {
  await open(page);
  await (await sources(page)).getByRole("button", { name: "with glue" }).click();
  // Until it has loaded, the buttons are those of the program before it.
  await expect(page.getByRole("heading", { name: /^demo_bg\.wasm/ })).toBeVisible();
  await restart(page, "Fine (1 KiB)");
  const numbers = JSON.stringify(Array.from({ length: 500 }, (_, i) => ({ name: `number ${i}`, value: [i] })));
  await call(page, `parse("json", ${JSON.stringify(numbers)})`);
  await expect(page.getByText(/^parse (returned|made)/)).toBeVisible();
  const records = Number(/^([\d,]+) records/.exec((await said(page).textContent()) ?? "")![1]!.replace(",", ""));
  expect(records).toBeGreaterThan(1000);
  await (await sources(page)).getByRole("button", { name: "Trees" }).click();
  await page.getByRole("button", { name: "Parse again" }).click();
  await below(page, "Call sites").click();
  const frames = page.locator("trace-flames .frame");
  await expect(frames.filter({ hasText: /bonsai_modules|serde_json/ }).first()).toBeVisible();
  await expect(button(page, "Stop recording")).toBeVisible();
});

/** (import "wasi_snapshot_preview1" "f" (func)), and one of a shared memory from env. */
const importing = (module: string, name: string): Dropped => {
  const body = [1, module.length, ...Buffer.from(module), name.length, ...Buffer.from(name), 0, 0];
  return bytes("imports.wasm", ...HEADER, 1, 4, 1, 0x60, 0, 0, 2, body.length, ...body);
};

/** (type (func)) (import "env" "thrown" (tag (type 0))) */
const tagged = (): Dropped =>
  bytes("tagged.wasm", ...HEADER, 1, 4, 1, 0x60, 0, 0, 2, 15, 1, 3, ...Buffer.from("env"), 6, ...Buffer.from("thrown"), 4, 0, 0);

/** A class as wasm-bindgen's glue has it, over the functions of a module without imports. */
const classes = (): Dropped => ({
  name: "store.js",
  buffer: Buffer.from(`
let wasm;
export class Store {
  constructor() { this.list = []; }
  free() {}
  add(size, count) { for (let i = 0; i < count; i++) this.list.push(wasm.allocate(size, 8)); return this.list.length; }
}
export default async function init({ module_or_path }) {
  wasm = (await WebAssembly.instantiate(module_or_path)).exports;
  return wasm;
}`),
});

test("classes are made and called, their objects kept by name", async ({ page }) => {
  await open(page);
  await give(page, bare(), classes());
  await expect(page.getByRole("heading", { name: /with store\.js$/ })).toBeVisible();
  await call(page, "new Store()");
  await expect(page.getByText("new Store made an object: call its methods as store.…")).toBeVisible();
  await expect(page.locator('call-line datalist option[value="store.add("]')).toBeAttached();
  await call(page, "store.add(1000, 500)");
  await expect(page.getByText("store.add returned 500")).toBeVisible();
  await expect(status(page)).toHaveText(/^After store.add: /);
});

test("a module of C by Emscripten runs with stand-ins, and its heap is found", async ({ page }) => {
  const sql = createRequire(import.meta.url).resolve("sql.js/dist/sql-wasm.wasm");
  // Its exports have short names, which its script tells.
  const malloc = /_malloc=\w+\.(\w+)/.exec(readFileSync(sql.replace(/wasm$/, "js"), "utf8"))![1]!;
  await open(page);
  const buffer = readFileSync(sql);
  await give(page, { name: "sql.wasm", buffer });
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(page.getByRole("heading", { name: /^sql\.wasm/ })).toBeVisible();
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(buffer)).length;
  await expect(page.getByText(new RegExp(`^${imports} imports have stand-ins: `))).toBeVisible();
  // Nothing was allocated yet: what was looked for is said, and what can be done.
  await expect(page.locator("heap-inspector:visible .note.error")).toHaveText(/^No heap was found.*dlmalloc, emmalloc.*recorded all the same, on the page, or in Node/);
  await page.getByLabel("times").fill("41");
  await page.keyboard.press("Tab");
  await call(page, `${malloc}(100)`);
  await expect(page.locator("heap-inspector:visible .found")).toHaveText(/^dlmalloc, 41 live blocks/);
});

test("a module of Rust on std's default allocator is shown as it is", async ({ page }) => {
  await open(page);
  await give(page, { name: "plain.wasm", buffer: readFileSync(file("workbench-dlmalloc", ".wasm")) });
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(page.locator("heap-inspector:visible .note.error")).toHaveText(/A module that has allocated nothing yet has none/);
  await page.getByLabel("times").fill("41");
  await page.keyboard.press("Tab");
  await call(page, "allocate(100, 8)");
  await expect(page.locator("heap-inspector:visible .found")).toHaveText(/^dlmalloc, 41 live blocks/);
  await expect(page.locator("heap-inspector:visible .note.error")).toHaveCount(0);
});

test("a wrong file leaves the running module as it was", async ({ page }) => {
  await open(page);
  await give(page, bare());
  await call(page, "allocate(5000, 8)");
  await give(page, bytes("empty.wasm"));
  await expect(alert(page)).toHaveText(/0 bytes/);
  await expect(page.getByRole("heading", { name: /^bench\.wasm/ })).toBeVisible();
  await expect(page.getByRole("slider", { name: "Moments of the heap" })).toHaveAttribute("aria-valuemax", "2");
  await call(page, "allocate(5000, 8)");
  await expect(page.getByRole("slider", { name: "Moments of the heap" })).toHaveAttribute("aria-valuemax", "3");
});

const bad: [string, () => Dropped[], RegExp][] = [
  ["of 0 bytes", () => [bytes("empty.wasm")], /empty\.wasm is empty: it has 0 bytes/],
  ["that is no wasm", () => [{ name: "notes.wasm", buffer: Buffer.from("shopping list") }], /no wasm module.*It is a text/],
  ["that is an archive", () => [bytes("pack.wasm", 0x1f, 0x8b, 8, 0)], /compressed with gzip/],
  ["that is a component", () => [bytes("part.wasm", 0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0)], /is a component/],
  ["that is cut off in its header", () => [bytes("cut.wasm", ...HEADER.slice(0, 6))], /cut off: it has 6 bytes/],
  ["that is cut off", () => [{ ...bare(), buffer: bare().buffer.subarray(0, 20_000) }], /damaged or cut off.*It says: /],
  ["that wants an exception", () => [tagged()], /imports env\.thrown, which this page cannot make/],
  ["of a Go program", () => [importing("gojs", "runtime.wasmExit")], /is a program of Go\. Its heap is of Go’s garbage collector/],
  ["that is a script alone", () => [glue()], /a script without its module/],
  ["beside two scripts", () => [demo(), glue(), { ...glue(), name: "more.js" }], /one \.js file at most/],
  ["beside another module", () => [demo(), bare()], /one module at a time/],
  ["with glue that loads a file", () => [demo(), glue((script) => `import * as x from "./snippets/a.js";\n${script}`)], /loads another file, “\.\/snippets\/a\.js”/],
  ["with glue for Node", () => [demo(), { name: "demo.js", buffer: Buffer.from("exports.parse = 1;") }], /has nothing that starts the module/],
  ["with glue that is broken", () => [demo(), glue((script) => script.replace("function", "functoin"))], /could not start the module/],
  ["with the glue of another", () => [importing("game", "draw"), glue()], /Are the two of one build\?/],
];

for (const [what, files, message] of bad) {
  test(`a file ${what} gets a sentence, and the page stays usable`, async ({ page }) => {
    await open(page);
    await give(page, ...files());
    await startIfAsked(page, alert(page));
    await expect(alert(page)).toHaveText(message);
    await give(page, bare());
    await expect(page.getByRole("heading", { name: /^bench\.wasm/ })).toBeVisible();
    await expect(alert(page)).toHaveCount(0);
  });
}

test("a file of 200 MB on the disk is refused, and the page stays usable", async ({ page }, info) => {
  const path = info.outputPath("huge.wasm");
  writeFileSync(path, "");
  truncateSync(path, 200 * 2 ** 20);
  await open(page);
  await (await sources(page)).getByLabel("Open a file…").setInputFiles(path);
  await expect(alert(page)).toHaveText("huge.wasm has 200 MiB; this page takes modules up to 128 MiB.");
  await give(page, bare());
  await expect(page.getByRole("heading", { name: /^bench\.wasm/ })).toBeVisible();
  await expect(alert(page)).toHaveCount(0);
});

test("a file of 200 MB is refused unread", async ({ page }) => {
  await open(page);
  await page.evaluate(() => {
    const huge = new File(["x"], "huge.wasm");
    Object.defineProperty(huge, "size", { value: 200 * 2 ** 20 });
    Object.defineProperty(huge, "arrayBuffer", { value: () => { throw new Error("it was read"); } });
    const data = new DataTransfer();
    Object.defineProperty(data, "files", { value: [huge] });
    const drop = new DragEvent("drop", { bubbles: true, cancelable: true });
    Object.defineProperty(drop, "dataTransfer", { value: data });
    document.body.dispatchEvent(drop);
  });
  await expect(alert(page)).toHaveText("huge.wasm has 200 MiB; this page takes modules up to 128 MiB.");
});

/** A module with a memory, globals BONSAI_HEAP and perhaps BONSAI_TRACE of these values, and words in its memory at 1024. */
function described(address: number, words: number[], trace?: number): Dropped {
  const leb = (value: number): number[] => {
    const out: number[] = [];
    for (let rest = value >>> 0; ; rest >>>= 7) {
      if (rest < 0x80) return [...out, rest];
      out.push((rest & 0x7f) | 0x80);
    }
  };
  const signed = (value: number): number[] => {
    const out: number[] = [];
    for (let rest = value | 0; ; rest >>= 7) {
      const byte = rest & 0x7f;
      if ((rest >> 7 === 0 && (byte & 0x40) === 0) || (rest >> 7 === -1 && (byte & 0x40) !== 0)) return [...out, byte];
      out.push(byte | 0x80);
    }
  };
  const data = Buffer.from(new Uint32Array(words).buffer);
  const section = (id: number, body: number[]): number[] => [id, ...leb(body.length), ...body];
  const name = (text: string): number[] => [text.length, ...Buffer.from(text)];
  const global = (value: number): number[] => [0x7f, 0, 0x41, ...signed(value), 0x0b];
  const traced = trace === undefined ? [] : [trace];
  return bytes(
    "described.wasm",
    ...HEADER,
    ...section(5, [1, 0, 1]),
    ...section(6, [1 + traced.length, ...global(address), ...traced.flatMap(global)]),
    ...section(7, [2 + traced.length, ...name("memory"), 2, 0, ...name("BONSAI_HEAP"), 3, 0, ...traced.flatMap(() => [...name("BONSAI_TRACE"), 3, 1])]),
    ...section(11, [1, 0, 0x41, ...signed(1024), 0x0b, ...leb(data.length), ...data]),
  );
}

/** A tiny heap's descriptor, at 1024, with one class, whose first free block, at 4096, is followed by itself. */
function circle(): number[] {
  const words = new Array<number>((4096 - 1024) / 4 + 1).fill(0);
  words.splice(0, 9, 0x534e4f42, 1, 4, 9, 0, 0, 2048, 1, 5);
  words[(2048 - 1024) / 4] = 4096;
  words[(4096 - 1024) / 4] = 4096;
  return words;
}

/** A heap's descriptor, at 1024, whose values stand from 2048 on: its top reaches as far as no memory does. */
function endless(): number[] {
  const words = new Array<number>((2048 - 1024) / 4 + 9).fill(0);
  words.splice(0, 15, 0x534e4f42, 1, 5, 15, ...[0, 0, 1, 2, 3, 4, 5, 6, 7].map((i) => 2048 + 4 * i), 0, 0);
  words.splice((2048 - 1024) / 4, 7, 0, 4096, 256, 256, 0x0fffffff, 0x0fffffff, 256);
  return words;
}

const lying: [string, Dropped, RegExp][] = [
  ["no memory", bytes("none.wasm", ...HEADER), /exports no memory/],
  ["no descriptor", bytes("mem.wasm", ...HEADER, 5, 3, 1, 0, 1, 7, 10, 1, 6, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 2, 0), /Add “bonsai_alloc::inspectable!/],
  ["a descriptor beyond its memory", described(0x7fffffff, []), /not in its memory/],
  ["something else where the descriptor should be", described(1024, [1, 2, 3, 4]), /no description of a heap/],
  ["a descriptor of a later version", described(1024, [0x534e4f42, 99]), /version 99 of the layout/],
  ["a free list that runs in a circle", described(1024, circle()), /runs in a circle/],
  ["a heap that is longer than its memory", described(1024, endless()), /leads out of memory/],
];

for (const [what, module, message] of lying) {
  test(`a module with ${what} gets a sentence, and the page stays usable`, async ({ page }) => {
    await open(page);
    await give(page, module);
    await startIfAsked(page, page.locator(".note.error:visible"));
    await expect(page.locator(".note.error:visible")).toHaveText(message);
    await (await sources(page)).getByRole("button", { name: "without imports" }).click();
    await expect(page.getByRole("heading", { name: /^workbench\.wasm/ })).toBeVisible();
    await expect(page.locator("inspect-room .note.error:visible")).toHaveCount(0);
  });
}

/** The module for tests/misuse, which has the feature `checked` and misuses its allocator when it is told to. */
async function misuse(): Promise<Dropped> {
  const script = new URL("../../../modules/build.mjs", import.meta.url);
  const { Builder } = (await import(script.href)) as {
    Builder: new () => { build: (allocator: string, program: string, how: { purpose: string }) => Promise<string> };
  };
  return { name: "misuse.wasm", buffer: readFileSync(await new Builder().build("heap", "misuse-checked", { purpose: "small" })) };
}

test("a module that its allocator stopped says why", async ({ page }) => {
  // It is built first, if it was not yet.
  test.setTimeout(300_000);
  const module = await misuse();
  await open(page);
  for (const [name, report] of [
    ["double_free", /Its allocator says: “bonsai_alloc: double free: Heap 1, free 0x\w+ as 40 bytes aligned to 4: the freed block of 40 bytes/],
    ["overflow", /Its allocator says: “bonsai_alloc: overflow: Heap 1, .*: from byte 40 on 41( fd){15} instead of fd”/],
  ] as const) {
    await give(page, module);
    await call(page, `${name}()`);
    await expect(page.locator("inspect-room .outcome")).toHaveText(report);
    await expect(page.locator("inspect-room .outcome")).toContainText(`${name} stopped the module: `);
  }
  // A fresh one has none.
  await page.getByRole("button", { name: "Restart module" }).click();
  await call(page, "correct()");
  await expect(page.locator("inspect-room .outcome")).toHaveText("correct returned 2890");
});

/** The descriptor of a trace: magic, version, words, size of a record, capacity, address of the control words. */
const untraceable: [string, number, number[], RegExp][] = [
  ["of a later version", 1024, [0x544e4f42, 3, 6, 16, 65536, 2048], /of version 3; this page reads versions to 2\. A newer page will read it/],
  ["beyond its memory", 0x7fffff00, [], /its descriptor would lie outside of memory/],
  ["of something else", 1024, [1, 2, 3, 4, 5, 6], /no descriptor where BONSAI_TRACE says/],
  ["with a ring of no size", 1024, [0x544e4f42, 1, 6, 16, 0, 2048], /0 is no number of records/],
  ["with control words beyond its memory", 1024, [0x544e4f42, 1, 6, 16, 65536, 0x7fffff00], /its control would lie outside of memory/],
];

for (const [what, trace, words, message] of untraceable) {
  test(`a module with a trace ${what} is not recorded, with a reason, and the page stays usable`, async ({ page }) => {
    await open(page);
    await give(page, described(4096, words, trace));
    await expect(alert(page)).toHaveText(message);
    await expect(button(page, "Record")).toBeEnabled();
    await give(page, bare());
    await expect(page.getByRole("heading", { name: /^bench\.wasm/ })).toBeVisible();
    await expect(alert(page)).toHaveCount(0);
  });
}

for (const look of LOOKS) {
  test(`a module is sound in ${look.colours} at ${look.width} px`, async ({ page }) => {
    await dress(page, look);
    await open(page);
    await expectSound(page);
    await give(page, demo());
    await expect(alert(page)).toBeVisible();
    await expectSound(page);
    await give(page, bare());
    await expect(page.getByRole("heading", { name: /^bench\.wasm/ })).toBeVisible();
    await expectSound(page);
  });
}
