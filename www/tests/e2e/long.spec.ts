import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { MOST_BYTES } from "../../src/model/trace-file";
import { FileStore } from "../../src/record/store-file";
import { TraceWriter } from "../../src/record/trace-writer";
import { File } from "../../src/wire/trace-layout";
import { churnModule } from "../support/churn";
import { below, call, expect, give, open, sources, test } from "../support/page";
import { randomTrace } from "../support/random-trace";
import { button, said } from "../support/traces";

/** Recordings that are longer than memory has room for. */

/** The bytes that the page's own file system holds for recordings. */
const stored = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    let bytes = 0;
    const root = await (await navigator.storage.getDirectory()).getDirectoryHandle("bonsai-recordings", { create: true });
    for await (const folder of root.values()) {
      for await (const file of (folder as FileSystemDirectoryHandle).values()) bytes += (await (file as FileSystemFileHandle).getFile()).size;
    }
    return bytes;
  });

const leaks = (page: Page): ReturnType<Page["locator"]> => page.locator("trace-leaks tbody tr");
const slider = (page: Page, name: string): ReturnType<Page["locator"]> => page.locator("trace-course").getByLabel(name);

test("a recording that gets long goes to the page's file system, and is read from there", async ({ page }) => {
  await open(page);
  await give(page, { name: "churn.wasm", buffer: Buffer.from(churnModule()) });
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await call(page, "keep(1000)");
  await call(page, "churn(2500000)");
  await call(page, "keep(234)");
  await expect(said(page)).toHaveText(/5,0\d\d,\d\d\d records/);
  await button(page, "Stop recording").click();
  await page.getByRole("button", { name: "Open the recording" }).click();
  await expect(page.getByText(/^churn.*\.bontrace: 5,0\d\d,\d\d\d records\.$/)).toBeVisible();
  // Two million records are looked at one by one, and of those before them what was live.
  expect(await stored(page)).toBeGreaterThan(5_000_000 * 16);
  await below(page, "Leaks").click();
  await expect(leaks(page)).toHaveCount(1);
  await expect(leaks(page).first()).toContainText("1,234");
  // A part of it alone: the first thousand are from before.
  await slider(page, "From record").fill("3000000");
  await expect(leaks(page).first()).toContainText("234");
  await expect(leaks(page).first()).not.toContainText("1,234");
  // Another recording, in a page that was loaded anew, takes the place of it.
  await open(page);
  await give(page, { name: "churn.wasm", buffer: Buffer.from(churnModule()) });
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await call(page, "churn(2100000)");
  await button(page, "Stop recording").click();
  await expect(page.getByRole("button", { name: "Open the recording" })).toBeVisible();
  expect(await stored(page)).toBeLessThan(5_000_000 * 16);
});

test("a file that is too large for memory is opened by range, and says where records are missing", async ({ page }) => {
  const folder = mkdtempSync(join(tmpdir(), "long-recording-"));
  try {
    const part = randomTrace(50_000, 8);
    const { kind, pages, rate, sites } = part;
    const path = join(folder, "long.bontrace");
    const writer = new TraceWriter(new FileStore(path, File.bytes), { kind, pages, rate }, sites);
    for (let i = 0; i < 170; i++) {
      writer.append(part.words.subarray(0, part.count * 4));
      if (i === 100) writer.append(Uint32Array.of(8, 0, 77, 0));
    }
    expect((await writer.finish()).size).toBeGreaterThan(MOST_BYTES);
    await open(page);
    await (await sources(page)).getByLabel("Open a file…").setInputFiles(path);
    await expect(page.getByText(/^long\.bontrace: 8,500,001 records; 77 more were lost\.$/)).toBeVisible();
    // Marked where they are missing: after 101 of 170 parts.
    const mark = page.locator("trace-course line.loss");
    await expect(mark).toHaveCount(1);
    expect(Number(await mark.getAttribute("x1"))).toBeCloseTo((1000 * 101) / 170, 0);
    await below(page, "Leaks").click();
    await expect(leaks(page).first()).toBeVisible();
    await below(page, "Call sites").click();
    await expect(page.locator("trace-flames .frame").first()).toBeVisible();
    await slider(page, "To record").fill("1000000");
    await expect(page.locator("inspect-drawer").getByText(/^1,0\d\d,\d\d\d of 8,500,001 records chosen/)).toBeVisible();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
