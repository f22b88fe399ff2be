import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "../support/page";

/** The page as it is published: a folder of a static host, and after the first visit without a network. */

const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));
const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm", ".svg": "image/svg+xml" };
const FOLDER = "/some/project/";

test.use({ serviceWorkers: "allow" });

let server: Server;
let asked = 0;
test.beforeAll(async () => {
  server = createServer((request, response) => {
    asked++;
    const path = new URL(request.url!, "http://host").pathname;
    const file = path.startsWith(FOLDER) ? join(DIST, path.slice(FOLDER.length) || "index.html") : "";
    try {
      response.setHeader("content-type", TYPES[extname(file)] ?? "text/plain").end(readFileSync(file));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
});
test.afterAll(() => {
  server.close();
});

test("works from a folder of a host, and after the first visit without a network", async ({ page, context }) => {
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}${FOLDER}`;
  await page.goto(address);
  await expect(page.locator("heap-inspector").first()).toBeVisible();
  await expect.poll(() => page.evaluate(async () => (await navigator.serviceWorker.ready).active?.state)).toBe("activated");
  await context.setOffline(true);
  await page.reload();
  asked = 0;
  await page.reload();
  await expect(page.getByText("parsed in")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Address map" })).toBeVisible();
  // Other modules than the first visit needed.
  await page.goto(`${address}#sandbox`);
  await page.reload();
  await expect(page.getByRole("button", { name: "Allocate" })).toBeEnabled();
  expect(asked).toBe(0);
});
