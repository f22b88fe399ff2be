import { readFileSync } from "node:fs";
import type { Locator, Page } from "@playwright/test";
import { expect, give, json, open, sample, test, unfold } from "../support/page";
import { dress, expectSound, LOOKS } from "../support/sound";
import { file } from "../support/files";
import { record, saved } from "../support/traces";

/** One file on several allocators, in the room Compare. */

const rows = (page: Page): Locator => page.locator("compare-maps tbody tr");
const choice = (page: Page): Locator => page.locator("compare-file .choice");
const box = (page: Page, name: string): Locator => page.getByRole("checkbox", { name, exact: true });
const maps = (page: Page): Locator => page.getByRole("slider", { name: /^Blocks of .* in address order$/ });

/** The windows of all maps. */
const windows = (page: Page): Promise<{ start: number; bytesPerRow: number; rows: number }[]> =>
  page.locator("compare-maps heap-map").evaluateAll((maps) => maps.map((map) => (map as unknown as { window: { start: number; bytesPerRow: number; rows: number } }).window));

/** The bytes that a cell says, in KiB or MiB. */
const amount = (text: string): number => {
  const [, number, unit] = /([\d.]+) ([KM])iB/.exec(text)!;
  return Number(number) * (unit === "M" ? 2 ** 20 : 1024);
};

