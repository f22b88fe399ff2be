import type { Page } from "@playwright/test";
import { percent } from "../../src/text/format";
import { choose, expect, map, open, test } from "../support/page";
import { dress, expectSound, LOOKS } from "../support/sound";
import { button, record, said, saved } from "../support/traces";

/** What was asked for the blocks that are live at the end of a file: address and bytes. */
function liveAtEnd(file: Buffer): Map<number, number> {
  const blocks = new Map<number, number>();
  for (let at = 64; at < 64 + 16 * file.readUInt32LE(32); at += 16) {
    const [kind, a, b, c] = [file[at]!, file.readUInt32LE(at + 4), file.readUInt32LE(at + 8), file.readUInt32LE(at + 12)];
    expect(kind, "no record is lost").not.toBe(8);
    if (kind === 3) blocks.delete(a);
    if (a === 0 || ![1, 2, 4].includes(kind)) continue;
    if (kind === 4) blocks.delete(c);
    blocks.set(a, b);
  }
  return blocks;
}

test("a trace is recorded, saved, opened and replayed on every allocator", async ({ page }) => {
  await open(page);
  await record(page);
  const records = Number(/([\d,]+) records/.exec((await said(page).textContent()) ?? "")![1]!.replaceAll(",", ""));
  expect(records).toBeGreaterThan(1000);
  const file = await saved(page, "Save the trace");
  expect(file.name).toMatch(/\.bontrace$/);
  expect(file.bytes.subarray(0, 8).toString()).toBe("BONTRACE");
  expect(file.bytes.length).toBe(64 + 16 * records);

  await page.reload();
  await expect(page.getByText("parsed in")).toBeVisible();
  await page.getByLabel("Open a trace…").setInputFiles({ name: "a.bontrace", mimeType: "", buffer: file.bytes });
  await expect(said(page)).toHaveText(new RegExp(`^a.bontrace: ${records.toLocaleString("en")} records\\.$`));

  await button(page, "Replay on all").click();
  await expect(page.getByText("Replayed on six allocators.")).toBeAttached();
  for (const allocator of ["heap", "slab", "buddy", "bump", "tiny", "dlmalloc"]) {
    const cells = await page.locator(`trace-replay tr[data-allocator=${allocator}] td`).allTextContents();
    expect(cells[0]).toMatch(/^[\d.,]+ ms$/);
    expect(cells[1]).toMatch(/^\d+ ns$/);
    expect(cells[2]).toMatch(/^[\d.]+ [KM]iB$/);
    expect(cells[5], `${allocator} refused nothing`).toBe("0");
  }
});

test("what is wasted in the blocks is known of the moments that were recorded, and of no others", async ({ page }) => {
  await open(page);
  const wasted = page.locator("heap-classes").getByRole("columnheader", { name: "Wasted" });
  const internal = page.locator("[data-figure=internal] .number");
  await button(page, "Record").click();
  await expect(internal).toHaveText("unknown");
  await expect(wasted).toHaveCount(0);
  await page.getByRole("button", { name: "Parse again" }).click();
  await expect(wasted).toBeVisible();
  await expect(page.locator("heap-classes .waste").first()).toBeAttached();
  const share = await internal.textContent();
  await button(page, "Stop recording").click();

  // What the page says is what the two files say, which were made from the trace and the heap alone.
  const asked = liveAtEnd((await saved(page, "Save the trace")).bytes);
  await page.getByText("Export", { exact: true }).click();
  const blocks = JSON.parse((await saved(page, "Blocks of the heap now: JSON")).bytes.toString()) as { address: number; size: number; state: string }[];
  const live = blocks.filter(({ state }) => state === "live");
  const known = live.filter(({ address }) => asked.has(address));
  expect(known.length).toBeGreaterThan(1000);
  expect(known.length).toBe(asked.size);
  const held = known.reduce((sum, { size }) => sum + size, 0);
  const wants = known.reduce((sum, { address }) => sum + asked.get(address)!, 0);
  expect(wants).toBeLessThan(held);
  expect(share).toBe(percent(1 - wants / held));
  const count = (blocks: unknown[]): string => blocks.length.toLocaleString("en");
  const recorded = live.length === known.length ? `All ${count(live)}` : `${count(known)} of ${count(live)}`;
  await expect(page.getByText(`${recorded} live blocks were recorded`)).toBeVisible();
  const [block] = known;
  const index = blocks.indexOf(block!);
  await map(page).focus();
  await page.keyboard.press("Home");
  for (let i = 0; i < index; i++) await page.keyboard.press("ArrowRight");
  const size = asked.get(block!.address)!;
  await expect(page.locator("heap-block")).toContainText(`${size.toLocaleString("en")} ${size === 1 ? "byte" : "bytes"} asked for`);

  await page.getByRole("button", { name: "Parse again" }).click();
  await expect(wasted, "nothing recorded this").toHaveCount(0);
  await expect(internal).toHaveText("unknown");
  await page.getByRole("slider", { name: "Moments of the heap" }).focus();
  await page.keyboard.press("ArrowLeft");
  await expect(wasted, "the moment before was recorded").toBeVisible();
  await expect(internal).toHaveText(share!);
});

