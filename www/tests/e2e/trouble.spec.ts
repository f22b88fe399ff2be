import { test as plain } from "@playwright/test";
import { expect, figure, open, panel, test, write } from "../support/page";

// The browser itself reports what could not be loaded, so these two have no quiet console.
plain("a module that cannot be loaded is said to be so, and can be tried again", async ({ page }) => {
  let broken = true;
  await page.route(/heap_bg|_bg.*\.wasm/, (route) => (broken ? route.abort() : route.continue()));
  await page.goto("./");
  await expect(page.getByRole("alert")).toContainText("The module for “Heap” could not be started");
  broken = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("parsed in")).toBeVisible();
});

plain("a sandbox that cannot be loaded says so", async ({ page }) => {
  await page.route(/_bg.*\.wasm/, (route) => route.abort());
  await page.goto("./#sandbox");
  await expect(page.locator("sandbox-view").getByRole("alert")).toContainText("could not be started");
});

test("a program that its allocator stopped says why", async ({ page }) => {
  await page.route(/bonsai_demo.*\.js/, async (route) => {
    const response = await route.fetch();
    const script = await response.text();
    // As one with `checked` would: the report is in memory when the call traps.
    const checked = `
      let stopped;
      async function started(from) {
        const exports = await __wbg_init(from);
        stopped = () => {
          const text = new TextEncoder().encode("bonsai_alloc: double free: <b>Heap</b> 1");
          new DataView(exports.memory.buffer).setUint32(64, text.length, true);
          new Uint8Array(exports.memory.buffer).set(text, 68);
          throw new WebAssembly.RuntimeError("unreachable");
        };
        return { ...exports, BONSAI_REPORT: new WebAssembly.Global({ value: "i32" }, 64) };
      }
      export function parse(kind, source) {
        return source.includes("trap") ? stopped() : parses(kind, source);
      }`;
    const patched = script
      .replace("export function parse(", "function parses(")
      .replace("__wbg_init as default", "started as default");
    await route.fulfill({ response, body: patched + checked });
  });
  await open(page);
  await write(page, '["trap"]');
  await page.getByRole("button", { name: /^Parse/ }).click();
  await expect(page.getByRole("alert")).toContainText(
    "It could not go on (unreachable). Its allocator says: “bonsai_alloc: double free: <b>Heap</b> 1”. A trapped instance",
  );
});

test("a module that traps is said to have stopped, its heap stays in sight, and a fresh one starts", async ({ page }) => {
  await page.route(/bonsai_demo.*\.js/, async (route) => {
    const response = await route.fetch();
    const script = await response.text();
    const trapping = `
      export function parse(kind, source) {
        if (source.includes("trap")) throw new WebAssembly.RuntimeError("unreachable");
        return parses(kind, source);
      }`;
    const patched = script.replace("export function parse(", "function parses(");
    await route.fulfill({ response, body: patched === script ? script : patched + trapping });
  });
  await open(page);
  const live = await figure(page, "live");
  await write(page, '["trap"]');
  await page.getByRole("button", { name: /^Parse/ }).click();
  await expect(page.getByRole("alert")).toContainText("The module stopped.");
  expect(await figure(page, "live")).toBe(live);
  await expect(page.getByRole("button", { name: "Clear" })).toBeDisabled();
  await write(page, "[1, 2]");
  await page.getByRole("button", { name: "Start a fresh module" }).click();
  await expect(page.getByText(/6 B, parsed in/)).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);
});

/** Points the page's inspector at memory made for the purpose. */
const attach = (words: Record<number, number>, descriptor: number | null) => ({ words, descriptor });

const bad: [string, ReturnType<typeof attach>, RegExp][] = [
  ["without a descriptor", attach({}, null), /Add “bonsai_alloc::inspectable!/],
  ["with a descriptor outside of memory", attach({}, 0x7fffffff), /which is not in its memory/],
  ["with something else there", attach({}, 1024), /no description of a heap/],
  ["of a newer version", attach({ 1024: 0x534e4f42, 1028: 99 }, 1024), /version 99 of the layout/],
  [
    "whose free list runs in a circle",
    attach({ 1024: 0x534e4f42, 1028: 1, 1032: 4, 1036: 9, 1048: 2048, 1052: 1, 1056: 5, 2048: 4096, 4096: 4096 }, 1024),
    /runs in a circle/,
  ],
  [
    "whose map leaves memory",
    attach(
      {
        1024: 0x534e4f42, 1028: 1, 1032: 2, 1036: 11, 1040: 2048, 1044: 2048, 1048: 2052, 1052: 2056, 1056: 2060,
        1060: 4, 1064: 2048, 2052: 4096, 2056: 0xffffffff, 2060: 8192,
      },
      1024,
    ),
    /leads out of memory/,
  ],
];

for (const [what, { words, descriptor }, message] of bad) {
  test(`a module ${what} gets a sentence, and the page stays usable`, async ({ page }) => {
    await open(page);
    await page.locator("heap-inspector:visible").evaluate(
      (inspector, heap) => {
        const memory = new WebAssembly.Memory({ initial: 1 });
        const view = new DataView(memory.buffer);
        for (const [at, word] of Object.entries(heap.words)) view.setUint32(Number(at), word, true);
        const exports =
          heap.descriptor === null
            ? { memory }
            : { memory, BONSAI_HEAP: new WebAssembly.Global({ value: "i32" }, heap.descriptor) };
        const element = inspector as unknown as { attach: (e: object) => void; refresh: (l: string) => void };
        element.attach(exports);
        element.refresh("attach");
      },
      { words, descriptor },
    );
    await expect(page.locator("heap-inspector:visible .note")).toHaveText(message);
    await page.getByLabel("Allocator", { exact: true }).selectOption("Buddy");
    await panel(page, "Structure");
    await expect(page.getByRole("heading", { name: "Buddy orders" })).toBeVisible();
    await expect(page.locator("heap-inspector:visible .note")).toHaveCount(0);
  });
}