test("a file is parsed on several allocators, which stand under each other on one scale, and a sentence says what follows", async ({ page }) => {
  await open(page, "#compare");
  await expect(rows(page).locator("th")).toHaveText([/^Heap/, /^SlabHeap/, /^BuddyHeap/, /^dlmalloc/]);
  await expect(page).toHaveURL(/#compare$/);
  const seen = await windows(page);
  expect(seen).toHaveLength(4);
  expect(new Set(seen.map((each) => JSON.stringify(each))).size, "one scale, one origin").toBe(1);
  expect(seen[0]!.start).toBe(0);
  // Each map shows what its allocator's row tells of: all that is live, about the document's size.
  for (const live of await rows(page).locator("td:nth-child(3)").allTextContents()) expect(amount(live)).toBeGreaterThan(60 * 1024);

  // The conclusion is of the figures in the table.
  const grown = (await rows(page).locator("td:nth-child(2)").allTextContents()).map(amount);
  const names = ["Heap", "SlabHeap", "BuddyHeap", "dlmalloc"];
  const least = names.filter((_, i) => grown[i] === Math.min(...grown));
  expect(least.length).toBeLessThan(4);
  const memory = page.locator("compare-file .said p", { hasText: /^Memory: / });
  await expect(memory).toContainText(new RegExp(`^Memory: ${least.join("(, | and )")} grew by ${Math.min(...grown) / 1024} KiB \\(${Math.min(...grown) / 65536} pages\\) after \\d+ parses; `));
  await expect(rows(page).locator("td:nth-child(2) .best")).toHaveCount(least.length);
  await expect(choice(page)).toHaveText(/^On trees\.json, (.* (is|are) the choice: nobody takes less memory, and nobody is faster|it is a choice between memory and time: .*)\.$/);

  // Once the document is freed, nothing of it is live, on the same scale.
  await page.getByLabel("show").selectOption("after the document was freed");
  await expect(rows(page).nth(0).locator("td:nth-child(3)")).toHaveText(/^\s*\d+ B/);
  await expect(page.getByText(/^Once the document is freed, the largest free piece/)).toBeVisible();
  expect(await windows(page)).toEqual(seen);
});

test("zoom, wheel and keys on one map move all of them, and a block is chosen in one", async ({ page }) => {
  await open(page, "#compare?v=1&sample=forest&who=heap.buddy");
  const [before] = await windows(page);
  await maps(page).first().press("End");
  await expect(maps(page).first()).toHaveAttribute("aria-valuetext", /^0x[0-9a-f]{8}, .*(live|free)/);
  await expect(maps(page).nth(1)).toHaveAttribute("aria-valuetext", "No block chosen");
  await maps(page).first().press("+");
  await expect.poll(async () => (await windows(page)).map(({ bytesPerRow }) => bytesPerRow)).toEqual([before!.bytesPerRow / 2, before!.bytesPerRow / 2]);
  await page.getByRole("button", { name: "Zoom in" }).click();
  await expect.poll(async () => (await windows(page)).map(({ bytesPerRow }) => bytesPerRow)).toEqual([before!.bytesPerRow / 4, before!.bytesPerRow / 4]);
  const [first, second] = await windows(page);
  expect(first).toEqual(second);
  await page.getByRole("button", { name: "Show all" }).click();
  await expect.poll(() => windows(page)).toEqual([before, before]);
  // The second takes the choice from the first.
  await maps(page).nth(1).press("Home");
  await expect(maps(page).nth(1)).toHaveAttribute("aria-valuetext", /^0x/);
  await expect(maps(page).first()).toHaveAttribute("aria-valuetext", "No block chosen");
});

test("what is compared is in the address: the file, the allocators and the time", async ({ page }) => {
  await open(page, "#compare");
  await sample(page, "Words");
  await expect(choice(page)).toContainText("words.txt");
  await box(page, "SlabHeap").uncheck();
  await box(page, "TinyHeap").check();
  await page.getByLabel("show").selectOption("after the document was freed");
  await expect(page).toHaveURL(/#compare\?v=1&sample=poem&who=heap\.buddy\.tiny\.dlmalloc&when=clear$/);
  await expect(rows(page).locator("th")).toHaveText([/^Heap/, /^BuddyHeap/, /^TinyHeap/, /^dlmalloc/]);
  await page.reload();
  await expect(rows(page).locator("th")).toHaveText([/^Heap/, /^BuddyHeap/, /^TinyHeap/, /^dlmalloc/]);
  await expect(choice(page)).toContainText("words.txt");
  await expect(page.getByLabel("show")).toHaveValue("clear");
  // A short text of one's own goes along.
  await give(page, json("mine.json", [1, 2, 3]));
  await expect(choice(page)).toContainText("mine.json");
  await expect(page).toHaveURL(/name=mine\.json&as=json&text=%5B1%2C2%2C3%5D/);
  await page.reload();
  await expect(choice(page)).toContainText("mine.json");
  // One alone is compared with nobody.
  for (const name of ["BuddyHeap", "TinyHeap", "dlmalloc"]) await box(page, name).uncheck();
  await expect(choice(page)).toHaveText("One allocator alone: choose another to compare it with.");
  await box(page, "Heap").uncheck();
  await expect(page.getByText("Choose an allocator, or several.")).toBeVisible();
});

for (const [query, message] of [
  ["v=1&who=heap.jemalloc", /its part “who” reads “heap\.jemalloc”/],
  ["v=1&sample=jungle&who=heap", /its part “sample” reads “jungle”/],
  ["v=1&who=heap.slab&when=never", /its part “when” reads “never”/],
  ["v=1&file=mine.json&who=heap.slab", /mine\.json, a file that a link cannot carry/],
  ["v=1&module=shop&who=heap.slab", /Record it in the room Inspect/],
] as const) {
  test(`a link to a comparison that reads ${query} is told to be wrong, and the sample is compared`, async ({ page }) => {
    await open(page, `#compare?${query}`);
    await expect(page.locator("compare-file").getByRole("alert")).toHaveText(message);
    await expect(choice(page)).toContainText("trees.json");
  });
}

test("a file that cannot be parsed is told to be, and the next one is compared", async ({ page }) => {
  await open(page, "#compare");
  await sample(page, "Broken");
  await expect(page.locator("compare-file").getByRole("alert")).toContainText(/^broken\.json could not be parsed: .*line 8 column \d+/);
  await expect(rows(page)).toHaveCount(0);
  await sample(page, "Trees");
  await expect(choice(page)).toContainText("trees.json");
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("a text comes from the room Inspect, a trace from a file, and a module goes to its room", async ({ page }) => {
  await open(page);
  await sample(page, "Guide");
  await expect(page.getByText(/guide\.md, .* parsed in/)).toBeVisible();
  await unfold(page);
  await page.getByRole("button", { name: "Compare…" }).click();
  await expect(choice(page)).toContainText("guide.md");
  await expect(page).toHaveURL(/#compare\?v=1&sample=guide&who=/);
  await page.getByRole("link", { name: "Inspect" }).click();
  await record(page);
  const { bytes } = await saved(page, "Save the trace");
  await page.getByRole("link", { name: "Compare" }).click();
  await expect(choice(page)).toContainText("guide.md");
  const source = page.locator("compare-file");
  await source.getByRole("button", { name: /^Source: / }).click();
  await source.getByLabel("Open a file…").setInputFiles({ name: "a.bontrace", mimeType: "application/octet-stream", buffer: bytes });
  await expect(page.getByRole("radio", { name: "The trace a.bontrace" })).toBeChecked();
  await expect(page.getByRole("button", { name: "Replay on all" })).toBeVisible();
  // A file that is dropped on the room goes where its kind says.
  const module = [...readFileSync(file("workbench-slab", ".wasm"))];
  await page.evaluate((module) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(module)], "bench.wasm"));
    document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
  }, module);
  await expect(page.getByRole("heading", { name: /^bench\.wasm, \d+/ })).toBeVisible();
  await expect(page).toHaveURL(/#inspect/);
});

for (const look of LOOKS) {
  test(`a file on several allocators is sound in ${look.colours} at ${look.width} px`, async ({ page }) => {
    await dress(page, look);
    await open(page, "#compare?v=1&who=heap.slab.bump.tiny.dlmalloc");
    await expectSound(page);
    await page.getByRole("button", { name: /^Source: / }).click();
    await expect(page.locator("compare-file source-picker .menu")).toBeVisible();
    await expectSound(page);
  });
}
