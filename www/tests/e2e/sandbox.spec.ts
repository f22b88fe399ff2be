import type { Locator, Page } from "@playwright/test";
import { expect, open, test } from "../support/page";

const sentence = (page: Page): Locator => page.locator("sandbox-view .sentence");
const blocks = (page: Page, state: string): Locator => page.locator(`sandbox-figure g[data-state="${state}"]`);

async function allocate(page: Page, size: number): Promise<void> {
  await page.getByLabel("Size in bytes").fill(String(size));
  await page.getByRole("button", { name: "Allocate" }).click();
}

async function kind(page: Page, name: string): Promise<void> {
  await page.locator("sandbox-view").getByRole("radio", { name }).check({ force: true });
}

test("a buddy splits and merges before one's eyes", async ({ page }) => {
  await open(page, "#sandbox");
  await expect(sentence(page)).toHaveText(/One free block of 4 KiB/);
  await expect(blocks(page, "free")).toHaveCount(1);

  await allocate(page, 100);
  await expect(sentence(page)).toHaveText("Split 4,096 → 2,048 → 1,024 → 512 → 256 → 128 to serve 100 bytes: 28 wasted.");
  await expect(blocks(page, "split")).toHaveCount(5);
  await expect(blocks(page, "live")).toHaveCount(1);
  await expect(blocks(page, "free")).toHaveCount(5);

  await allocate(page, 200);
  await expect(sentence(page)).toHaveText("A free block of 256 stood ready for 200 bytes: 56 wasted.");
  await allocate(page, 128);
  await expect(sentence(page)).toHaveText("A free block of 128 stood ready for 128 bytes: nothing is wasted.");

  await blocks(page, "live").first().click();
  await expect(sentence(page)).toHaveText(/Freed 128\. Its buddy is not free as a whole/);
  await blocks(page, "live").first().click();
  await expect(sentence(page)).toHaveText("Freed 128; its buddy was free too: they merged into 256.");
  await blocks(page, "live").first().click();
  await expect(sentence(page)).toHaveText("Freed 256, and merged four times: 256 → 512 → 1,024 → 2,048 → 4,096.");
  await expect(blocks(page, "split")).toHaveCount(0);
  await expect(page.locator("sandbox-view .log li")).toHaveCount(7);
});

test("what does not fit is refused, and why", async ({ page }) => {
  await open(page, "#sandbox");
  await allocate(page, 5000);
  await expect(sentence(page)).toHaveText(/Refused: 5,000 bytes do not fit/);
  for (let i = 0; i < 4; i++) await allocate(page, 1024);
  await expect(blocks(page, "live")).toHaveCount(4);
  await blocks(page, "live").nth(0).click();
  await blocks(page, "live").nth(1).click(); // the third: not the buddy of the first
  await allocate(page, 2000);
  await expect(sentence(page)).toHaveText(/2,048 bytes are free, but no piece holds 2,000 bytes.*external fragmentation/);
  await page.getByRole("button", { name: "Reset" }).click();
  await expect(sentence(page)).toHaveText("Reset: 2 blocks forgotten at once.");
  await expect(blocks(page, "free")).toHaveCount(1);
});

test("a slab and a bump behave as they do", async ({ page }) => {
  await open(page, "#sandbox");
  await kind(page, "Slab");
  await expect(blocks(page, "free")).toHaveCount(64);
  await allocate(page, 40);
  await expect(sentence(page)).toHaveText(/Block \d+ serves 40 bytes: 8 wasted of 48\./);
  await allocate(page, 49);
  await expect(sentence(page)).toHaveText(/49 bytes do not fit in a block of 48/);
  await blocks(page, "live").click();
  await expect(blocks(page, "free")).toHaveCount(64);

  await kind(page, "Bump");
  await allocate(page, 100);
  await allocate(page, 60);
  await expect(sentence(page)).toHaveText(/The mark moved by \d+ to serve 60 bytes/);
  await expect(blocks(page, "live")).toHaveCount(2);
  await blocks(page, "live").first().click();
  await expect(sentence(page)).toHaveText("Given back, but the mark stays: others are still out.");
  await blocks(page, "live").first().click();
  await expect(sentence(page)).toHaveText("That was the last one out: the whole region is free again.");
  await expect(blocks(page, "free")).toHaveCount(1);
});

