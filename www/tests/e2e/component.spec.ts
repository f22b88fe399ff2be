import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { buildPackage } from "../support/package";
import { expect, figure, test } from "../support/page";
import { dress, expectSound, LOOKS } from "../support/sound";

/** The npm package as it is published, in a page that has nothing else, on modules without glue. */
const HOST = "http://element.test";
const WASM = fileURLToPath(new URL("../../src/wasm/", import.meta.url));

let folder = "";
test.beforeAll(async () => {
  folder = await buildPackage();
});
test.afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function module(allocator: string): Buffer {
  const at = join(WASM, ["dlmalloc", "talc"].includes(allocator) ? `workbench-${allocator}` : `demo-${allocator}`);
  return readFileSync(join(at, readdirSync(at).find((name) => name.endsWith("_bg.wasm"))!));
}

async function bare(page: Page, style = ""): Promise<void> {
  await page.route(`${HOST}/**`, (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname.endsWith(".js")) {
      return route.fulfill({ contentType: "text/javascript", body: readFileSync(join(folder, pathname.slice(1))) });
    }
    const wasm = /^\/(\w+)\.wasm$/.exec(pathname)?.[1];
    if (wasm !== undefined) return route.fulfill({ contentType: "application/wasm", body: module(wasm) });
    return route.fulfill({
      contentType: "text/html",
      body: `<!doctype html><html lang="en"><title>bare</title><style>${style}</style><link rel="icon" href="data:,">
        <main><h1>Somebody's page</h1><heap-inspector></heap-inspector></main><script type="module" src="heap-inspector.js"></script>`,
    });
  });
  await page.goto(`${HOST}/`);
  await page.evaluate(() => customElements.whenDefined("heap-inspector"));
}

/** Starts a module with imports that do nothing; its exports stay in `window.heap`. */
async function start(page: Page, allocator: string): Promise<void> {
  await page.evaluate(async (name) => {
    const compiled = await WebAssembly.compileStreaming(fetch(`${name}.wasm`));
    const imports: Record<string, Record<string, () => number>> = {};
    for (const { module: from, name: item } of WebAssembly.Module.imports(compiled)) (imports[from] ??= {})[item] = () => 0;
    const { exports } = await WebAssembly.instantiate(compiled, imports);
    Object.assign(window, { heap: exports });
  }, allocator);
}

interface Heap {
  __wbindgen_malloc: (size: number, align: number) => number;
  __wbindgen_free: (at: number, size: number, align: number) => void;
  memory: WebAssembly.Memory;
  BONSAI_HEAP: WebAssembly.Global;
}
declare global {
  interface Window {
    heap: Heap;
  }
}

for (const allocator of ["heap", "slab", "buddy", "bump"]) {
  test(`attaches to a ${allocator} without glue, and follows what it allocates`, async ({ page }) => {
    await bare(page);
    await start(page, allocator);
    await page.evaluate(() => {
      const inspector = document.querySelector("heap-inspector")!;
      window.heap.__wbindgen_malloc(1000, 8);
      inspector.attach(window.heap);
      inspector.refresh("first");
    });
    const live = allocator === "bump" ? "used" : "live";
    const before = await figure(page, live);
    expect(before).toBeGreaterThanOrEqual(1000);
    // Grows several times; each time the buffer before is detached.
    const lengths = await page.evaluate(() => {
      const inspector = document.querySelector("heap-inspector")!;
      const old = window.heap.memory.buffer;
      for (let i = 0; i < 5; i++) {
        window.heap.__wbindgen_malloc(3_000_000, 8);
        inspector.refresh(`step ${i}`);
      }
      return [old.byteLength, inspector.moments.length];
    });
    expect(lengths).toEqual([0, 6]);
    await expect.poll(() => figure(page, live)).toBeGreaterThanOrEqual(15_000_000);
    await expect(page.getByRole("region", { name: "Address map" })).toBeVisible();
  });
}

test("takes a memory and an address, and looks by itself where something changed", async ({ page }) => {
  await bare(page);
  await start(page, "heap");
  const moments = (): Promise<number> => page.evaluate(() => document.querySelector("heap-inspector")!.moments.length);
  await page.evaluate(() => {
    const inspector = document.querySelector("heap-inspector")!;
    window.heap.__wbindgen_malloc(1000, 8);
    inspector.setAttribute("interval", "20");
    inspector.attach({ memory: window.heap.memory, descriptor: Number(window.heap.BONSAI_HEAP.value) });
  });
  await expect.poll(moments).toBe(1);
  await page.evaluate(() => {
    window.heap.__wbindgen_malloc(5000, 8);
  });
  await expect.poll(moments).toBe(2);
  await page.waitForTimeout(200);
  expect(await moments(), "a heap at rest gives no moments").toBe(2);
});

