import type { Page } from "@playwright/test";
import { choose, expect, figure, give, inspector, json, map, open, panel, pixels, sample, test, write } from "../support/page";

const line = (page: Page): ReturnType<Page["getByRole"]> => page.getByRole("slider", { name: "Moments of the heap" });
const status = (page: Page): ReturnType<Page["locator"]> => page.locator("heap-status:visible .sentence");
const diffs = (page: Page): ReturnType<Page["locator"]> => page.locator("heap-diff:visible");

/** Three moments more: a large document, nothing, a small one. */
async function live(page: Page): Promise<void> {
  await sample(page, "Forest");
  await expect(page.getByText(/forest\.json, .* parsed in/)).toBeVisible();
  await page.getByRole("button", { name: "Clear" }).click();
  await sample(page, "Trees");
  await expect(page.getByText(/trees\.json, .* parsed in/)).toBeVisible();
  await expect(line(page)).toHaveAttribute("aria-valuenow", "5");
}

test("any moment that was recorded can be looked at again, by keys alone", async ({ page }) => {
  await open(page);
  const first = await figure(page, "live");
  await live(page);
  const now = await pixels(page);

  await line(page).focus();
  await page.keyboard.press("Home");
  await expect(line(page)).toHaveAttribute("aria-valuetext", /^Moment 1, start/);
  await page.keyboard.press("ArrowRight");
  await expect(page.getByText("Viewing #2 (parse), 3 steps back.")).toBeVisible();
  expect(await figure(page, "live")).toBe(first);
  const then = await pixels(page);
  expect(then).not.toBe(now);
  await page.keyboard.press("ArrowRight");
  await expect(page.getByText("Viewing #3 (parse), 2 steps back.")).toBeVisible();
  expect(await pixels(page)).not.toBe(then);
  await page.keyboard.press("ArrowLeft");
  await expect(page.getByText("Viewing #2 (parse), 3 steps back.")).toBeVisible();
  expect(await pixels(page)).toBe(then);

  // All views are of then: a block says so in place of its bytes.
  await map(page).focus();
  await page.keyboard.press("End");
  await expect(page.getByText("shown for the present only")).toBeVisible();

  await line(page).focus();
  await page.keyboard.press("Escape");
  await expect(line(page)).toHaveAttribute("aria-valuetext", /, now$/);
  await map(page).focus();
  await page.keyboard.press("Escape");
  await expect.poll(() => pixels(page)).toBe(now);
});

test("an action of the program returns to now", async ({ page }) => {
  await open(page);
  await live(page);
  await line(page).focus();
  await page.keyboard.press("Home");
  await expect(line(page)).toHaveAttribute("aria-valuenow", "1");
  await sample(page, "Words");
  await expect(line(page)).toHaveAttribute("aria-valuenow", "6");
  await line(page).focus();
  await page.keyboard.press("Home");
  await expect(line(page)).toHaveAttribute("aria-valuenow", "1");
  await page.getByRole("button", { name: "Back to now" }).click();
  await expect(line(page)).toHaveAttribute("aria-valuenow", "6");
});

test("a range tells what came and what went, and the map shows it", async ({ page }) => {
  await open(page);
  await live(page);
  const state = await pixels(page);
  await line(page).focus();
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("Shift+ArrowLeft");
  await expect(diffs(page).getByText("Between moment 3 (parse) and moment 5 (parse).")).toBeVisible();
  // The large document went: most of what there is to tell.
  const went = /([\d.]+) MiB in [\d,]+ blocks went from #3 \(parse\) to #5 \(parse\)/.exec((await status(page).textContent()) ?? "");
  expect(Number(went?.[1])).toBeGreaterThan(1);
  await expect(page.getByLabel("Colour by")).toHaveValue("change");
  // Memory without a change is faint, not blank.
  await expect(page.locator("heap-map:visible canvas.ground")).toHaveCSS("background-image", /repeating-linear-gradient/);
  expect(await pixels(page)).not.toBe(state);
  await expect(page.locator("heap-map:visible .legend")).toHaveText(/came\s*went\s*stayed/);
  for (const name of ["By size", /By region/]) {
    await expect(diffs(page).getByRole("region", { name }).getByRole("row").nth(1)).toBeVisible();
  }
  await line(page).focus();
  await page.keyboard.press("Escape");
  await expect(diffs(page)).toHaveCount(0);
  await expect(page.getByLabel("Colour by")).toHaveValue("state");
});