test("files that are no trace are refused with a reason, and the page goes on", async ({ page }) => {
  await open(page);
  await record(page);
  const { bytes } = await saved(page, "Save the trace");
  const before = await said(page).textContent();
  const alert = page.locator("trace-view").getByRole("alert");
  const refused = async (name: string, buffer: Buffer, why: string): Promise<void> => {
    await page.getByLabel("Open a trace…").setInputFiles({ name, mimeType: "", buffer });
    await expect(alert).toContainText(`${name} is no trace that can be opened: ${why}`);
    expect(await said(page).textContent()).toBe(before);
  };
  await refused("empty.bontrace", Buffer.alloc(0), "it is empty.");
  await refused("photo.jpg", Buffer.from("JFIF and so on"), "it does not begin as a trace does.");
  await refused("long.bontrace", Buffer.concat([bytes, Buffer.of(0)]), "it is longer than it says");
  await refused("cut.bontrace", bytes.subarray(0, 100), "it is cut off");
  await refused("new.bontrace", Buffer.concat([bytes.subarray(0, 8), Buffer.from([9]), bytes.subarray(9)]), "it is of version 9; this page reads version 1. A newer page will read it.");
  // Longer than Playwright passes: made in the page.
  await page.locator("trace-view input[type=file]").evaluate((input: HTMLInputElement) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(200 * 2 ** 20)], "huge.bontrace"));
    input.files = transfer.files;
    input.dispatchEvent(new Event("change"));
  });
  await expect(alert).toContainText("it has 200 MiB, and the page opens no more than 128 MiB");
  await page.getByLabel("Open a trace…").setInputFiles({ name: "good.bontrace", mimeType: "", buffer: bytes });
  await expect(said(page)).toContainText("good.bontrace");
  await expect(alert).toBeHidden();
});

/** Blocks that nobody frees, from the module's own allocator. */
const leak = (page: Page, size: number, count: number): Promise<void> =>
  page.locator("program-view").evaluate(
    (view, [bytes, blocks]) => {
      const { module } = view as unknown as { module: { program: { exports: { __wbindgen_malloc: (size: number, align: number) => number } } } };
      for (let i = 0; i < blocks; i++) module.program.exports.__wbindgen_malloc(bytes, 1);
    },
    [size, count] as const,
  );

