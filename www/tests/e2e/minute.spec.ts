import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { SHOP } from "../../src/inspect/shop";
import { file } from "../support/files";
import { expect, give, test, type Dropped } from "../support/page";

/** The minute that docs/page-minute.md describes: a module leaks in one of its functions, and somebody who never saw the page finds it. */

const wasm = (): Dropped => ({ name: "shop_bg.wasm", buffer: readFileSync(file("demo-heap", "_bg.wasm")) });

const glue = (): Dropped => ({ name: "shop.js", buffer: Buffer.from(readFileSync(file("demo-heap", ".js"), "utf8") + SHOP) });

async function opened(page: Page): Promise<void> {
  await page.goto("./");
  await expect(page.getByText("parsed in")).toBeVisible();
  await give(page, wasm(), glue());
  await expect(page.getByRole("heading", { name: /with shop\.js$/ })).toBeVisible();
}

/** All that tells of the leak: the line, the map's colours and the function's name. */
async function found(page: Page): Promise<void> {
  await expect(page.locator("heap-status:visible .sentence")).toHaveText(/^2[34](\.\d+)? KiB in 40 blocks came, nothing went from #\d \(.*\) to #\d \(checkout\)\.$/);
  await expect(page.getByLabel("Colour by").locator("visible=true")).toHaveValue("change");
  await expect(page.locator("trace-flames .frame").filter({ hasText: "printReceipt" })).toBeVisible();
  await expect(page.locator("trace-flames .frame").filter({ hasText: "browse" })).toHaveCount(0);
}

test("a planted leak is found by mouse: call, call, drag", async ({ page }) => {
  await opened(page);
  const line = page.getByLabel(/Call one of/);
  for (const name of ["browse()", "checkout()"]) {
    await line.fill(name);
    await page.getByRole("button", { name: "Call", exact: true }).click();
    await expect(page.getByText(`${name.slice(0, -2)} returned undefined`)).toBeVisible();
  }
  const strip = (await page.locator("heap-timeline:visible .u-over").boundingBox())!;
  const columns = 4;
  const at = (moment: number): [number, number] => [strip.x + (strip.width * (moment - 0.5)) / columns, strip.y + 25];
  await page.mouse.move(...at(2));
  await page.mouse.down();
  await page.mouse.move(...at(3), { steps: 4 });
  await page.mouse.up();
  await found(page);
});

test("a planted leak is found by keyboard: call, call, Shift and an arrow", async ({ page }) => {
  await opened(page);
  await page.getByLabel(/Call one of/).focus();
  for (const name of ["browse()", "checkout()"]) {
    await page.keyboard.press("Control+A");
    await page.keyboard.type(name);
    await page.keyboard.press("Enter");
    await expect(page.getByText(`${name.slice(0, -2)} returned undefined`)).toBeVisible();
  }
  const strip = page.getByRole("slider", { name: "Moments of the heap" });
  for (let i = 0; i < 12 && !(await strip.evaluate((element) => element.matches(":focus"))); i++) await page.keyboard.press("Tab");
  await expect(strip).toBeFocused();
  await page.keyboard.press("Shift+ArrowLeft");
  await found(page);
});
