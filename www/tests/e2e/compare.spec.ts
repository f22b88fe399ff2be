import type { Locator, Page } from "@playwright/test";
import { expect, open, test } from "../support/page";
import { dress, expectSound, LOOKS } from "../support/sound";

const ALL = ["Heap", "SlabHeap", "BuddyHeap", "BumpHeap", "TinyHeap", "dlmalloc"];
const short = "#compare?v=1&load=churn&seed=3&steps=20000&on=heap.slab.buddy.bump.tiny.dlmalloc";
const rows = (page: Page): Locator => page.locator("compare-results tbody tr");
const cells = (page: Page, column: number): Promise<string[]> => rows(page).locator(`> :nth-child(${column})`).allTextContents();

async function run(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.locator("compare-results")).toBeVisible({ timeout: 60_000 });
}

test("runs the same workload on all allocators, and shows time and memory of each", async ({ page }) => {
  await open(page, short);
  await run(page);
  await expect(rows(page)).toHaveCount(6);
  expect(await cells(page, 1)).toEqual(ALL);
  for (const time of await cells(page, 3)) expect(time).toMatch(/^[\d.,]+ ns$/);
  // The same requests to all: what is live is what was asked for.
  expect(new Set(await cells(page, 5)).size).toBe(1);
  expect(new Set(await cells(page, 6)).size).toBe(1);
  for (const ratio of await cells(page, 8)) expect(Number.parseFloat(ratio)).toBeGreaterThan(0.9);
  for (const growths of await cells(page, 9)) expect(Number(growths.replace(",", ""))).toBeGreaterThan(0);
  expect(new Set(await cells(page, 10))).toEqual(new Set(["20,000"]));
  for (const name of ALL) await expect(page.getByRole("figure", { name: "Time a step" }).getByText(name, { exact: true })).toBeVisible();
  await expect(page.getByText("did something else")).toHaveCount(0);

  // Memory is the same the next time, whatever the times are.
  const grown = await cells(page, 7);
  await run(page);
  await expect.poll(() => cells(page, 7)).toEqual(grown);
});

test("the heap of each can be looked at, apart from dlmalloc's", async ({ page }) => {
  await open(page, "#compare?v=1&load=random&seed=1&steps=20000&on=heap.buddy.dlmalloc");
  await run(page);
  for (const name of ["Heap", "BuddyHeap"]) {
    await page.getByRole("button", { name: `Show the heap of ${name}`, exact: true }).click();
    await expect(page.getByRole("heading", { name: `${name}, as the workload left it` })).toBeVisible();
    await expect(page.locator("compare-view heap-inspector [role=status]").first()).toHaveText(/^After the workload: .* live in .* blocks/);
  }
  await expect(page.locator('tr[data-contender="dlmalloc"]')).toContainText("cannot be read");
  await page.getByRole("button", { name: "Close" }).click();
  await expect(page.locator("compare-view heap-inspector")).toHaveCount(0);
});

test("the page answers while it runs, and a run can be stopped", async ({ page }) => {
  // A slow machine's clock: each turn does one small slice, and the run is not over before it is stopped.
  await page.addInitScript(() => {
    let now = 0;
    performance.now = () => (now += 100);
  });
  await open(page, short.replace("20000", "400000"));
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByRole("progressbar", { name: "Running…" })).toBeVisible();
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(page.getByRole("progressbar")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Run", exact: true })).toBeEnabled();
  await expect(page.locator("compare-results")).toHaveCount(0);
});

test("who runs out of memory is said to have", async ({ page }) => {
  await open(page, "#compare?v=1&load=ratchet&seed=1&steps=20000&on=slab.bump");
  await run(page);
  await expect(page.getByText(/BumpHeap, out of memory after [\d,]+ steps/).first()).toBeVisible();
  await expect(page.getByText("The modules may grow to 64 MiB.")).toBeVisible();
});

test("settings are shared by the address", async ({ page }) => {
  await open(page, "#compare");
  await page.getByRole("radio", { name: "A synthetic load" }).check();
  await expect(page).toHaveURL(/load=churn/);
  await page.getByLabel("Workload").selectOption("Stack");
  await page.getByLabel("Seed").fill("77");
  await page.getByLabel("Steps").selectOption("20,000");
  await page.getByRole("checkbox", { name: "BumpHeap" }).uncheck();
  await expect(page).toHaveURL(/#compare\?v=1&load=stack&seed=77&steps=20000&on=heap\.slab\.buddy\.tiny\.dlmalloc$/);
  await page.reload();
  await expect(page.getByLabel("Workload")).toHaveValue("stack");
  await expect(page.getByLabel("Seed")).toHaveValue("77");
  await expect(page.getByRole("checkbox", { name: "BumpHeap" })).not.toBeChecked();
  await page.evaluate(() => { location.hash = "#compare?v=1&load=storm&seed=1&steps=20000&on=heap"; });
  await expect(page.getByRole("alert")).toHaveText(/its part “load” reads “storm”/);
  await expect(page.getByLabel("Workload")).toHaveValue("churn");
  await page.goBack();
  await expect(page.getByLabel("Workload")).toHaveValue("stack");
  await expect(page.getByRole("alert")).toHaveCount(0);
  for (const name of ["Heap", "SlabHeap", "BuddyHeap", "TinyHeap", "dlmalloc"]) {
    await page.getByRole("checkbox", { name, exact: true }).uncheck();
  }
  await expect(page.getByRole("button", { name: "Run", exact: true })).toBeDisabled();
});

for (const look of LOOKS) {
  test(`the comparison is sound in ${look.colours} at ${look.width} px`, async ({ page }) => {
    await dress(page, look);
    await open(page, "#compare?v=1&load=stack&seed=1&steps=20000&on=heap.slab.dlmalloc");
    await run(page);
    await expectSound(page);
  });
}
