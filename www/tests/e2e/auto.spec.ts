import { openAsBlob, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test as loud, type Page } from "@playwright/test";
import { LongTrace } from "../../src/model/long-trace";
import { survivors } from "../../src/model/trace";
import { open } from "../../src/model/trace-file";
import { churnModule } from "../support/churn";
import { buildPackage } from "../support/package";
import { expect, figure, test } from "../support/page";
import { dress, expectSound, LOOKS } from "../support/sound";

/** The script tag as it is published, in pages that have nothing else of ours, on modules that nobody described. */
/** Nothing listens there: all requests are answered by the tests. It is an origin that browsers trust. */
const HOST = "http://localhost:9";
const WASM = fileURLToPath(new URL("../../src/wasm/", import.meta.url));

let folder = "";
test.beforeAll(async () => {
  folder = await buildPackage();
});
test.afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function module(name: string): Buffer {
  const at = join(WASM, name);
  return readFileSync(join(at, readdirSync(at).find((file) => file.endsWith("_bg.wasm"))!));
}

const TYPES: Readonly<Record<string, string>> = { js: "text/javascript", html: "text/html", txt: "text/plain" };

/** Serves the package at /auto/, a module of that allocator for each /NAME.wasm, and files. */
async function serve(page: Page, files: Readonly<Record<string, string | Buffer>>, headers: Readonly<Record<string, string>> = {}): Promise<void> {
  await page.context().route(`${HOST}/**`, (route) => {
    const path = new URL(route.request().url()).pathname.slice(1) || "index.html";
    const wasm = /^(?:\w+\/)*([\w-]+)\.wasm$/.exec(path)?.[1];
    if (wasm !== undefined) return route.fulfill({ contentType: "application/wasm", headers, body: module(`workbench-${wasm}`) });
    const body = path.startsWith("auto/") ? readFileSync(join(folder, path.slice(5)), "utf8") : files[path];
    if (body === undefined) return route.fulfill({ status: 404, body: `there is no ${path}` });
    return route.fulfill({ contentType: TYPES[/\w+$/.exec(path)![0]] ?? "text/plain", headers, body });
  });
}

const html = (scripts: string, tag = '<script src="/auto/auto.js"></script>'): string =>
  `<!doctype html><html lang="en"><title>Somebody's page</title><link rel="icon" href="data:,">${tag}<main><h1>Somebody's page</h1></main>${scripts}`;

/** A script that instantiates dlmalloc and allocates: `window.heap` in a page, `self.heap` in a worker. */
const RUN = (blocks: number, from = "dlmalloc.wasm"): string => `(async () => {
  const { instance } = await WebAssembly.instantiateStreaming(fetch(${JSON.stringify(from)}));
  self.heap = instance.exports;
  for (let i = 0; i < ${blocks}; i++) self.heap.allocate(1000, 8);
  self.done?.();
})();`;
const script = (text: string, type = ""): string => `<script${type}>${text}</script>`;

const button = (page: Page): ReturnType<Page["getByRole"]> => page.getByRole("button", { name: /^Heap \d+: inspect/ });
const chooser = (page: Page): ReturnType<Page["getByLabel"]> => page.getByLabel("Module", { exact: true });
const found = (page: Page): ReturnType<Page["locator"]> => page.locator("heap-inspector:visible .found");

