import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import type { BenchHeap } from "./heaps";

/** Opens a page with nothing but an inspector, attached to a heap that was looked at twice. */
export async function show(page: Page, folder: string, heap: BenchHeap): Promise<void> {
  await page.unrouteAll();
  const body = "<!doctype html><heap-inspector></heap-inspector><script type=module src=heap-inspector.js></script>";
  await page.route("http://bench.test/**", (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname.endsWith(".js")) {
      return route.fulfill({ contentType: "text/javascript", body: readFileSync(join(folder, "heap-inspector.js")) });
    }
    if (pathname === "/memory") return route.fulfill({ contentType: "application/octet-stream", body: Buffer.from(heap.bytes) });
    return route.fulfill({ contentType: "text/html", body });
  });
  await page.goto("http://bench.test/");
  await page.evaluate(async (descriptor) => {
    await customElements.whenDefined("heap-inspector");
    const bytes = new Uint8Array(await (await fetch("memory")).arrayBuffer());
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes.length / 65536) });
    new Uint8Array(memory.buffer).set(bytes);
    const inspector = document.querySelector("heap-inspector")!;
    (inspector as { bench?: WebAssembly.Memory } & Element).bench = memory;
    inspector.attach({ memory, descriptor });
    for (let i = 0; i < 2; i++) {
      inspector.refresh("look");
      await new Promise((done) => setTimeout(done, 100));
    }
    await new Promise((done) => setTimeout(done, 500));
  }, heap.descriptor);
}
