import { readFileSync } from "node:fs";
import type { Download, Locator, Page } from "@playwright/test";
import { expect } from "./page";

export const button = (page: Page, name: string | RegExp): Locator => page.locator("trace-view").getByRole("button", { name });

/** What the page says of a recording or a file. */
export const said = (page: Page): Locator => page.locator("trace-view .said").first();

/** Records while the sample is parsed again, and cleared. */
export async function record(page: Page, rate = "none"): Promise<void> {
  await page.getByLabel("Call sites").selectOption({ label: rate });
  await button(page, "Record").click();
  await page.getByRole("button", { name: "Parse again" }).click();
  await page.getByRole("button", { name: "Clear", exact: true }).click();
  await page.getByRole("button", { name: "Parse" }).first().click();
  await button(page, "Stop recording").click();
  await expect(page.locator("trace-course")).toBeVisible();
}

/** What a button of the trace saves. */
export async function saved(page: Page, name: string | RegExp): Promise<{ name: string; bytes: Buffer }> {
  const downloading = page.waitForEvent("download");
  await button(page, name).click();
  const download: Download = await downloading;
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}