test("the timeline is clicked to travel, and dragged to compare", async ({ page }) => {
  await open(page);
  await live(page);
  const box = (await page.locator("heap-timeline:visible .u-over").boundingBox())!;
  // Five moments share the strip.
  const at = (id: number): { x: number; y: number } => ({ x: box.x + (box.width * (id - 0.5)) / 5, y: box.y + 30 });
  await page.mouse.click(at(3).x, at(3).y);
  await expect(line(page)).toHaveAttribute("aria-valuenow", "3");
  await page.mouse.move(at(2).x, at(2).y);
  await page.mouse.down();
  await page.mouse.move(at(4).x, at(4).y, { steps: 4 });
  await page.mouse.up();
  await expect(diffs(page).getByText("Between moment 2 (parse) and moment 4 (clear).")).toBeVisible();
  await expect(status(page)).toContainText("from #2 (parse) to #4 (clear).");
  await page.getByRole("button", { name: "Back to now" }).click();
  await expect(diffs(page)).toHaveCount(0);
});

test("the map can be coloured by size and by age", async ({ page }) => {
  await open(page);
  await sample(page, "Words");
  const seen = new Set([await pixels(page)]);
  for (const name of ["size", "age"]) {
    await page.getByLabel("Colour by").selectOption(name);
    await expect(page.locator("heap-map:visible .legend")).toContainText(name === "size" ? "up to 16 B" : "first seen now");
    seen.add(await pixels(page));
  }
  expect(seen.size).toBe(3);
});

test("a file of five megabytes is parsed, and its heap followed through many growths", async ({ page }) => {
  await open(page);
  await choose(page, "Heap");
  const before = await figure(page, "growths");
  const rows = Array.from({ length: 75_000 }, (_, i) => ({ id: i, name: `row number ${i}`, tags: ["one", "two"], on: i % 2 === 0 }));
  const file = json("five.json", { rows });
  expect(file.buffer.length).toBeGreaterThan(4_500_000);
  await give(page, file);
  await expect(page.getByText(/five\.json, [45](\.\d+)? MiB, parsed in/)).toBeVisible();
  expect(await figure(page, "growths")).toBeGreaterThan(before + 3);
  expect(await figure(page, "live")).toBeGreaterThan(5_000_000);
  await page.getByRole("button", { name: "Clear" }).click();
  await expect.poll(() => figure(page, "live")).toBeLessThan(1_000_000);
});

test("a block says since when it is known, and leads to its neighbours", async ({ page }) => {
  await open(page);
  await sample(page, "Words");
  await inspector(page).getByRole("button", { name: "As table" }).click();
  await page.locator("heap-map").getByRole("row").filter({ hasText: "live" }).first().getByRole("button").click();
  const block = page.getByRole("region", { name: "Chosen block" });
  await expect(block).toContainText(/First seen at #[123] \((start|parse)\)\./);
  const here = await block.locator("strong").textContent();
  await block.getByRole("definition").last().getByRole("button").click();
  await expect(block.locator("strong")).not.toHaveText(here ?? "");
  await block.getByRole("definition").first().getByRole("button").click();
  await expect(block.locator("strong")).toHaveText(here ?? "");
});

test("splits and merges are seen to happen, and are still where reduced motion is asked for", async ({ page }) => {
  /** Counts how often the tree was set in motion or came to rest. */
  const moved = (): Promise<number> => page.evaluate(() => (window as unknown as { moved: number }).moved);
  await open(page);
  await choose(page, "Buddy");
  await panel(page, "Structure");
  await expect(page.getByRole("heading", { name: "Buddy orders" })).toBeVisible();
  await page.locator("heap-orders").evaluate((orders) => {
    const counter = Object.assign(window, { moved: 0 });
    new MutationObserver((records) => (counter.moved += records.length)).observe(orders, { attributeFilter: ["moving"] });
  });
  await write(page, "[[1,2,3],[4]]");
  await page.getByRole("button", { name: /^Parse/ }).click();
  // Set in motion, and come to rest.
  await expect.poll(moved).toBeGreaterThan(1);
  await expect(page.locator("heap-orders")).not.toHaveAttribute("moving");

  await page.emulateMedia({ reducedMotion: "reduce" });
  const before = await moved();
  await page.getByRole("button", { name: "Clear" }).click();
  await page.waitForTimeout(200);
  expect(await moved()).toBe(before);
});
