import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import puppeteer, { type Browser, type ElementHandle, type Page } from "puppeteer-core";
import { build, preview, type PreviewServer } from "vite";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { churnModule } from "../support/churn";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TIMELINE = ".drawing[role=slider]";

let folder = "";
let server: PreviewServer | undefined;
let firefox: Browser | undefined;
let page: Page | undefined;

/** Puppeteer's `>>>` looks through all shadow roots. */
const text = (selector: string): Promise<string> =>
  page!.$eval(`>>> ${selector}`, (element) => element.textContent).catch(() => "");
const attribute = (selector: string, name: string): Promise<string> =>
  page!.$eval(`>>> ${selector}`, (element, name) => element.getAttribute(name) ?? "", name).catch(() => "");
const focus = (selector: string): Promise<void> => page!.focus(`>>> ${selector}`);
/** The text of the element with the focus. */
const focused = (): Promise<string> =>
  page!.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement != null) element = element.shadowRoot.activeElement;
    return element?.textContent.trim() ?? "";
  });
/** Waits for an element. Puppeteer's own `waitForSelector` tries again when the document changes, and misses changes in shadow roots. */
const appears = (selector: string): Promise<ElementHandle> =>
  vi.waitFor(async () => (await page!.$(`>>> ${selector}`)) ?? Promise.reject(new Error(`there is no ${selector}`)), { timeout: 60_000, interval: 100 });
const eventually = (assertion: () => Promise<void>): Promise<void> => vi.waitFor(assertion, { timeout: 60_000, interval: 100 });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "page-"));
  await build({ root: ROOT, logLevel: "error", build: { outDir: folder, emptyOutDir: true } });
  server = await preview({ root: ROOT, logLevel: "error", build: { outDir: folder }, preview: { port: 0 } });
  const binary = process.env["BONSAI_FIREFOX"];
  if (binary === undefined) throw new Error("BONSAI_FIREFOX names no Firefox; `cargo xtask test --only page` sets it");
  firefox = await puppeteer.launch({ browser: "firefox", executablePath: binary, headless: true });
  page = await firefox.newPage();
  await page.goto(server.resolvedUrls!.local[0]!);
});

afterAll(async () => {
  await firefox?.close();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

it("parses a sample, and shows its heap", async () => {
  await eventually(async () => { expect(await text(".outcome")).toContain("parsed in"); });
  await eventually(async () => { expect(await attribute('[data-figure="live"] .number', "title")).toMatch(/^[\d,]{6,} B$/); });
  const painted = await page!.$eval(">>> canvas.ground", (element) => {
    const { data } = element.getContext("2d")!.getImageData(0, 0, element.width, element.height);
    return new Set(new Uint32Array(data.buffer)).size;
  });
  expect(painted, "colours on the map").toBeGreaterThan(4);
});

it("is explored by keyboard: blocks, then moments", async () => {
  await focus(".field-of-view");
  await page!.keyboard.press("Home");
  await page!.keyboard.press("ArrowRight");
  await eventually(async () => { expect(await attribute(".field-of-view", "aria-valuenow")).toBe("1"); });
  await eventually(async () => { expect(await text(".neighbours")).toContain("0x"); });
  await focus(TIMELINE);
  await page!.keyboard.press("Home");
  await eventually(async () => { expect(await attribute(TIMELINE, "aria-valuetext")).toContain("Moment 1, start"); });
  await page!.keyboard.press("Escape");
  await eventually(async () => { expect(await attribute(TIMELINE, "aria-valuetext")).toMatch(/, now$/); });
});

it("records a published package from its first instruction, by keyboard, and agrees with its heap", async () => {
  await focus("source-picker >>> button");
  await page!.keyboard.press("Enter");
  const input = await (await appears("source-picker >>> input[type=file]")).toElement("input");
  await input.uploadFile(...["wasm", "js"].map((kind) => join(ROOT, `node_modules/sql.js/dist/sql-wasm.${kind}`)));
  await appears("module-functions >>> tbody tr");
  // The button that starts it has the focus.
  await eventually(async () => { expect(await focused()).toBe("Start"); });
  await page!.keyboard.press("Enter");
  await appears("call-line >>> input");
  await focus("call-line >>> input");
  await page!.keyboard.type("new Database()");
  await page!.keyboard.press("Enter");
  await eventually(async () => { expect(await text(".found")).toMatch(/^dlmalloc, \d+ live blocks/); });
  await eventually(async () => { expect(await text(".recorded")).toMatch(/All \d+ live blocks were recorded/); });
});

it("keeps a long recording of any module in its file system, and reads it from there", async () => {
  const module = join(folder, "churn.wasm");
  writeFileSync(module, churnModule());
  const press = async (name: string): Promise<void> => {
    const button = await appears(`::-p-aria([name="${name}"][role="button"])`);
    await button.click();
  };
  await focus("source-picker >>> button");
  await page!.keyboard.press("Enter");
  const input = await (await appears("source-picker >>> input[type=file]")).toElement("input");
  await input.uploadFile(module);
  await press("Start");
  await appears("call-line >>> input");
  await focus("call-line >>> input");
  await page!.keyboard.type("churn(2100000)");
  await page!.keyboard.press("Enter");
  await eventually(async () => { expect(await text(".recorded")).toMatch(/4,2\d\d,\d\d\d records/); });
  await press("Stop recording");
  await press("Open the recording");
  await eventually(async () => { expect(await text(".outcome")).toMatch(/churn.*\.bontrace: 4,2\d\d,\d\d\d records\./); });
  const stored = await page!.evaluate(async () => {
    let bytes = 0;
    const root = await (await navigator.storage.getDirectory()).getDirectoryHandle("bonsai-recordings");
    for await (const recording of root.values()) {
      for await (const file of (recording as FileSystemDirectoryHandle).values()) bytes += (await (file as FileSystemFileHandle).getFile()).size;
    }
    return bytes;
  });
  expect(stored).toBeGreaterThan(4_200_000 * 16);
});