for (const allocator of ["dlmalloc", "talc"]) {
  test(`shows the heap of a module on ${allocator}, which nobody described`, async ({ page }) => {
    await bare(page);
    await start(page, allocator);
    await page.evaluate(() => {
      const heap = window.heap as unknown as { allocate: (size: number, align: number) => number; memory: WebAssembly.Memory };
      for (let i = 0; i < 100; i++) heap.allocate(1000, 8);
      const inspector = document.querySelector("heap-inspector")!;
      inspector.attach({ memory: heap.memory });
      inspector.refresh("hundred");
    });
    await expect(page.locator(".found")).toContainText(allocator);
    await expect(page.locator(".found")).toContainText(/100 live blocks\. Of \d+ pages, \d+ are data and stack, \d+ are heap/);
    expect(await figure(page, "live")).toBeGreaterThanOrEqual(100_000);
    await page.evaluate(() => {
      const heap = window.heap as unknown as { allocate: (size: number, align: number) => number };
      for (let i = 0; i < 50; i++) heap.allocate(100_000, 8);
      document.querySelector("heap-inspector")!.refresh("fifty, and memory grew");
    });
    await expect(page.locator(".found")).toContainText("150 live blocks");
  });
}

test("calls nothing of the module", async ({ page }) => {
  await bare(page);
  await start(page, "heap");
  const calls = await page.evaluate(() => {
    let count = 0;
    window.heap.__wbindgen_malloc(100, 8);
    const exports = new Proxy(window.heap, {
      get: (target, name) => {
        const value = (target as unknown as Record<string | symbol, unknown>)[name];
        return typeof value === "function" ? () => (count += 1) : value;
      },
    });
    const inspector = document.querySelector("heap-inspector")!;
    inspector.attach(exports);
    inspector.refresh("look");
    return count;
  });
  expect(calls).toBe(0);
  await expect(page.getByRole("region", { name: "Timeline" })).toBeVisible();
});

test("refuses a module without a heap, and one without memory, with a sentence that says what to add", async ({ page }) => {
  await bare(page);
  const note = page.locator("heap-inspector .note");
  await page.evaluate(() => {
    document.querySelector("heap-inspector")!.attach({ memory: new WebAssembly.Memory({ initial: 1 }) });
  });
  await expect(note).toContainText("bonsai_alloc::inspectable!(HEAP);");
  await page.evaluate(() => {
    document.querySelector("heap-inspector")!.attach({});
  });
  await expect(note).toContainText("exports no memory");
});

test("lets no style in, and none out", async ({ page }) => {
  await bare(page, "* { color: rgb(255, 0, 0) !important; letter-spacing: 1em } p, h2 { display: none !important }");
  await start(page, "slab");
  await page.evaluate(() => {
    const inspector = document.querySelector("heap-inspector")!;
    window.heap.__wbindgen_malloc(100, 8);
    inspector.attach(window.heap);
    inspector.refresh("look");
    document.body.append(Object.assign(document.createElement("div"), { className: "note error", textContent: "outside" }));
  });
  await expect(page.getByRole("region", { name: "Address map" })).toBeVisible();
  const outside = page.getByText("outside", { exact: true });
  expect(await outside.evaluate((element) => getComputedStyle(element).borderLeftWidth)).toBe("0px");
});

for (const look of LOOKS) {
  test(`is sound in somebody's page, ${look.colours} at ${look.width} px, before and after it is attached`, async ({ page }) => {
    await dress(page, look);
    await bare(page, "body { margin: 8px }");
    await expectSound(page);
    await start(page, "heap");
    await page.evaluate(() => {
      const inspector = document.querySelector("heap-inspector")!;
      window.heap.__wbindgen_malloc(1000, 8);
      inspector.attach(window.heap);
      inspector.refresh("look");
    });
    await expect(page.getByRole("region", { name: "Timeline" })).toBeVisible();
    await expectSound(page);
  });
}

test("is as large in a page whose root has small type, keeps off the edge, and scrolls in a height that is given", async ({ page }) => {
  const measured: unknown[] = [];
  for (const style of ["", "html { font-size: 62.5% }"]) {
    await bare(page, `${style} body { margin: 0 } heap-inspector { height: 300px; margin-top: 0 }`);
    await start(page, "heap");
    await page.evaluate(() => {
      const inspector = document.querySelector("heap-inspector")!;
      window.heap.__wbindgen_malloc(1000, 8);
      inspector.attach(window.heap);
      inspector.refresh("look");
    });
    await expect(page.getByRole("heading", { name: "Timeline" })).toBeVisible();
    measured.push(
      await page.evaluate(() => {
        const sizes: number[] = [];
        const visit = (root: ShadowRoot): void => {
          for (const element of root.querySelectorAll("*")) {
            if (element.shadowRoot !== null) visit(element.shadowRoot);
            const texts = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim() !== "");
            if (texts && element.tagName !== "STYLE") sizes.push(parseFloat(getComputedStyle(element).fontSize));
          }
        };
        const host = document.querySelector("heap-inspector")!;
        visit(host.shadowRoot!);
        const first = host.shadowRoot!.querySelector("h2, heap-headline, heap-status")!;
        return {
          smallest: Math.min(...sizes),
          largest: Math.max(...sizes),
          edge: first.getBoundingClientRect().left - host.getBoundingClientRect().left,
          height: host.getBoundingClientRect().height,
          scrolls: host.scrollHeight > host.clientHeight && getComputedStyle(host).overflowY === "auto",
        };
      }),
    );
  }
  expect(measured[1]).toEqual(measured[0]);
  expect(measured[0]).toMatchObject({ edge: 16, height: 300, scrolls: true });
  expect((measured[0] as { smallest: number }).smallest).toBeGreaterThanOrEqual(11);
});