test("one script tag shows every module of a page, exported memory and imported", async ({ page }) => {
  await serve(page, { "index.html": html(script(RUN(100)) + script(`
    const memory = new WebAssembly.Memory({ initial: 3 });
    // (module (import "env" "memory" (memory 1)))
    WebAssembly.instantiate(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 2, 15, 1, 3, 101, 110, 118, 6, 109, 101, 109, 111, 114, 121, 2, 0, 1), { env: { memory } });
  `)) });
  await page.goto(`${HOST}/`);
  await expect(button(page)).toHaveText("Heap 2");
  expect(await page.evaluate(() => customElements.get("heap-inspector") === undefined), "nothing is loaded before somebody asks").toBe(true);
  await button(page).click();
  await expect(chooser(page).locator("option")).toHaveCount(2);
  // Of bytes nobody knows an address: the script that compiled them has one.
  expect((await chooser(page).locator("option").allTextContents()).sort()).toEqual(["dlmalloc.wasm", "localhost:9"]);
  await chooser(page).selectOption({ label: "dlmalloc.wasm" });
  await expect(found(page)).toContainText(/dlmalloc, 100 live blocks/);
  await page.evaluate(() => {
    const heap = (window as unknown as { heap: { allocate: (size: number, align: number) => number } }).heap;
    for (let i = 0; i < 50; i++) heap.allocate(1000, 8);
  });
  await expect(found(page), "it follows by itself").toContainText(/150 live blocks/);
  expect(await figure(page, "live")).toBeGreaterThanOrEqual(150_000);
  // From the page, Tab leads into the panel again.
  await page.mouse.click(5, 5);
  const within = (): Promise<boolean> => page.evaluate(() => document.querySelector("bonsai-heap-inspector")?.shadowRoot?.querySelector("bonsai-heap-panel")?.shadowRoot?.activeElement != null);
  expect(await within()).toBe(false);
  for (let presses = 0; presses < 4 && !(await within()); presses++) await page.keyboard.press("Tab");
  expect(await within(), "a control of the panel has the focus").toBe(true);
  await page.getByRole("button", { name: "Close" }).click();
  await expect(button(page)).toBeFocused();
});

const workers: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
  ["classic, by a relative address", `new Worker("work/work.js", { name: "counter" })`, { "work/work.js": `importScripts("run.js");`, "work/run.js": RUN(60, "dlmalloc.wasm") }],
  ["a module", `new Worker(new URL("work/work.js", location), { type: "module", name: "counter" })`, { "work/work.js": `import { run } from "./run.js"; run();`, "work/run.js": `export const run = () => { ${RUN(60, "work/dlmalloc.wasm")} };` }],
  ["a blob that is revoked at once", `(() => { const url = URL.createObjectURL(new Blob([document.querySelector("#worker").textContent])); const worker = new Worker(url, { name: "counter" }); URL.revokeObjectURL(url); return worker; })()`, {}],
  ["one that loads the script itself", `new Worker("work.js", { name: "counter" })`, { "work.js": `importScripts("/auto/auto.js"); ${RUN(60)}` }],
  ["a worker of a worker", `new Worker("outer.js")`, { "outer.js": `self.inner = new Worker("work.js", { name: "counter" }); inner.onmessage = ({ data }) => postMessage(data);`, "work.js": RUN(60) }],
];

for (const [name, start, files] of workers) {
  test(`a worker, ${name}: its heap is decoded there, and messages are the page's own`, async ({ page }) => {
    const echo = "self.done = () => postMessage('done'); ";
    const own = Object.fromEntries(Object.entries(files).map(([path, text]) => [path, path.endsWith("outer.js") ? text : path === "work/run.js" ? text : echo + text]));
    const off = name.includes("itself") ? ' data-workers="off"' : "";
    await serve(page, {
      "index.html": html(
        `<script type="text/plain" id="worker">${echo}${RUN(60, `${HOST}/dlmalloc.wasm`)}</script>` +
          script(`self.heard = []; self.worker = ${start}; worker.onmessage = ({ data }) => heard.push(data); worker.onerror = (event) => heard.push(event.message);`),
        `<script src="/auto/auto.js"${off}></script>`,
      ),
      ...own,
    });
    await page.goto(`${HOST}/`);
    await expect.poll(() => page.evaluate(() => (window as unknown as { heard: unknown[] }).heard)).toEqual(["done"]);
    await button(page).click();
    await expect(chooser(page)).toHaveText(/dlmalloc\.wasm in counter/);
    await expect(found(page)).toContainText(/dlmalloc, 60 live blocks/);
  });
}

