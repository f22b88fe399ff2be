import type { Page } from "@playwright/test";
import { percent } from "../../src/text/format";
import { below, choose, expect, give, map, open, panel, test } from "../support/page";
import { dress, expectSound, LOOKS } from "../support/sound";
import { button, record, restart, said, saved } from "../support/traces";

/** The blocks that are live at the end of a file: address, and bytes that were asked for. */
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
  await give(page, { name: "a.bontrace", buffer: file.bytes });
  await expect(page.getByText(`a.bontrace: ${records.toLocaleString("en")} records.`)).toBeVisible();

  await page.getByRole("button", { name: "Compare allocators on it" }).click();
  await page.getByRole("button", { name: "Replay on all" }).click();
  await expect(page.getByText("Replayed on six allocators.")).toBeAttached();
  for (const allocator of ["heap", "slab", "buddy", "bump", "tiny", "dlmalloc"]) {
    const cells = await page.locator(`trace-replay tr[data-allocator=${allocator}] td`).allTextContents();
    expect(cells[0]).toMatch(/^[\d.,]+ ms$/);
    expect(cells[1], "beside a median the spread").toMatch(/^[\d.,]+ ms – [\d.,]+ ms$/);
    expect(cells[2]).toMatch(/^\d+ ns$/);
    expect(cells[3]).toMatch(/^[\d.]+ [KM]iB$/);
    expect(cells[6], `${allocator} refused nothing`).toBe("0");
  }
});

test("what is wasted in the blocks is known of the moments that were recorded, and of no others", async ({ page }) => {
  await open(page);
  const wasted = page.locator("heap-classes").getByRole("columnheader", { name: "Wasted" });
  const internal = page.locator("[data-figure=internal] .number");
  await restart(page, "Off");
  await panel(page, "Free");
  await page.getByRole("button", { name: "Parse again" }).click();
  const share = await internal.textContent();
  await panel(page, "Sizes");
  await expect(wasted).toBeVisible();
  await expect(page.locator("heap-classes .waste").first()).toBeAttached();
  await expect(page.getByText(/live blocks were recorded/)).toBeVisible();
  const told = await said(page).textContent();
  await button(page, "Stop recording").click();

  // What the page says is what the two files say, which were made from the trace and the heap alone.
  const asked = liveAtEnd((await saved(page, "Save the trace")).bytes);
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
  expect(told).toContain(`${recorded} live blocks were recorded`);
  const [block] = known;
  const index = blocks.indexOf(block!);
  await map(page).focus();
  await page.keyboard.press("Home");
  for (let i = 0; i < index; i++) await page.keyboard.press("ArrowRight");
  const size = asked.get(block!.address)!;
  await expect(page.locator("heap-block:visible")).toContainText(`${size.toLocaleString("en")} ${size === 1 ? "byte" : "bytes"} asked for`);
  await expect(page.locator("heap-block:visible"), "the module has one thread").not.toContainText("By thread");
  await page.locator("heap-inspector:visible").evaluate((inspector, at) => {
    (inspector as unknown as { threads: () => Map<number, number> }).threads = () => new Map([[at, 3]]);
    (inspector as unknown as { requestUpdate: () => void }).requestUpdate();
  }, block!.address);
  await expect(page.locator("heap-block:visible")).toContainText("By thread 3.");

  await panel(page, "Sizes");
  await page.getByRole("button", { name: "Parse again" }).click();
  await expect(wasted, "nothing recorded this").toHaveCount(0);
  await page.getByRole("slider", { name: "Moments of the heap" }).focus();
  await page.keyboard.press("ArrowLeft");
  await expect(wasted, "the moment before was recorded").toBeVisible();
  await panel(page, "Free");
  await expect(internal).toHaveText(share!);
});

