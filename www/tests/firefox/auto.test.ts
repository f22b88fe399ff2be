import { readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { buildPackage } from "../support/package";

/** The script tag in Firefox, in a page with workers of each kind. */

const WASM = fileURLToPath(new URL("../../src/wasm/workbench-dlmalloc/", import.meta.url));
const RUN = (blocks: number): string => `WebAssembly.instantiateStreaming(fetch("dlmalloc.wasm")).then(({ instance: { exports } }) => {
  for (let i = 0; i < ${blocks}; i++) exports.allocate(1000, 8);
});`;
const FILES: Readonly<Record<string, string>> = {
  "/": `<!doctype html><title>Somebody's page</title><script>self.before = [WebAssembly.instantiate, WebAssembly.Module, Worker, URL.revokeObjectURL];</script>
    <script src="/auto/auto.js" id="tag"></script>
    <script>${RUN(30)} self.workers = [new Worker("work.js", { name: "classic" }), new Worker("work.js", { name: "module", type: "module" })];</script>`,
  "/work.js": RUN(40),
};

let folder = "";
let server: Server | undefined;
let firefox: Browser | undefined;
let page: Page | undefined;

beforeAll(async () => {
  folder = await buildPackage();
  const wasm = readFileSync(join(WASM, readdirSync(WASM).find((file) => file.endsWith("_bg.wasm"))!));
  server = createServer((request, answer) => {
    const path = new URL(request.url!, "http://localhost").pathname;
    if (path.endsWith(".wasm")) return answer.setHeader("content-type", "application/wasm").end(wasm);
    const text = path.startsWith("/auto/") ? readFileSync(join(folder, path.slice("/auto/".length))) : FILES[path];
    if (text === undefined) return answer.writeHead(404).end();
    return answer.setHeader("content-type", path === "/" ? "text/html" : "text/javascript").end(text);
  });
  await new Promise<void>((listening) => server!.listen(0, "localhost", listening));
  const binary = process.env["BONSAI_FIREFOX"];
  if (binary === undefined) throw new Error("BONSAI_FIREFOX names no Firefox; `cargo xtask test --only page` sets it");
  firefox = await puppeteer.launch({ browser: "firefox", executablePath: binary, headless: true });
  page = await firefox.newPage();
  await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
});

afterAll(async () => {
  await firefox?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

const texts = (selector: string): Promise<string[]> => page!.$$eval(`bonsai-heap-inspector >>> ${selector}`, (elements) => elements.map(({ textContent }) => textContent));

it("shows the modules of the page and of its workers, each with its heap", async () => {
  await vi.waitFor(async () => { expect(await texts("button")).toEqual(["Heap 3"]); }, { timeout: 60_000, interval: 100 });
  await page!.click("bonsai-heap-inspector >>> button");
  await vi.waitFor(async () => { expect((await texts("select[aria-label=Module] option")).sort()).toEqual(["dlmalloc.wasm", "dlmalloc.wasm in classic", "dlmalloc.wasm in module"]); }, { timeout: 60_000, interval: 100 });
  for (const [name, blocks] of [["dlmalloc.wasm", 30], ["dlmalloc.wasm in classic", 40], ["dlmalloc.wasm in module", 40]] as const) {
    const at = (await texts("select[aria-label=Module] option")).indexOf(name);
    await page!.select("bonsai-heap-inspector >>> select[aria-label=Module]", String(at));
    await vi.waitFor(async () => { expect((await texts(".found")).join()).toContain(`dlmalloc, ${blocks} live blocks`); }, { timeout: 60_000, interval: 100 });
  }
});

it("is gone with its tag", async () => {
  const same = await page!.evaluate(async () => {
    document.querySelector("#tag")!.remove();
    await new Promise((later) => setTimeout(later));
    const { before } = window as unknown as { before: unknown[] };
    const now: unknown[] = [Object.getOwnPropertyDescriptor(WebAssembly, "instantiate")?.value, WebAssembly.Module, Worker, Object.getOwnPropertyDescriptor(URL, "revokeObjectURL")?.value];
    return [now.map((each, i) => each === before[i]), document.querySelector("bonsai-heap-inspector") === null];
  });
  expect(same).toEqual([[true, true, true, true], true]);
});
