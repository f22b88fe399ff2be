import type { Page } from "@playwright/test";
import AxeBuilder from "@axe-core/playwright";
import { expect, open, test } from "../support/page";

// A window of 1280 by 900 pixels at 400 %: 320 by 225 of CSS, four of the screen's pixels each.
test.use({ viewport: { width: 320, height: 225 }, deviceScaleFactor: 4 });

/** What each tab shows once it is used; every drawing among it. */
const used: Record<string, (page: Page) => Promise<void>> = {
  "#program": async (page) => {
    const trace = page.locator("trace-view");
    await trace.getByLabel("Call sites").selectOption({ index: 1 });
    await trace.getByRole("button", { name: "Record" }).click();
    await page.getByRole("button", { name: "Parse again" }).click();
    await trace.getByRole("button", { name: "Stop recording" }).click();
    await expect(page.locator("trace-flames")).toBeVisible();
    await page.getByRole("slider", { name: "Blocks in address order" }).press("Home");
    await page.getByRole("slider", { name: "Blocks in address order" }).press("+");
    await page.getByRole("slider", { name: "Moments" }).press("Shift+ArrowLeft");
    await expect(page.locator("heap-diff")).toBeVisible();
  },
  "#module": async (page) => {
    await page.getByRole("button", { name: "one without imports" }).click();
    await expect(page.locator("module-drop heap-inspector")).toBeVisible();
  },
  "#sandbox": async (page) => {
    for (let i = 0; i < 8; i++) await page.getByRole("button", { name: "Step" }).click();
  },
  "#tours": async (page) => {
    await page.getByRole("button", { name: "Start: Slab versus buddy" }).click();
    await page.getByRole("button", { name: "Show what happens" }).click();
  },
  "#compare": async (page) => {
    await page.getByLabel("Steps").selectOption("20,000");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await expect(page.locator("compare-results table")).toBeVisible({ timeout: 60_000 });
  },
};

for (const [hash, use] of Object.entries(used)) {
  test(`${hash} can be used at 400 %: nothing sticks out or is cut`, async ({ page }) => {
    await open(page, hash);
    await use(page);
    await openTables(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
    expect(await cut(page)).toEqual([]);
    const { violations } = await new AxeBuilder({ page }).withRules(["scrollable-region-focusable"]).analyze();
    expect(violations.flatMap(({ nodes }) => nodes.map((node) => node.html))).toEqual([]);
  });
}

test("every drawing has a table beside it", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 900 });
  for (const [hash, drawings] of [
    ["#program", ["heap-map", "heap-orders", "heap-slabs", "heap-classes", "heap-timeline", "heap-diff", "trace-course", "trace-flames"]],
    ["#sandbox", ["sandbox-stage"]],
    ["#tours", ["tour-stage"]],
    ["#compare", ["compare-results"]],
  ] as const) {
    await open(page, hash);
    await used[hash]!(page);
    await openTables(page);
    for (const drawing of drawings) {
      const rows = page.locator(drawing).first().locator("table tbody tr");
      expect(await rows.count(), drawing).toBeGreaterThan(0);
    }
  }
});

/** Opens every folded part, tables among them. */
async function openTables(page: Page): Promise<void> {
  await page.evaluate(() => {
    const visit = (root: Document | ShadowRoot): void => {
      for (const element of root.querySelectorAll("*")) {
        if (element instanceof HTMLDetailsElement) element.open = true;
        if (element.shadowRoot !== null) visit(element.shadowRoot);
      }
    };
    visit(document);
  });
  // What a part shows is made when it is open.
  await page.waitForTimeout(300);
}

/** Elements beyond the right edge that no scroll bar of their own leads to. */
async function cut(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const parent = (element: Element): Element | null =>
      element.parentElement ?? (element.getRootNode() instanceof ShadowRoot ? (element.getRootNode() as ShadowRoot).host : null);
    const scrolls = (from: Element): boolean => {
      for (let element: Element | null = from; element !== null; element = parent(element)) {
        if (["auto", "scroll"].includes(getComputedStyle(element).overflowX)) return true;
      }
      return false;
    };
    const visit = (root: Document | ShadowRoot): void => {
      for (const element of root.querySelectorAll("*")) {
        const { left, right, width, height } = element.getBoundingClientRect();
        const seen = width > 1 && height > 1;
        if (seen && (right > innerWidth + 0.5 || left < -0.5) && !scrolls(element)) found.push(`${element.tagName} ${element.className}`);
        if (element.shadowRoot !== null) visit(element.shadowRoot);
      }
    };
    visit(document);
    return found;
  });
}
