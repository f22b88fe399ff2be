import type { Page } from "@playwright/test";
import { choose, expect, figure, give, inspector, json, map, open, panel, pixels, sample, sources, test, write } from "../support/page";

const large = { rows: Array.from({ length: 3000 }, (_, i) => ({ id: i, name: `row number ${i}`, tags: ["a", "b"] })) };

test("parses a sample at once, and shows the module's heap", async ({ page }) => {
  await open(page);
  await expect(page).toHaveTitle(/bonsai_alloc/);
  const live = await figure(page, "live");
  const committed = await figure(page, "committed");
  expect(live).toBeGreaterThan(10_000);
  expect(committed).toBeGreaterThan(live);
  expect((await figure(page, "free")) + live).toBeLessThanOrEqual(committed);
  expect(await figure(page, "growths")).toBeGreaterThan(0);
  await choose(page, "Slab");
  await panel(page, "Structure");
  await expect(page.getByRole("heading", { name: "Buddy orders" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Slabs by class" })).toBeVisible();
});

test("parses a file that the user opens", async ({ page }) => {
  await open(page);
  const before = { live: await figure(page, "live"), map: await pixels(page) };
  await give(page, json("mine.json", large));
  await expect(page.getByText(/mine\.json, .* parsed in/)).toBeVisible();
  expect(await figure(page, "live")).toBeGreaterThan(2 * before.live);
  expect(await pixels(page)).not.toBe(before.map);
});

test("parses a file that is dropped on it", async ({ page }) => {
  await open(page);
  const transfer = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File(['{"dropped": [1, 2, 3]}'], "dropped.json"));
    return data;
  });
  await page.dispatchEvent("body", "dragover", { dataTransfer: transfer });
  await expect(page.getByText(/^Drop it anywhere/)).toBeVisible();
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
  await expect(page.getByText(/dropped\.json, 22 B, parsed in/)).toBeVisible();
  await expect(page.getByText(/^Drop it anywhere/)).toBeHidden();
});

test("clears, edits and parses again, any number of times", async ({ page }) => {
  await open(page);
  const full = await figure(page, "live");
  const committed = await figure(page, "committed");
  await page.getByRole("button", { name: "Clear" }).click();
  const empty = await figure(page, "live");
  expect(empty).toBeLessThan(full / 4);
  expect(await figure(page, "committed")).toBe(committed);
  await expect(page.getByText(/After a peak/)).toBeVisible();

  await write(page, '{"short": true}');
  await page.getByRole("button", { name: "Parse", exact: true }).click();
  await expect(page.getByText(/15 B, parsed in/)).toBeVisible();
  expect(await figure(page, "live")).toBeLessThan(full);

  await sample(page, "Forest");
  for (let i = 0; i < 5; i++) {
    await page.getByRole("button", { name: /^Parse/ }).click();
    await expect(page.getByText("parsed in")).toBeVisible();
    await page.getByRole("button", { name: "Clear" }).click();
  }
  // Whatever the module keeps for itself, it gives the documents back.
  expect(await figure(page, "live")).toBeLessThanOrEqual(empty + 4096);
});

test("shows what the parser says of a broken file, and leaves the heap right", async ({ page }) => {
  await open(page);
  const live = await figure(page, "live");
  await sample(page, "Broken");
  await expect(page.getByText("broken.json could not be parsed.")).toBeVisible();
  await expect(page.getByText(/line 8 column \d+/)).toBeVisible();
  // The document before is still alive; the message is a few bytes more.
  expect(Math.abs((await figure(page, "live")) - live)).toBeLessThan(16_384);

  await page.getByRole("button", { name: /Go to line 8/ }).click();
  const at = await page.getByLabel("Text of the file").evaluate((editor: HTMLTextAreaElement) => {
    return editor.value.slice(0, editor.selectionStart).split("\n").length;
  });
  expect(at).toBe(8);
  await sample(page, "Trees");
  await expect(page.getByText(/trees\.json, .* parsed in/)).toBeVisible();
});

test("reads Markdown and text too", async ({ page }) => {
  await open(page);
  await sample(page, "Guide");
  await expect(page.getByText(/guide\.md, .* parsed in/)).toBeVisible();
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await expect(page.getByLabel("Read as")).toHaveValue("markdown");
  const menu = await sources(page);
  await expect(menu.getByRole("button", { name: "Guide" })).toHaveAttribute("aria-pressed", "true");
  await expect(menu.getByRole("button", { name: "Trees" })).toHaveAttribute("aria-pressed", "false");
  await sample(page, "Words");
  await expect(page.getByText(/words\.txt, .* parsed in/)).toBeVisible();
  await expect(page.getByLabel("Read as")).toHaveValue("text");
  await give(page, json("one.txt", "word"));
  await expect(page.getByText("1 word in 1 line, 1 different")).toBeVisible();
});