test("files that are no trace are refused with a reason, and the page goes on", async ({ page }) => {
  await open(page);
  await record(page);
  const { bytes } = await saved(page, "Save the trace");
  const before = await said(page).textContent();
  const alert = page.locator("inspect-room").getByRole("alert");
  const refused = async (name: string, buffer: Buffer, why: string): Promise<void> => {
    await give(page, { name, buffer });
    await expect(alert).toContainText(`${name} is no trace that can be opened: ${why}`);
    expect(await said(page).textContent()).toBe(before);
  };
  await refused("empty.bontrace", Buffer.alloc(0), "it is empty.");
  await refused("photo.bontrace", Buffer.from("JFIF and so on"), "it does not begin as a trace does.");
  await refused("long.bontrace", Buffer.concat([bytes, Buffer.of(0)]), "it is longer than it says");
  await refused("cut.bontrace", bytes.subarray(0, 100), "it is cut off");
  await refused("new.bontrace", Buffer.concat([bytes.subarray(0, 8), Buffer.from([9]), bytes.subarray(9)]), "it is of version 9; this page reads versions to 2. A newer page will read it.");
  // Longer than Playwright passes: made in the page.
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(["JFIF", new Uint8Array(200 * 2 ** 20)], "huge.bontrace"));
    document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
  });
  await expect(alert).toContainText("huge.bontrace is no trace that can be opened: it does not begin as a trace does");
  await give(page, { name: "good.bontrace", buffer: bytes });
  await expect(page.getByText(/^good\.bontrace: /)).toBeVisible();
  await expect(alert).toHaveCount(0);
});

/** Blocks that nobody frees, from the module's own allocator. */
const leak = (page: Page, size: number, count: number): Promise<void> =>
  page.locator("inspect-room").evaluate(
    (view, [bytes, blocks]) => {
      const { stages } = view as unknown as { stages: Map<string, { program: { exports: { __wbindgen_malloc: (size: number, align: number) => number } } }> };
      for (let i = 0; i < blocks; i++) stages.get("heap")!.program.exports.__wbindgen_malloc(bytes, 1);
    },
    [size, count] as const,
  );

test("what was allocated in a part of the trace and never freed is listed, every block of it", async ({ page }) => {
  await open(page);
  const clear = page.getByRole("button", { name: "Clear", exact: true });
  await clear.click();
  await restart(page, "Off");
  await page.getByRole("button", { name: "Parse" }).first().click();
  await clear.click();
  await leak(page, 12_345, 3);
  await page.getByRole("button", { name: "Parse" }).first().click();
  await clear.click();
  await leak(page, 777, 2);
  await button(page, "Stop recording").click();
  const { bytes } = await saved(page, "Save the trace");
  await give(page, { name: "leaks.bontrace", buffer: bytes });
  await expect(page.getByText(/^leaks\.bontrace: /)).toBeVisible();
  await below(page, "Leaks").click();

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
  await below(page, "Call sites").click();
  const flames = page.getByRole("tree", { name: "Flame graph" });
  const chosen = flames.locator("[aria-selected=true]");
  await expect(chosen).toHaveAccessibleName(/^all: .* of the bytes, about [\d,]+ blocks$/);
  const frames = page.locator("trace-flames .frame");
  await expect.poll(() => frames.count()).toBeGreaterThan(5);
  await expect(frames.filter({ hasText: /bonsai_modules|serde_json|alloc::/ }).first()).toBeVisible();
  await flames.focus();
  await page.keyboard.press("ArrowDown");
  await expect(chosen).not.toHaveAccessibleName(/^all:/);
  await expect(flames).toHaveAttribute("aria-activedescendant", (await chosen.getAttribute("id"))!);
  await page.keyboard.press("Enter");
  await expect(frames.first()).toHaveAttribute("data-chosen", "");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Home");
  await expect(chosen).toHaveAccessibleName(/^all:/);
  // By mouse: a double click zooms in, a button out.
  const before = await frames.count();
  await frames.nth(1).dblclick();
  await expect(frames.first()).not.toHaveText("all");
  await page.locator("trace-flames").getByRole("button", { name: "Zoom out" }).click();
  await expect(frames.first()).toHaveText("all");
  await expect(frames).toHaveCount(before);

  // The page that called the module is hidden, until it is asked for.
  const scripts = page.locator('trace-flames .frame[title*=".js)"]');
  await expect(scripts).toHaveCount(0);
  await page.getByRole("checkbox", { name: "Hide page frames" }).uncheck();
  await expect(scripts.first()).toBeVisible();
  await page.getByRole("checkbox", { name: "Hide page frames" }).check();
  await page.getByRole("searchbox", { name: "Find a function" }).fill("serde_json");
  await expect(page.locator("trace-flames [role=status]")).toHaveText(/^[\d,]+ matche?s?, [\d.]+ [KM]?i?B, \d+ %$/);
  await expect(page.locator("trace-flames .frame[data-found]").first()).toBeVisible();
  await page.getByRole("searchbox", { name: "Find a function" }).fill("");
  await expect(page.locator("trace-flames .frame[data-found]")).toHaveCount(0);
  const topDown = await frames.nth(1).textContent();
  await page.getByRole("checkbox", { name: "Bottom-up" }).check();
  await expect(frames.nth(1)).not.toHaveText(topDown!);
  await page.getByRole("checkbox", { name: "Bottom-up" }).uncheck();

  await page.locator("trace-flames").getByRole("button", { name: "As table" }).click();
  await expect(page.getByRole("table", { name: "Leaks by call site" })).toBeVisible();
  await expect(page.locator("trace-flames table td").first()).toHaveText(/B$/);
  await page.locator("trace-flames").getByRole("button", { name: "As table" }).click();
  await page.getByRole("radio", { name: "All of it" }).check({ force: true });
  await expect(frames.first()).toBeVisible();
  // Of an opened trace, sliders choose the part.
  const { bytes } = await saved(page, "Save the trace");
  await give(page, { name: "sites.bontrace", buffer: bytes });
  await below(page, "Call sites").click();
  await page.getByRole("slider", { name: "To record" }).fill("0");
  await expect(page.getByText("Nothing that was sampled there is of that kind.")).toBeVisible();
});

