import type { Page } from "@playwright/test";
import { choose, expect, figure, inspector, map, open, panel, sample, test, write } from "../support/page";

/** The place of what is inside of the shadow roots, in the window. */
const box = async (page: Page, selector: string): Promise<{ x: number; y: number; width: number; height: number }> =>
  (await page.locator(`${selector}:visible`).first().boundingBox())!;

test("all of the workspace is in the window: the map, the panels, what is called, and nothing scrolls", async ({ page }) => {
  for (const [width, height] of [[1440, 900], [1280, 720]] as const) {
    await page.setViewportSize({ width, height });
    await open(page, "#inspect?v=1&on=slab");
    await map(page).press("End");
    expect(await page.evaluate(() => document.documentElement.scrollHeight - innerHeight)).toBeLessThanOrEqual(0);
    const block = await box(page, "heap-block");
    expect(block.y + 60).toBeLessThan(height);
    await page.goto("./#inspect?v=1&module=bare");
    await expect(page.getByRole("button", { name: "Call", exact: true })).toBeInViewport();
    await expect(map(page)).toBeInViewport({ ratio: 1 });
  }
});

test("a larger window is a larger map, in both directions", async ({ page }) => {
  let before = { width: 0, height: 0 };
  for (const [width, height] of [[1280, 800], [1440, 900], [1920, 1080], [2560, 1440]] as const) {
    await page.setViewportSize({ width, height });
    if (before.width === 0) await open(page);
    const now = await box(page, "heap-map .field-of-view");
    expect(now.width, `${width}`).toBeGreaterThan(before.width);
    expect(now.height, `${height}`).toBeGreaterThan(before.height);
    expect(now.height).toBeGreaterThan(height / 2);
    before = now;
  }
});

test("on a phone the map is in the first window, and the panels are a sheet that closes", async ({ page }) => {
  await page.setViewportSize({ width: 400, height: 850 });
  await open(page);
  const field = await box(page, "heap-map .field-of-view");
  expect(field.y).toBeLessThan(450);
  expect(field.height).toBeGreaterThanOrEqual(290);
  await map(page).click({ position: { x: 100, y: 100 } });
  await expect(page.getByRole("region", { name: "Chosen block" })).toBeInViewport();
  await panel(page, "Block");
  await expect(page.getByRole("tabpanel", { name: "Block" })).toHaveCount(0);
  await panel(page, "Sizes");
  await expect(page.getByRole("heading", { name: "Live blocks by size" })).toBeInViewport();
});

test("the ring of a recording is folded: the heap fills the map, and addresses stay what they are", async ({ page }) => {
  await open(page);
  const span = await page.locator("heap-map:visible").evaluate((element) => {
    const { reach, snapshot } = element as unknown as { reach: [number, number]; snapshot: { start: number; end: number } };
    return { drawn: reach[1] - reach[0], heap: snapshot.end - snapshot.start };
  });
  expect(span.heap, "the ring lies in the middle of the heap").toBeGreaterThan(2 * 2 ** 20);
  expect(span.drawn).toBeLessThan(span.heap / 2);
  // The last block is behind the fold; its address is told, not its place.
  await map(page).press("End");
  const address = /^0x([0-9a-f]+)/.exec((await map(page).getAttribute("aria-valuetext"))!)![1]!;
  expect(parseInt(address, 16)).toBeGreaterThan(2 * 2 ** 20);
});

test("the strip has an area for the newest moment, and few moments fill it", async ({ page }) => {
  await open(page);
  for (let i = 0; i < 3; i++) await page.getByRole("button", { name: /^Parse/ }).click();
  const line = page.getByRole("slider", { name: "Moments of the heap" });
  await expect(line).toHaveAttribute("aria-valuemax", "5");
  const over = await box(page, "heap-timeline .u-over");
  // The last fifth is the newest moment's.
  await page.mouse.click(over.x + over.width * 0.1, over.y + 20);
  await expect(line).toHaveAttribute("aria-valuenow", "1");
  await page.mouse.click(over.x + over.width * 0.9, over.y + 20);
  await expect(line).toHaveAttribute("aria-valuenow", "5");
});