test("what was allocated in a part of the trace and never freed is listed, every block of it", async ({ page }) => {
  await open(page);
  const clear = page.getByRole("button", { name: "Clear", exact: true });
  await clear.click();
  await button(page, "Record").click();
  await page.getByRole("button", { name: "Parse" }).first().click();
  await clear.click();
  await leak(page, 12_345, 3);
  await page.getByRole("button", { name: "Parse" }).first().click();
  await clear.click();
  await leak(page, 777, 2);
  await button(page, "Stop recording").click();

  const list = page.locator("trace-leaks");
  const rows = list.locator("tbody tr");
  const [large, small] = [rows.filter({ hasText: "12.1 KiB" }), rows.filter({ hasText: "777 B" })];
  await expect(large.locator("td:not([aria-hidden])")).toHaveText(["36.2 KiB", "3", /^\d,\d{3}$/]);
  await expect(small.locator("td:not([aria-hidden])")).toHaveText(["1.52 KiB", "2", /^\d,\d{3}$/]);
  const [from, to] = [page.getByRole("slider", { name: "From record" }), page.getByRole("slider", { name: "To record" })];
  const born = Number((await large.locator("td").last().textContent())!.replace(",", ""));
  const all = Number(await to.getAttribute("max"));
  const step = Number(await to.getAttribute("step"));
  expect(born).toBeGreaterThan(1000);
  expect(all - born).toBeGreaterThan(1000);
  // A part is of whole steps of its slider; the three may lie on both sides of one.
  const before = Math.floor(born / step) * step;
  await to.fill(String(before));
  await expect(large).toHaveCount(0);
  await expect(small).toHaveCount(0);
  await to.fill(String(before + 2 * step));
  await expect(large.locator("td:not([aria-hidden])")).toHaveText(["36.2 KiB", "3", /./]);
  await expect(small).toHaveCount(0);
  await to.fill(String(all));
  await from.fill(String(before + 2 * step));
  await expect(large).toHaveCount(0);
  await expect(small).toHaveCount(1);
  await from.fill(String(all));
  await expect(list.getByRole("status")).toHaveText("Nothing of it is still live.");
});

test("call sites show as a flame graph, by keys, and as a list of leaks", async ({ page }) => {
  await open(page);
  await record(page, "a sample every 1 KiB");
  const flames = page.getByRole("slider", { name: "Flame graph" });
  await expect(flames).toHaveAttribute("aria-valuetext", /^all: .* of the bytes, about [\d,]+ blocks$/);
  const frames = page.locator("trace-flames .frame");
  expect(await frames.count()).toBeGreaterThan(5);
  await expect(frames.filter({ hasText: /bonsai_demo|serde_json|alloc::/ }).first()).toBeVisible();
  await flames.focus();
  await page.keyboard.press("ArrowDown");
  const first = await flames.getAttribute("aria-valuetext");
  expect(first).not.toMatch(/^all:/);
  await page.keyboard.press("Enter");
  await expect(frames.first()).toHaveAttribute("data-chosen", "");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Home");
  await expect(flames).toHaveAttribute("aria-valuetext", /^all:/);
  // By mouse: a double click zooms in, a button out.
  const before = await frames.count();
  await frames.nth(1).dblclick();
  await expect(frames.first()).not.toHaveText("all");
  await page.getByRole("button", { name: "Zoom out" }).last().click();
  await expect(frames.first()).toHaveText("all");
  expect(await frames.count()).toBe(before);

  await expect(page.getByText("Leaks by call site")).toBeVisible();
  const bytes = page.locator("trace-flames table td").first();
  await expect(bytes).toHaveText(/B$/);
  // Nothing that was allocated before the document was cleared is still there.
  await page.getByRole("radio", { name: "All of it" }).check({ force: true });
  const all = await frames.count();
  await page.getByRole("slider", { name: "To record" }).fill("0");
  await expect(page.getByText("Nothing that was sampled there is of that kind.")).toBeVisible();
  expect(all).toBeGreaterThan(0);
});

for (const look of LOOKS) {
  test(`the trace is sound in ${look.colours} at ${look.width} px`, async ({ page }) => {
    await dress(page, look);
    await open(page);
    await record(page, "a sample every 1 KiB");
    await button(page, "Replay on all").click();
    await expect(page.getByText("Replayed on six allocators.")).toBeAttached();
    await page.getByText("Export", { exact: true }).click();
    const folder = process.env["LOOK"];
    if (folder !== undefined) await page.locator("trace-view").screenshot({ path: `${folder}/trace-${look.colours}-${look.width}.png` });
    await expectSound(page);
  });
}

test("another allocator ends a recording, says so, and leaves the trace its name", async ({ page }) => {
  await open(page);
  await button(page, "Record").click();
  await page.getByRole("button", { name: "Parse again" }).click();
  await choose(page, "Buddy");
  await expect(said(page)).toHaveText(/^Another module was loaded, so the recording ended: [\d,]+ records\.$/);
  expect((await saved(page, "Save the trace")).name).toBe("demo-slab.bontrace");
});