test("a range of moments asks who asked for what came", async ({ page }) => {
  await open(page);
  await page.getByRole("slider", { name: "Moments of the heap" }).press("Shift+ArrowLeft");
  await expect(page.locator("inspect-drawer").getByText("Allocated from #1 (start) to #2 (parse).")).toBeVisible();
  await expect(page.locator("trace-flames .frame").filter({ hasText: /bonsai_modules|serde_json/ }).first()).toBeVisible();
  await panel(page, "Sites");
  await expect(page.locator("heap-sites tbody tr").first()).toContainText(/B/);
});

for (const look of LOOKS) {
  test(`the trace is sound in ${look.colours} at ${look.width} px`, async ({ page }) => {
    await dress(page, look);
    await open(page);
    await page.getByRole("button", { name: "Clear", exact: true }).click();
    await below(page, "Call sites").click();
    await expectSound(page);
    await below(page, "Leaks").click();
    await expectSound(page);
    const { bytes } = await saved(page, "Save the trace");
    await expectSound(page);
    await give(page, { name: "look.bontrace", buffer: bytes });
    await expect(page.getByText(/^look\.bontrace: /)).toBeVisible();
    await expectSound(page);
    await page.getByRole("button", { name: "Compare allocators on it" }).click();
    await page.getByRole("button", { name: "Replay on all" }).click();
    await expect(page.getByText("Replayed on six allocators.")).toBeAttached();
    await expectSound(page);
  });
}

test("another allocator has a recording of its own, and each trace its name", async ({ page }) => {
  await open(page);
  await page.getByRole("button", { name: "Parse again" }).click();
  const records = await said(page).textContent();
  await choose(page, "Buddy");
  await expect(said(page)).not.toHaveText(records!);
  expect((await saved(page, "Save the trace")).name).toBe("demo-buddy.bontrace");
  await choose(page, "Heap");
  await expect(said(page)).toHaveText(records!);
  expect((await saved(page, "Save the trace")).name).toBe("demo-heap.bontrace");
});