/** The memory of dlmalloc with so many live blocks. */
function dlmalloc(blocks: number): Buffer {
  const { memory, allocate } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(module("workbench-dlmalloc")))).exports as unknown as {
    memory: WebAssembly.Memory;
    allocate: (size: number, align: number) => number;
  };
  for (let i = 0; i < blocks; i++) allocate(1000, 8);
  return Buffer.from(new Uint8Array(memory.buffer));
}

test("a shared memory of a worker is read directly, while the worker is busy", async ({ page }) => {
  // (module (memory (export "memory") 100 100 shared)), which the worker fills with a heap, and then never returns.
  const bytes = "Uint8Array.of(0,97,115,109,1,0,0,0,5,4,1,3,100,100,7,10,1,6,109,101,109,111,114,121,2,0)";
  await serve(
    page,
    {
      "index.html": html(script(`self.heard = []; self.worker = new Worker("work.js"); worker.onmessage = ({ data }) => { heard.push(data); worker.postMessage("go"); };`)),
      "work.js": `const { exports } = new WebAssembly.Instance(new WebAssembly.Module(${bytes}));
        (async () => {
          new Uint8Array(exports.memory.buffer).set(new Uint8Array(await (await fetch("heap.bin")).arrayBuffer()));
          postMessage("filled");
          // Once the page has heard.
          onmessage = () => { postMessage("busy"); for (;;) Atomics.wait(new Int32Array(exports.memory.buffer), 0, 0, 1000); };
        })();`,
      "heap.bin": dlmalloc(300),
    },
    { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" },
  );
  await page.goto(`${HOST}/`);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await expect(button(page)).toHaveText("Heap 1");
  await expect.poll(() => page.evaluate(() => (window as unknown as { heard: unknown[] }).heard)).toEqual(["filled", "busy"]);
  await button(page).click();
  await expect(found(page)).toContainText("dlmalloc, 300 live blocks");
});

test("removing the tag removes all of it", async ({ page }) => {
  await serve(page, { "index.html": html(script(RUN(10)), `${script(`
    self.names = () => [...Object.entries(Object.getOwnPropertyDescriptors(WebAssembly)), ...Object.entries(Object.getOwnPropertyDescriptors(URL)),
      ["Worker", Object.getOwnPropertyDescriptor(self, "Worker")], ["m", WebAssembly.Module.prototype.constructor], ["w", Worker.prototype.constructor]];
    self.before = names(); self.keys = Object.getOwnPropertyNames(self).length;`)}<script src="/auto/auto.js" id="tag"></script>`) });
  await page.goto(`${HOST}/`);
  await button(page).click();
  await expect(found(page)).toContainText("10 live blocks");
  const same = (): Promise<boolean[]> =>
    page.evaluate(() => {
      const { names, before } = window as unknown as { names: () => [string, PropertyDescriptor | object][]; before: [string, PropertyDescriptor | object][] };
      return names().map(([, now], i) => {
        const was = before[i]![1];
        return now === was || ("value" in now && "value" in was ? now.value === was.value && now.writable === was.writable && now.enumerable === was.enumerable : false);
      });
    });
  expect(await same()).toContain(false);
  await page.evaluate(() => { document.querySelector("#tag")!.remove(); });
  await expect(page.locator("bonsai-heap-inspector")).toHaveCount(0);
  expect(await same()).not.toContain(false);
  const left = await page.evaluate(() => ({
    storage: localStorage.length + sessionStorage.length,
    cookies: document.cookie,
    global: "bonsaiHeapInspector" in window,
  }));
  expect(left).toEqual({ storage: 0, cookies: "", global: false });
});

for (const [name, read] of [
  ["the bookmark", () => decodeURIComponent(readFileSync(join(folder, "bookmarklet.txt"), "utf8").slice("javascript:".length))],
  ["the snippet for DevTools", () => readFileSync(join(folder, "snippet.js"), "utf8")],
] as const) {
  test(`${name} sees what the page keeps, and what comes later, in workers too`, async ({ page }) => {
    await serve(page, {
      "index.html": html(script(RUN(30)), ""),
      "work.js": RUN(40),
    });
    await page.goto(`${HOST}/`);
    await expect.poll(() => page.evaluate(() => (window as unknown as { heap?: object }).heap !== undefined)).toBe(true);
    await page.evaluate(read());
    await expect(chooser(page)).toHaveText("heap.memory");
    await expect(found(page)).toContainText("30 live blocks");
    await page.evaluate(() => { Object.assign(window, { worker: new Worker("work.js") }); });
    await expect(chooser(page)).toHaveText(/dlmalloc\.wasm in work\.js/);
    await chooser(page).selectOption({ label: "dlmalloc.wasm in work.js" });
    await expect(found(page)).toContainText("40 live blocks");
  });
}

for (const [where, files] of [
  ["a page", { "index.html": html(script(RUN(100)), '<script src="/auto/auto.js" data-record></script>') }],
  ["a worker", { "index.html": html(script(`self.worker = new Worker("work.js");`), '<script src="/auto/auto.js" data-record="4096"></script>'), "work.js": RUN(100) }],
] as const) {
  test(`a recording in ${where} has every block, and a call site for those that were sampled`, async ({ page }) => {
    await serve(page, files);
    await page.goto(`${HOST}/`);
    await expect(found(page)).toContainText(/dlmalloc, 100 live blocks/);
    await page.getByRole("tab", { name: "Sites", exact: true }).click();
    // The function of the module that asked the allocator.
    await expect(page.locator("heap-sites")).toContainText("allocate");
    await page.getByRole("button", { name: "Stop recording" }).click();
    await page.getByRole("tab", { name: "Leaks" }).click();
    await expect(page.locator("trace-leaks")).toContainText("100 blocks, 97.7 KiB as asked for");
    const saved = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save recording" }).click();
    const opened = open(readFileSync(await (await saved).path()));
    expect(opened.ok && survivors(opened.trace).map(({ size }) => size)).toEqual(new Array(100).fill(1000));
  });
}

test("a long recording goes to the page's file system, and all of it is saved", async ({ page }) => {
  await serve(page, { "index.html": html(script(`(async () => { self.heap = (await WebAssembly.instantiate(Uint8Array.of(${churnModule().join()}))).instance.exports; })();`), '<script src="/auto/auto.js" data-record></script>') });
  await page.goto(`${HOST}/`);
  const run = (name: "keep" | "churn", count: number): Promise<void> =>
    page.evaluate(([name, count]) => { (window as unknown as { heap: Record<string, (count: number) => void> }).heap[name]!(count); }, [name, count] as const);
  await expect.poll(() => page.evaluate(() => "heap" in window)).toBe(true);
  await run("keep", 1000);
  await run("churn", 2_500_000);
  await run("keep", 234);
  await page.getByRole("button", { name: "Stop recording" }).click();
  await expect(page.getByRole("status").filter({ hasText: /5,0\d\d,\d\d\d records/ })).toBeVisible();
  await page.getByRole("tab", { name: "Leaks" }).click();
  await expect(page.locator("trace-leaks")).toContainText("1,234 blocks");
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save recording" }).click();
  const trace = await LongTrace.open(await openAsBlob(await (await saved).path()));
  if (!(trace instanceof LongTrace)) throw new Error(trace?.is);
  expect([trace.lost, (await trace.survivors()).length]).toEqual([0, 1234]);
});

test("a memory of 64 bits is said to be one, and nothing of the inspector's own is listed", async ({ page }) => {
  // (module (memory (export "memory") i64 1))
  const wide = "WebAssembly.instantiate(Uint8Array.of(0,97,115,109,1,0,0,0,5,3,1,4,1,7,10,1,6,109,101,109,111,114,121,2,0))";
  await serve(page, { "index.html": html(script(wide)), "record.html": html(script(wide), '<script src="/auto/auto.js" data-record></script>') });
  await page.goto(`${HOST}/`);
  await button(page).click();
  await expect(page.locator("heap-inspector:visible .note")).toContainText("No heap was found");
  await expect(chooser(page).locator("option")).toHaveCount(1);
  await page.goto(`${HOST}/record.html`);
  await expect(page.getByText("Its memory is of 64 bits: neither its heap is read, nor is it recorded.")).toBeVisible();
  await expect(page.getByText("No heap was found")).toBeHidden();
  await expect(chooser(page).locator("option")).toHaveCount(1);
});

test("a module that runs already is recorded when the page is loaded again", async ({ page }) => {
  await serve(page, { "index.html": html(script(RUN(20))) });
  await page.goto(`${HOST}/?a=b`);
  await button(page).click();
  await page.getByRole("button", { name: "Record", exact: true }).click();
  await page.getByRole("button", { name: "Reload and record" }).click();
  await expect(found(page)).toContainText("20 live blocks");
  expect(page.url()).toBe(`${HOST}/?a=b&heap-inspector=record`);
  await page.getByRole("tab", { name: "Leaks" }).click();
  await expect(page.locator("trace-leaks")).toContainText("20 blocks");
});

loud("a policy that forbids workers from blobs is named, and workers after the first run as they are", async ({ page }) => {
  const said: string[] = [];
  await serve(
    page,
    { "index.html": html('<script src="run.js"></script>'), "run.js": `self.heard = []; self.begin = () => { new Worker("work.js").onmessage = ({ data }) => heard.push(data); };`, "work.js": "postMessage('runs')" },
    { "content-security-policy": "default-src 'self'; img-src data:" },
  );
  page.on("console", (message) => said.push(message.text()));
  await page.goto(`${HOST}/`);
  await button(page).click();
  await page.evaluate(() => { (window as unknown as { begin: () => void }).begin(); });
  await expect(page.getByText("does not let workers start from blob: addresses")).toBeVisible();
  await page.evaluate(() => { (window as unknown as { begin: () => void }).begin(); });
  await expect.poll(() => page.evaluate(() => (window as unknown as { heard: unknown[] }).heard)).toEqual(["runs"]);
  expect(said.join("\n")).toContain("Content Security Policy");
});

for (const look of LOOKS.filter(({ width }) => [320, 1280].includes(width))) {
  test(`the button and the panel are sound, ${look.colours} at ${look.width} px`, async ({ page }) => {
    await dress(page, look);
    await serve(page, { "index.html": html(script(RUN(100)), '<style>body { margin: 8px }</style><script src="/auto/auto.js" data-record></script>') });
    await page.goto(`${HOST}/`);
    await expect(found(page)).toContainText("100 live blocks");
    await expectSound(page);
    await page.getByRole("tab", { name: "Leaks" }).click();
    await expect(page.locator("trace-leaks")).toContainText("100 blocks");
    await expectSound(page);
    await page.getByRole("button", { name: "Close" }).click();
    await expect(button(page)).toBeVisible();
    await expectSound(page);
  });
}

test("it leaves the page's layout and keys alone", async ({ page }) => {
  await serve(page, { "index.html": html(script(RUN(10)) + script("self.keys = []; addEventListener('keydown', ({ key }) => keys.push(key));")) });
  await page.goto(`${HOST}/`);
  const measure = (): Promise<unknown> =>
    page.evaluate(() => {
      const { scrollHeight, scrollWidth } = document.documentElement;
      const { top, left, width, height } = document.querySelector("main")!.getBoundingClientRect();
      return { scrollHeight, scrollWidth, top, left, width, height };
    });
  const before = await measure();
  await button(page).click();
  await expect(found(page)).toContainText("10 live blocks");
  expect(await measure()).toEqual(before);
  await page.getByLabel("Follow").focus();
  await page.keyboard.press("a");
  await page.evaluate(() => { (document.activeElement as HTMLElement).blur(); });
  await page.keyboard.press("b");
  expect(await page.evaluate(() => (window as unknown as { keys: string[] }).keys)).toEqual(["b"]);
});