test("takes an empty file, and refuses one that is too large", async ({ page }) => {
  await open(page);
  await give(page, json("empty.json", ""));
  await expect(page.getByText("empty.json could not be parsed.")).toBeVisible();
  const transfer = await page.evaluateHandle(() => {
    const file = new File(["{}"], "huge.json");
    Object.defineProperty(file, "size", { value: 200 * 2 ** 20 });
    const data = new DataTransfer();
    data.items.add(file);
    Object.defineProperty(data, "files", { value: [file] });
    return data;
  });
  await page.evaluate((data) => {
    const drop = new DragEvent("drop", { bubbles: true, cancelable: true });
    Object.defineProperty(drop, "dataTransfer", { value: data });
    document.body.dispatchEvent(drop);
  }, transfer);
  await expect(page.getByText("huge.json has 200 MiB; this page takes files up to 64 MiB.")).toBeVisible();
});

test("a file longer than the editor takes is parsed whole", async ({ page }) => {
  await open(page);
  await sample(page, "Forest");
  await expect(page.getByText(/forest\.json, 1\.\d+ MiB, parsed in/)).toBeVisible();
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await expect(page.getByText(/too long to edit here/)).toBeVisible();
  expect(await figure(page, "growths")).toBeGreaterThan(3);
});

test("each allocator is a module of its own, which parses the file again and keeps its history", async ({ page }) => {
  await open(page, "#inspect?v=1&on=slab");
  await give(page, json("mine.json", large));
  await expect(page.getByText(/mine\.json, .* parsed in/)).toBeVisible();
  const slab = await pixels(page);
  const moments = page.getByRole("slider", { name: "Moments of the heap" });
  await expect(moments).toHaveAttribute("aria-valuemax", "3");

  await choose(page, "Buddy");
  await expect(page.getByText(/mine\.json, .* parsed in/)).toBeVisible();
  await expect(moments).toHaveAttribute("aria-valuemax", "2");
  await panel(page, "Structure");
  await expect(page.getByRole("heading", { name: "Slabs by class" })).toBeHidden();
  await expect(page.getByRole("heading", { name: "Buddy orders" })).toBeVisible();
  expect(await pixels(page)).not.toBe(slab);

  await choose(page, "Bump");
  await expect(page.getByRole("heading", { name: "Buddy orders" })).toBeHidden();
  const once = await figure(page, "used");
  await page.getByRole("button", { name: "Parse again" }).click();
  expect(await figure(page, "used")).toBeGreaterThan(once * 1.5);
  await expect(page.getByText(/^Used up to here: /)).toBeVisible();

  await choose(page, "Tiny");
  await panel(page, "Free");
  await expect(page.getByRole("heading", { name: "Free lists" })).toBeVisible();
  await expect(page.getByText("not tracked").first()).toBeVisible();

  // Back again: its history is as it was, and the same text is not parsed twice.
  await choose(page, "Slab");
  await expect(moments).toHaveAttribute("aria-valuemax", "3");
  expect(await pixels(page)).toBe(slab);
  // A fresh module has seen nothing of it.
  await page.getByRole("button", { name: "Restart", exact: true }).click();
  await expect(moments).toHaveAttribute("aria-valuemax", "2");
});

test("the map is explored by keyboard alone", async ({ page }) => {
  await open(page);
  const blocks = map(page);
  await blocks.focus();
  await expect(blocks).toHaveAttribute("aria-valuetext", "No block chosen");
  await page.keyboard.press("Home");
  await expect(blocks).toHaveAttribute("aria-valuenow", "0");
  const first = await blocks.getAttribute("aria-valuetext");
  await page.keyboard.press("ArrowRight");
  await expect(blocks).toHaveAttribute("aria-valuenow", "1");
  await page.keyboard.press("ArrowLeft");
  await expect(blocks).toHaveAttribute("aria-valuetext", first ?? "");
  await page.keyboard.press("End");
  await expect(blocks).toHaveAttribute("aria-valuenow", (await blocks.getAttribute("aria-valuemax")) ?? "");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("PageUp");
  await expect(page.getByRole("region", { name: "Chosen block" })).toContainText("0x");

  const rows = inspector(page).getByText(/a row\.$/);
  const whole = await rows.textContent();
  await page.keyboard.press("+");
  await page.keyboard.press("+");
  await expect(rows).not.toHaveText(whole ?? "");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("0");
  await expect(rows).toHaveText(whole ?? "");
  await page.keyboard.press("Escape");
  await expect(blocks).toHaveAttribute("aria-valuetext", "No block chosen");
  await expect(page.getByText("Click a block in the map")).toBeVisible();
});

