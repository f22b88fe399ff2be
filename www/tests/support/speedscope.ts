import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "@playwright/test";

/** speedscope's page, as its npm package carries it. */
const RELEASE = fileURLToPath(new URL("../../node_modules/speedscope/dist/release/", import.meta.url));
const HOST = "http://speedscope.test";
const TYPES: Record<string, string> = { html: "text/html", js: "text/javascript", css: "text/css", wasm: "application/wasm" };

/** Has speedscope open a file, as somebody does who chooses it. There is no network for it. */
export async function openInSpeedscope(browser: Browser, name: string, bytes: Buffer): Promise<Page> {
  const context = await browser.newContext();
  await context.route("**/*", (route) => {
    const { origin, pathname } = new URL(route.request().url());
    if (origin !== HOST) return route.abort();
    const file = pathname === "/" ? "index.html" : pathname.slice(1);
    try {
      return route.fulfill({ contentType: TYPES[file.split(".").at(-1)] ?? "application/octet-stream", body: readFileSync(join(RELEASE, file)) });
    } catch {
      return route.fulfill({ status: 404 });
    }
  });
  const page = await context.newPage();
  await page.goto(HOST);
  await page.locator("input[type=file]").setInputFiles({ name, mimeType: "application/json", buffer: bytes });
  return page;
}