test("a random workload runs, pauses, and is the same for the same seed", async ({ page }) => {
  await open(page, "#sandbox");
  const run = async (): Promise<string[]> => {
    await page.getByLabel("Seed").fill("7");
    await page.getByLabel("Region").selectOption("1024");
    await page.getByLabel("Region").selectOption("4096");
    for (let i = 0; i < 12; i++) await page.getByRole("button", { name: "Step" }).click();
    return page.locator("sandbox-view .log li").allTextContents();
  };
  expect(await run()).toEqual(await run());

  await page.getByLabel("Speed").selectOption("fast");
  await page.getByRole("button", { name: "Run" }).click();
  await expect(page.locator("sandbox-view .log li")).toHaveCount(40);
  await page.getByRole("button", { name: "Pause" }).click();
  const still = await sentence(page).textContent();
  await page.waitForTimeout(300);
  await expect(sentence(page)).toHaveText(still ?? "");
});

test("all of it works by keyboard", async ({ page }) => {
  await open(page, "#sandbox");
  await page.getByLabel("Size in bytes").focus();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("60");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await expect(blocks(page, "live")).toHaveCount(2);

  // Tab on, past the form and the workload, into the figure: one stop for all its blocks.
  const focused = (): Promise<string> =>
    page.evaluate(() => {
      let active = document.activeElement;
      while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
      return active?.querySelector("title")?.textContent ?? "";
    });
  for (let i = 0; i < 12 && !(await focused()).startsWith("live"); i++) await page.keyboard.press("Tab");
  expect(await focused()).toMatch(/^live, 64 bytes at 0x[0-9a-f]{8}, 60 bytes asked for$/);
  const first = await focused();
  await page.keyboard.press("ArrowRight");
  expect(await focused()).not.toBe(first);
  await page.keyboard.press("ArrowUp");
  expect(await focused()).toMatch(/^split, 128 bytes/);
  await page.keyboard.press("Home");
  expect(await focused()).toMatch(/^split, 4,096 bytes/);
  await page.keyboard.press("End");
  expect(await focused()).toMatch(/^free, 2,048 bytes/);
  await page.keyboard.press("Home");
  for (let i = 0; i < 6; i++) await page.keyboard.press("ArrowDown");
  expect(await focused()).toMatch(/^live, 64 bytes/);
  await page.keyboard.press("Enter");
  await expect(sentence(page)).toHaveText(/^Freed 64/);
  // The focus stays with what was freed.
  await expect.poll(focused).toMatch(/^free, 64 bytes/);
  await page.keyboard.press("Escape");
  await expect(page.getByLabel("Size in bytes")).toBeFocused();
});

test("every operation can be undone and done again, by button and by key", async ({ page }) => {
  await open(page, "#sandbox");
  const undo = page.getByRole("button", { name: "Undo" });
  const redo = page.getByRole("button", { name: "Redo" });
  await expect(undo).toBeDisabled();
  await expect(redo).toBeDisabled();
  const shapes = (): Promise<string[]> =>
    page.locator("sandbox-figure g").evaluateAll((groups) => groups.map((group) => group.querySelector("title")!.textContent));
  const moments = [await shapes()];
  for (const size of [100, 300, 60]) {
    await allocate(page, size);
    moments.push(await shapes());
  }
  await blocks(page, "live").first().click();
  moments.push(await shapes());
  await page.getByRole("button", { name: "Reset" }).click();
  moments.push(await shapes());
  await allocate(page, 9000);
  await expect(sentence(page)).toHaveText(/^Refused/);
  moments.push(moments.at(-1));

  for (let i = moments.length - 2; i >= 0; i--) {
    await undo.click();
    await expect.poll(shapes).toEqual(moments[i]);
  }
  await expect(undo).toBeDisabled();
  await expect(sentence(page)).toHaveText(/One free block of 4 KiB/);
  for (let i = 1; i < 5; i++) {
    await page.locator("sandbox-figure g").first().focus();
    await page.keyboard.press(i % 2 === 0 ? "Control+y" : "Control+Shift+z");
    await expect.poll(shapes).toEqual(moments[i]);
  }
  await page.keyboard.press("Control+z");
  await expect.poll(shapes).toEqual(moments[3]);
  await expect(page.getByText("3 of 6 operations")).toBeVisible();
  // Another way from here: what was undone is gone.
  await allocate(page, 10);
  await expect(page.getByText("4 operations", { exact: true })).toBeVisible();
  await expect(redo).toBeDisabled();
});