test("zoom shows single blocks and their bytes", async ({ page }) => {
  await open(page);
  const text = "a text that can be found in memory again";
  await write(page, JSON.stringify({ text }));
  await page.getByRole("button", { name: /^Parse/ }).click();
  for (let i = 0; i < 12; i++) await page.getByRole("button", { name: "Zoom in" }).click();
  await expect(page.getByText("128 B a row")).toBeAttached();
  await page.getByRole("button", { name: "Show all" }).click();

  // Some block holds the text: go from block to block, by key, until its bytes show it.
  await map(page).focus();
  await page.keyboard.press("Home");
  // The panel's code comes with the first block.
  await expect(page.getByRole("region", { name: "Chosen block" })).toBeVisible();
  const found = await inspector(page).evaluate(async (inspector, wanted) => {
    const root = inspector.shadowRoot!;
    const field = root.querySelector("heap-map")!.shadowRoot!.querySelector(".field-of-view")!;
    const settled = async (element: Element): Promise<void> => {
      await (element as unknown as { updateComplete: Promise<unknown> }).updateComplete;
    };
    const count = Number(field.getAttribute("aria-valuemax"));
    for (let i = 0; i < count; i++) {
      field.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
      await settled(inspector);
      const block = root.querySelector("heap-block")!;
      await settled(block);
      const shown = block.shadowRoot!.textContent;
      if (shown.includes("· live") && shown.includes(wanted)) return true;
    }
    return false;
  }, text.slice(0, 16));
  expect(found).toBe(true);
});

test("every drawing has its data as a table", async ({ page }) => {
  await open(page, "#inspect?v=1&on=slab");
  await panel(page, "Structure");
  for (const name of ["Buddy orders", "Slabs by class"]) {
    const section = page.getByRole("region", { name, exact: true });
    await section.getByText("As table").click();
    await expect.poll(() => section.getByRole("row").count()).toBeGreaterThan(1);
  }
  await panel(page, "Moments");
  await expect(page.locator("heap-moments tbody tr")).toHaveCount(2);
  await page.locator("heap-moments").getByRole("button", { name: "Go to moment 1" }).click();
  await expect(page.getByText("Viewing #1 (start), 1 step back.")).toBeVisible();
  await page.getByRole("button", { name: "Back to now" }).click();
  await inspector(page).getByRole("button", { name: "As table" }).click();
  const row = page.locator("heap-map table").getByRole("button").first();
  const address = await row.textContent();
  await row.click();
  await expect(page.getByRole("region", { name: "Chosen block" })).toContainText(address ?? "");
});

test("a slab is chosen by its bar, a block by its place in the tree", async ({ page }) => {
  await open(page, "#inspect?v=1&on=slab&panel=structure");
  const row = page.getByRole("slider", { name: /Class of 8 B blocks/ });
  await row.focus();
  await page.keyboard.press("ArrowRight");
  await expect(row).toHaveAttribute("aria-valuetext", /Slab at 0x/);
  await expect(map(page)).toHaveAttribute("aria-valuetext", /slab of 8 B/);
  await page.keyboard.press("Escape");
  await expect(map(page)).toHaveAttribute("aria-valuetext", "No block chosen");
  // All classes are one Tab stop: up and down lead from one to the next.
  await page.keyboard.press("ArrowDown");
  const second = page.getByRole("slider", { name: /Class of 16 B blocks/ });
  await expect(second).toBeFocused();
  await expect(page.locator('heap-slabs svg[tabindex="0"]')).toHaveCount(1);
  await page.keyboard.press("Tab");
  await expect(page.locator("heap-slabs summary")).toBeFocused();
  await page.keyboard.press("Shift+Tab");
  await expect(second).toBeFocused();

  const tree = page.getByRole("slider", { name: "Tree of buddy blocks" });
  const box = await tree.boundingBox();
  // Somewhere in the top row stands a block that was never split.
  for (let x = 4; x < (box?.width ?? 0); x += 12) {
    await tree.click({ position: { x, y: 8 } });
    if ((await map(page).getAttribute("aria-valuetext")) !== "No block chosen") break;
  }
  await panel(page, "Block");
  await expect(page.getByRole("region", { name: "Chosen block" })).toBeVisible();
});

