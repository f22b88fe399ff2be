import type { Page } from "@playwright/test";
import { below, expect, map, open, test, write } from "../support/page";
import { dress, expectSound, LOOKS } from "../support/sound";

declare global {
  interface Window {
    nameOf: (element: Element) => string;
  }
}

LOOKS.forEach((look, i) => {
  test(`a program is sound in ${look.colours} at ${look.width} px`, async ({ page }) => {
    await dress(page, look);
    await open(page);
    await expectSound(page);
  });

  test(`a sandbox is sound in ${look.colours} at ${look.width} px`, async ({ page }) => {
    await dress(page, look);
    await open(page, "#sandbox");
    await page.getByRole("radio", { name: ["Buddy", "Slab", "Bump"][i % 3]! }).check({ force: true });
    for (let steps = 0; steps < 8; steps++) await page.getByRole("button", { name: "Step" }).click();
    await page.locator("sandbox-view summary").click();
    await expectSound(page);
  });
});

/** Scrolls to where a sheet lies over nothing. */
const rest = (page: Page): Promise<void> => page.evaluate(() => { scrollTo(0, document.documentElement.scrollHeight); });

for (const look of [LOOKS[0]!, LOOKS[5]!, LOOKS[6]!]) {
  test(`all that a program can show is sound in ${look.colours} at ${look.width} px`, async ({ page }) => {
    await dress(page, look);
    await open(page);
    const line = page.getByRole("slider", { name: "Moments of the heap" });
    // Little is parsed last: axe takes a second for ten rows of a table.
    await write(page, "[1, 2]");
    await page.getByRole("button", { name: /^Parse/ }).click();
    await expect(line).toHaveAttribute("aria-valuenow", "3");
    await map(page).press("End");
    for (const name of ["Block", "Sizes", "Free", "Sites", "Structure", "Moments"]) {
      const tab = page.locator("heap-inspector:visible").getByRole("tab", { name, exact: true });
      if ((await tab.getAttribute("aria-selected")) === "false") await tab.click();
      for (const summary of await page.locator("heap-inspector:visible summary:visible").all()) await summary.click();
      await rest(page);
      await expectSound(page);
    }
    await page.getByRole("button", { name: "why?" }).click();
    await page.getByRole("button", { name: /^Source: / }).click();
    await expect(page.locator("source-picker .menu")).toBeVisible();
    await page.keyboard.press("Escape");
    await below(page, "Log").click();
    await line.press("Shift+ArrowLeft");
    await expect(page.locator("heap-diff h3").first()).toBeVisible();
    await page.locator("heap-inspector:visible").getByRole("button", { name: "As table" }).click();
    await rest(page);
    await expectSound(page);
  });
}

test("the colours can be chosen, and are remembered", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await open(page);
  const paper = (): Promise<string> =>
    page.locator("bonsai-page").evaluate((element) => getComputedStyle(element).backgroundColor);
  const canvas = (): Promise<string> =>
    page.locator("heap-map:visible canvas.ground").evaluate((element: HTMLCanvasElement) => element.toDataURL());
  const light = { paper: await paper(), canvas: await canvas() };
  await page.getByLabel("Colours").selectOption("dark");
  await expect.poll(paper).not.toBe(light.paper);
  await expect.poll(canvas).not.toBe(light.canvas);
  const dark = await paper();
  await page.reload();
  await expect.poll(paper).toBe(dark);
  await page.getByLabel("Colours").selectOption("auto");
  await expect.poll(paper).toBe(light.paper);
});

test("nothing moves where reduced motion is asked for", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await open(page, "#sandbox");
  await page.getByRole("button", { name: "Allocate" }).click();
  const running = await page
    .locator("sandbox-figure g")
    .evaluateAll((groups) => groups.flatMap((group) => group.getAnimations({ subtree: true })).length);
  expect(running).toBe(0);
});

test("new blocks move where it is not", async ({ page }) => {
  await open(page, "#sandbox");
  await expect(page.locator("sandbox-figure g").first()).toBeVisible();
  const running = page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const room = document.querySelector("bonsai-page")?.shadowRoot?.querySelector("learn-room")?.shadowRoot;
        const root = room?.querySelector("sandbox-view")?.shadowRoot;
        const stage = root?.querySelector("sandbox-stage")?.shadowRoot;
        const figure = stage?.querySelector("sandbox-figure")?.shadowRoot;
        figure?.addEventListener("animationstart", () => { resolve(1); });
      }),
  );
  await page.getByRole("button", { name: "Allocate" }).click();
  expect(await running).toBe(1);
});