test("a scenario is shared by its address", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await open(page, "#sandbox");
  await kind(page, "Slab");
  await page.locator("sandbox-view label", { hasText: /^\s*Blocks/ }).locator("select").selectOption("16");
  await allocate(page, 40);
  await allocate(page, 30);
  await blocks(page, "live").first().click();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("button", { name: "Copy link" }).click();
  await expect(page.getByText("The link is copied.")).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toMatch(/#sandbox\?v=1&on=slab\.48\.16&do=a40a30f0&at=2$/);

  const other = await context.newPage();
  await other.goto(link);
  await expect(other.locator("sandbox-view .sentence")).toHaveText(/^Block \d+ serves 30 bytes/);
  await expect(blocks(other, "live")).toHaveCount(2);
  await expect(other.getByText("2 of 3 operations")).toBeVisible();
  await other.getByRole("button", { name: "Redo" }).click();
  await expect(blocks(other, "live")).toHaveCount(1);
  // A link followed in the page itself, and back.
  await other.evaluate(() => { location.hash = "#sandbox?v=1&on=bump.1024&do=a100a100"; });
  await expect(other.locator("sandbox-view .sentence")).toHaveText(/^The mark moved by \d+ to serve 100 bytes/);
  await other.goBack();
  await expect(blocks(other, "live")).toHaveCount(1);
});

test("where nothing can be copied, the link is shown", async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(navigator, "clipboard", { value: undefined });
  });
  await open(page, "#sandbox");
  await allocate(page, 77);
  await page.getByRole("button", { name: "Copy link" }).click();
  await expect(page.getByLabel("Copy this link:")).toHaveValue(/do=a77$/);
});

for (const [query, message] of [
  ["v=1&on=buddy.4096.64&do=a100f3", /operation 2 frees a block that is not live/],
  ["v=1&on=buddy.4096.64&do=a100%3Cscript%3E", /operation 2 cannot be read/],
  ["v=2&on=buddy.4096.64", /is of version 2, and this page reads version 1/],
  ["v=1&on=buddy.99.64", /its part “on” reads “buddy\.99\.64”/],
  ["foreign", /its part “v” is missing/],
] as const) {
  test(`a link that reads ${query} is told to be wrong, and the sandbox starts anew`, async ({ page }) => {
    await open(page, `#sandbox?${query}`);
    await expect(page.getByRole("alert")).toHaveText(message);
    await expect(sentence(page)).toHaveText(/One free block of 4 KiB/);
    await allocate(page, 100);
    await expect(blocks(page, "live")).toHaveCount(1);
    await expect(page.getByRole("alert")).toHaveCount(0);
  });
}

test("an address that names no part of the page says so", async ({ page }) => {
  await open(page, "#cellar");
  await expect(page.getByRole("alert")).toHaveText("This link could not be followed: the page has no part named “cellar”.");
});

test("undo by key works after a click on blank paper", async ({ page }) => {
  await open(page, "#sandbox");
  await page.getByRole("button", { name: "Allocate" }).click();
  await expect(page.getByText("1 operation", { exact: true })).toBeVisible();
  await page.locator("bonsai-page header").click({ position: { x: 950, y: 5 } });
  await page.keyboard.press("Control+z");
  await expect(page.getByText("0 of 1 operation")).toBeVisible();
});
