import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "@playwright/test";
import { buildPackage } from "../support/package";

/**
 * Measures the inspector on a heap of a million granules, and prints what it took: nothing is
 * asserted. `npm run bench`.
 */
test("a million granules", async ({ page }) => {
  test.setTimeout(300_000);
  const folder = await buildPackage();
  await page.route("http://bench.test/**", (route) =>
    new URL(route.request().url()).pathname.endsWith(".js")
      ? route.fulfill({ contentType: "text/javascript", body: readFileSync(join(folder, "heap-inspector.js")) })
      : route.fulfill({
          contentType: "text/html",
          body: "<!doctype html><heap-inspector></heap-inspector><script type=module src=heap-inspector.js></script>",
        }),
  );
  await page.goto("http://bench.test/");
  await page.evaluate(() => customElements.whenDefined("heap-inspector"));
  const rows = await page.evaluate(async () => {
    const GRANULES = 2 ** 20;
    const ORIGIN = 4096;
    // A heap of kind 5, as docs/heap-layout.md has it: blocks of 1 to 4 granules, a third of them free.
    const memory = new WebAssembly.Memory({ initial: 300 });
    const view = new DataView(memory.buffer);
    const word = (at: number, value: number): void => { view.setUint32(at, value, true); };
    const end = ORIGIN + GRANULES - GRANULES / 64;
    const table = new Uint8Array(memory.buffer, end * 16, GRANULES / 4);
    const mark = (at: number, bits: number): void => { table[(at - ORIGIN) >> 2]! |= bits << (((at - ORIGIN) & 3) * 2); };
    let seed = 7;
    const next = (): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
    let count = 2;
    mark(ORIGIN, 1);
    let at = ORIGIN + 1;
    for (let free = false; at < end - 64; count++) {
      const size = 1 + Math.floor(next() * 4);
      free = !free && next() < 0.5;
      mark(at, free ? 3 : 1);
      if (free) mark(at + size - 1, 2);
      at += size;
    }
    mark(at, 1);
    [0x534e4f42, 1, 5, 15, 256, 260, 264, 268, 272, 276, 280, 284, 512, 0, 64].forEach((value, i) => { word(64 + 4 * i, value); });
    [GRANULES * 16, 1, end * 16, ORIGIN, at, end, ORIGIN + GRANULES, ORIGIN].forEach((value, i) => { word(256 + 4 * i, value); });

    const inspector = document.querySelector("heap-inspector")!;
    const frame = (): Promise<number> => new Promise((done) => requestAnimationFrame(done));
    const timed = async (what: () => void): Promise<number> => {
      await frame();
      const begin = performance.now();
      what();
      await (inspector as unknown as { updateComplete: Promise<unknown> }).updateComplete;
      // Lit updates elements inside of elements in the same task; the frame is drawn after it.
      await new Promise((done) => setTimeout(done));
      return performance.now() - begin;
    };
    const said: Record<string, number[]> = {};
    const measure = async (name: string, times: number, what: (i: number) => void): Promise<void> => {
      const all: number[] = [];
      for (let i = 0; i < times; i++) all.push(await timed(() => { what(i); }));
      said[name] = all.sort((a, b) => a - b);
    };
    inspector.attach({ memory, descriptor: 64 });
    await measure("first look", 1, () => { inspector.refresh("look"); });
    const field = inspector.shadowRoot!.querySelector("heap-map")!.shadowRoot!.querySelector(".field-of-view")!;
    const key = (name: string): void => { field.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true })); };
    await measure("choose a block", 30, () => { key("ArrowDown"); });
    await measure("zoom in", 8, () => { key("+"); });
    await measure("move by a screen", 30, () => { key("PageDown"); });
    await measure("zoom out", 8, () => { key("-"); });
    await measure("look again, all the same", 8, () => { inspector.refresh("look"); });
    await measure("look again, one block another", 8, (i) => {
      // A live block of one granule becomes a free one.
      table[1000 + i]! ^= 0b10;
      inspector.refresh("look");
    });
    return Object.entries({ ...said, blocks: [count] }).map(([name, all]) => [name, all[all.length >> 1]!, all[all.length - 1]!] as const);
  });
  for (const [name, median, most] of rows) {
    const said = name === "blocks" ? `${median.toFixed(0)} blocks` : `${name}: median ${median.toFixed(1)} ms, most ${most.toFixed(1)} ms`;
    process.stdout.write(`${said}\n`);
  }
  rmSync(folder, { recursive: true, force: true });
});