test("forced colours are the system's", async ({ page }) => {
  await page.emulateMedia({ forcedColors: "active" });
  await open(page);
  const distinct = await page.locator("heap-map:visible canvas.ground").evaluate((canvas: HTMLCanvasElement) => {
    const data = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height).data;
    const colors = new Set<number>();
    for (let i = 0; i < data.length; i += 4) colors.add((data[i]! << 16) | (data[i + 1]! << 8) | data[i + 2]!);
    return colors.size;
  });
  expect(distinct).toBeGreaterThanOrEqual(2);
});

test("the views are reached by links and by the back button", async ({ page }) => {
  await open(page);
  await page.getByRole("link", { name: "Learn" }).click();
  await page.getByRole("link", { name: "Sandbox" }).click();
  await expect(page.getByRole("button", { name: "Allocate" })).toBeVisible();
  await expect(page.locator("inspect-room")).toBeHidden();
  await page.goBack();
  await page.goBack();
  await expect(page.locator("inspect-room")).toBeVisible();
});

test("what changed is said to who cannot see it", async ({ page }) => {
  await open(page);
  await expect(page.locator("heap-inspector:visible .lines [role=status]")).toHaveText(/^After parse: .* live in .* blocks/);
  await page.getByRole("button", { name: "Clear" }).click();
  await expect(page.locator("heap-inspector:visible .lines [role=status]")).toHaveText(/^After clear: /);
});

/** All that can take the focus, by what it is called; of radio buttons, one of each group does. */
const focusable = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const found = new Set<string>();
    const visit = (root: Document | ShadowRoot): void => {
      for (const element of root.querySelectorAll<HTMLElement>("*")) {
        if (element.shadowRoot !== null) visit(element.shadowRoot);
        if (element.tabIndex < 0 || element.matches(":disabled") || !element.checkVisibility({ visibilityProperty: true })) continue;
        const radio = element instanceof HTMLInputElement && element.type === "radio";
        if (!radio || element.checked) found.add(window.nameOf(element));
      }
    };
    visit(document);
    return [...found].sort();
  });

/** The element with the focus, and whether that can be seen: "" for the page itself. */
const focused = (page: Page): Promise<{ name: string; seen: boolean }> =>
  page.evaluate(() => {
    let active = document.activeElement;
    while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
    if (active === null || active === document.body || active === document.documentElement) return { name: "", seen: true };
    const outlined = (element: Element | null): boolean => {
      if (element === null) return false;
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
      return (outlineStyle !== "none" && parseFloat(outlineWidth) >= 1) || boxShadow !== "none";
    };
    // What has no looks of its own shows it around, behind or within itself.
    const near = [active, active.parentElement, active.nextElementSibling, active.firstElementChild, active.querySelector("rect")];
    return { name: window.nameOf(active), seen: near.some(outlined) };
  });

for (const hash of ["#inspect", "#inspect?v=1&module=bare", "#sandbox", "#tours?v=1&tour=slabs&step=2", "#compare", "#compare?v=1&load=churn&seed=1&steps=20000&on=heap.slab"]) {
  test(`every control of ${hash} is reached by Tab, and shows that it is`, async ({ page }) => {
    await page.addInitScript(() => {
      // A name that tells one control from another, and stays while the page is looked at.
      const names = new Map<Element, string>();
      window.nameOf = (element) => {
        const label = element.getAttribute("aria-label") ?? (element.textContent.trim() || (element.closest("label")?.textContent.trim() ?? ""));
        const name = names.get(element) ?? `${names.size} ${element.localName} ${label.replaceAll(/\s+/g, " ").slice(0, 40)}`;
        names.set(element, name);
        return name;
      };
    });
    if (hash.includes("module")) {
      await page.goto(`./${hash}`);
      await expect(page.getByRole("button", { name: "Call", exact: true })).toBeVisible();
    } else await open(page, hash);
    const all = await focusable(page);
    expect(all.length).toBeGreaterThan(8);
    const reached = new Set<string>();
    const unseen = new Set<string>();
    for (let i = 0; i < 2 * all.length; i++) {
      await page.keyboard.press("Tab");
      const { name, seen } = await focused(page);
      if (name === "" && reached.size > 0) break;
      if (!seen) unseen.add(name);
      reached.add(name);
    }
    expect(all.filter((name) => !reached.has(name)), "what Tab does not reach").toEqual([]);
    expect([...unseen], "what does not show the focus").toEqual([]);
  });
}