/** Drops a file on the page, wherever it is. */
const drop = (page: Page, name: string, bytes: readonly number[]): Promise<void> =>
  page.evaluate(
    ([name, bytes]) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(bytes)], name));
      document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
    },
    [name, bytes] as const,
  );

test("a file that is dropped while a module loads is parsed by it", async ({ page }) => {
  await open(page);
  await page.route(/demo.*buddy.*wasm|bonsai_demo_bg.*wasm/, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    await route.continue();
  });
  await page.getByLabel("Allocator", { exact: true }).selectOption("Buddy");
  // A button that does nothing yet does not look as if it did.
  const parse = page.getByRole("button", { name: /^Parse/ });
  await expect(parse).toBeDisabled();
  await expect(parse).toHaveCSS("background-color", "rgba(0, 0, 0, 0)");
  await drop(page, "late.json", [...Buffer.from('{"late": 1}')]);
  await expect(page.getByText(/late\.json, 11 B, parsed in/)).toBeVisible();
  await panel(page, "Structure");
  await expect(page.getByRole("heading", { name: "Buddy orders" })).toBeVisible();
});

test("what is dropped goes where its first bytes say, whatever it is called", async ({ page }) => {
  await open(page);
  await drop(page, "readme.txt", [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  await expect(page.getByRole("heading", { name: /^readme\.txt, 8/ })).toBeVisible();
  await drop(page, "notes.md", [...Buffer.from("# A title")]);
  await expect(page.getByText(/notes\.md, 9 B, parsed in/)).toBeVisible();
  await page.goto("./#sandbox");
  await drop(page, "run.json", [...Buffer.from("BONTRACE and no more")]);
  await expect(page.locator("inspect-room").getByRole("alert")).toHaveText(/run\.json is no trace/);
});

test("the wheel zooms to the address under the pointer, and holds it; a pinch is no more than it says", async ({ page }) => {
  await open(page);
  await sample(page, "Forest");
  await expect(page.getByText(/forest\.json, .* parsed in/)).toBeVisible();
  const field = (await map(page).boundingBox())!;
  const pitch = await page.locator("heap-map:visible").evaluate((element) => (element as unknown as { pitch: number }).pitch);
  const at = { x: field.x + field.width * 0.7, y: field.y + 9 * pitch + 6 };
  await page.mouse.move(at.x, at.y);
  const view = (): Promise<{ start: number; bytesPerRow: number; rows: number }> =>
    page.locator("heap-map:visible").evaluate((element) => {
      const map = element as unknown as { view: null; snapshot: { start: number } } & Record<"window", { start: number; bytesPerRow: number; rows: number }>;
      const { start, bytesPerRow, rows } = map.window;
      return { start, bytesPerRow, rows };
    });
  const whole = await view();
  const under = whole.start + 9 * whole.bytesPerRow + 0.7 * whole.bytesPerRow;
  // A pinch on a touchpad, with Ctrl: many small events, a step in all.
  await page.keyboard.down("Control");
  for (let i = 0; i < 10; i++) await page.mouse.wheel(0, -6);
  await expect.poll(async () => (await view()).bytesPerRow).toBe(whole.bytesPerRow / 2);
  await page.keyboard.up("Control");
  // Nothing else scrolls here, so the wheel zooms by itself.
  for (let zoomed = 2; zoomed <= 128; zoomed *= 2) {
    await expect.poll(async () => (await view()).bytesPerRow).toBe(whole.bytesPerRow / zoomed);
    if (zoomed < 128) await page.mouse.wheel(0, -120);
  }
  const close = await view();
  expect(close.start).toBeLessThanOrEqual(under);
  expect(close.start + close.rows * close.bytesPerRow).toBeGreaterThan(under);

  // A plain drag pans.
  await page.mouse.down();
  await page.mouse.move(at.x, at.y - 4 * pitch, { steps: 4 });
  await page.mouse.up();
  await expect.poll(async () => (await view()).start).toBe(close.start + 4 * close.bytesPerRow);
});