test("a link has all that can be seen: the sample, the allocators, the panel, the colours and the drawer", async ({ page }) => {
  await open(page);
  await expect(page).toHaveURL(/\/(#inspect)?$/);
  await choose(page, "Buddy");
  await sample(page, "Words");
  await expect(page.getByText(/words\.txt, .* parsed in/)).toBeVisible();
  await panel(page, "Structure");
  await inspector(page).getByLabel("Colour by").selectOption("size");
  await page.locator("inspect-drawer").getByRole("tab", { name: "Leaks" }).click();
  await expect(page).toHaveURL(/#inspect\?v=1&sample=poem&on=buddy&panel=structure&colour=size&below=leaks$/);
  await page.reload();
  await expect(page.getByText(/words\.txt, .* parsed in/)).toBeVisible();
  await expect(page.getByLabel("Allocator", { exact: true })).toHaveValue("buddy");
  await expect(page.getByRole("heading", { name: "Buddy orders" })).toBeVisible();
  await expect(inspector(page).getByLabel("Colour by")).toHaveValue("size");
  await expect(page.locator("trace-leaks")).toBeVisible();
  // A text of one's own goes along where it is short.
  await write(page, "two words");
  await expect(page).toHaveURL(/name=words\.txt&as=text&text=two\+words/);
  await page.reload();
  await expect(page.getByText("2 words in 1 line, 2 different")).toBeVisible();
});

test("a link has the moments of a text, the one that is looked at, the zoom and the block", async ({ page }) => {
  await open(page);
  await page.getByRole("button", { name: "Clear", exact: true }).click();
  await page.getByRole("button", { name: /^Parse/ }).click();
  await expect(page).toHaveURL(/#inspect\?v=1&did=pcp$/);
  const line = page.getByRole("slider", { name: "Moments of the heap" });
  await line.press("ArrowLeft");
  await line.press("ArrowLeft");
  await expect(page.getByText("Viewing #2 (parse), 2 steps back.")).toBeVisible();
  await map(page).press("End");
  for (let i = 0; i < 3; i++) await map(page).press("+");
  const zoomed = (): Promise<unknown> =>
    page.locator("heap-map:visible").evaluate((element) => {
      const { start, bytesPerRow, rows } = (element as unknown as { window: { start: number; bytesPerRow: number; rows: number } }).window;
      return { start, bytesPerRow, rows };
    });
  const block = await map(page).getAttribute("aria-valuetext");
  await expect(page).toHaveURL(/did=pcp&moment=2&zoom=[0-9a-f]+\.\d+&block=[0-9a-f]+$/);
  const before = await zoomed();
  await page.reload();
  await expect(page.getByText("Viewing #2 (parse), 2 steps back.")).toBeVisible();
  await expect(line).toHaveAttribute("aria-valuemax", "4");
  await expect(map(page)).toHaveAttribute("aria-valuetext", block!);
  await expect.poll(zoomed).toEqual(before);
  // A range, too: what came in it is drawn.
  await line.press("End");
  await line.press("Shift+ArrowLeft");
  await expect(page).toHaveURL(/moment=3\.4/);
  await page.reload();
  await expect(page.locator("heap-status:visible .sentence")).toContainText("from #3 (clear) to #4 (parse).");
  await expect(page.getByLabel("Colour by").locator("visible=true")).toHaveValue("change");
  // Moments with another text before cannot be made again: such a link has none.
  await sample(page, "Words");
  await expect(page).toHaveURL(/#inspect\?v=1&sample=poem&below=sites&zoom=/);
});

test("a link to a file says that it cannot carry it, and a wrong link what is wrong", async ({ page }) => {
  await open(page, "#inspect?v=1&file=mine.wasm");
  await expect(page.getByRole("alert")).toContainText("mine.wasm, a file that a link cannot carry");
  await page.goto("about:blank");
  await open(page, "#inspect?v=1&on=jemalloc");
  await expect(page.getByRole("alert")).toHaveText(/its part “on” reads “jemalloc”/);
});

test("nothing moves while the page loads", async ({ page }) => {
  await page.addInitScript(() => {
    const shifts = Object.assign(window, { shifts: 0 });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) shifts.shifts += (entry as unknown as { value: number }).value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  await open(page);
  await page.waitForTimeout(500);
  expect(await page.evaluate(() => (window as unknown as { shifts: number }).shifts)).toBeLessThan(0.02);
});

test("the head names each file that the first heap needs, once, and none for another room", async ({ page }) => {
  const asked: string[] = [];
  page.on("request", (request) => { if (/\.(js|wasm)$/.test(new URL(request.url()).pathname)) asked.push(request.url()); });
  await open(page);
  const named = (): Promise<string[]> =>
    page.evaluate(() => [...document.head.querySelectorAll<HTMLLinkElement | HTMLScriptElement>("link[rel$=preload], script[src]")].map((element) => ("href" in element ? element.href : element.src)));
  expect(asked.sort()).toEqual([...new Set(await named())].sort());
  expect(asked.filter((url) => url.endsWith(".wasm"))).toHaveLength(1);
  await page.goto("about:blank");
  await open(page, "#inspect?v=1&on=slab");
  expect((await named()).filter((url) => url.includes("demo"))).toEqual([]);
  await page.goto("about:blank");
  await open(page, "#sandbox");
  expect((await named()).filter((url) => /inspect|demo/.test(url))).toEqual([]);
});

test("the same text on two allocators stands side by side, on one scale", async ({ page }) => {
  await open(page);
  const alone = await figure(page, "live");
  await page.getByLabel("Allocator beside it").selectOption("Buddy");
  await expect(page.locator("heap-inspector:visible")).toHaveCount(2);
  const bytesPerRow = (): Promise<number[]> =>
    page.locator("heap-map:visible").evaluateAll((maps) => maps.map((each) => (each as unknown as { window: { bytesPerRow: number } }).window.bytesPerRow));
  await expect.poll(async () => new Set(await bytesPerRow()).size).toBe(1);
  expect(await figure(page, "live"), "the first keeps what it had").toBe(alone);
  await sample(page, "Forest");
  await expect(page.getByText(/forest\.json, .* parsed in/)).toBeVisible();
  for (const line of await page.getByRole("slider", { name: "Moments of the heap" }).all()) await expect(line).toHaveAttribute("aria-valuemax", "3");
  await expect.poll(async () => new Set(await bytesPerRow()).size).toBe(1);
  await page.getByLabel("Allocator beside it").selectOption("none");
  await expect(inspector(page)).toHaveCount(1);
});

test("a block says who asked for it, and what points to it", async ({ page }) => {
  await open(page);
  const block = page.getByRole("region", { name: "Chosen block" });
  // From block to block, until one was sampled.
  await map(page).focus();
  await page.keyboard.press("End");
  for (let i = 0; i < 600 && !(await block.getByText("Asked for by").isVisible()); i++) await page.keyboard.press("ArrowLeft");
  await expect(block.getByText("Asked for by")).toBeVisible();
  await block.getByRole("button", { name: "Pointed to by…" }).click();
  await expect(block.locator(".pointed")).toContainText(/(0x[0-9a-f]+|No word of a live block)/);
});
