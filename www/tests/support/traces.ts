import { readFileSync } from "node:fs";
import type { Download, Locator, Page } from "@playwright/test";
import { below, expect } from "./page";

export const button = (page: Page, name: string | RegExp): Locator => page.locator("record-control").getByRole("button", { name });

/** The sentence on the recording. */
export const said = (page: Page): Locator => page.locator("inspect-room .recorded");

/** Ends the recording that began with the module, and begins another with this rate, in a label of the choice. */
export async function restart(page: Page, rate: string): Promise<void> {
  await button(page, "Stop recording").click();
  await page.getByLabel("Call sites", { exact: true }).selectOption({ label: rate });
  await button(page, "Record").click();
}

/** Records while the sample is parsed again, and cleared. */
export async function record(page: Page, rate = "Off"): Promise<void> {
  await restart(page, rate);
  await page.getByRole("button", { name: "Parse again" }).click();
  await page.getByRole("button", { name: "Clear", exact: true }).click();
  await page.getByRole("button", { name: "Parse" }).first().click();
  await button(page, "Stop recording").click();
  await expect(button(page, "Record")).toBeVisible();
}

/** Opens what can be saved. */
export async function exports(page: Page): Promise<Locator> {
  const tab = below(page, "Export");
  if ((await tab.getAttribute("aria-selected")) === "false") await tab.click();
  return page.locator("trace-exports");
}

/** Returns the file that a button of the exports saves. */
export async function saved(page: Page, name: string | RegExp): Promise<{ name: string; bytes: Buffer }> {
  const from = await exports(page);
  const downloading = page.waitForEvent("download");
  await from.getByRole("button", { name }).click();
  const download: Download = await downloading;
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}
