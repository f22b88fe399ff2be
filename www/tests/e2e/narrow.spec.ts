import type { Page } from "@playwright/test";
import AxeBuilder from "@axe-core/playwright";
import { below, expect, open, panel, sources, test, unfold } from "../support/page";
import { saved } from "../support/traces";

// A window of 1280 by 900 pixels at 400 %: 320 by 225 of CSS, four of the screen's pixels each.
test.use({ viewport: { width: 320, height: 225 }, deviceScaleFactor: 4 });

/** Uses each place until it shows its drawings. */
const used: Record<string, (page: Page) => Promise<void>> = {
  "#inspect?v=1&on=slab": async (page) => {
    await unfold(page);
    await page.getByRole("slider", { name: "Blocks in address order" }).press("Home");
    await page.getByRole("slider", { name: "Blocks in address order" }).press("+");
    await page.getByRole("slider", { name: "Moments" }).press("Shift+ArrowLeft");
    await expect(page.locator("heap-diff")).toBeVisible();
    await expect(page.locator("trace-flames")).toBeVisible();
  },
  "#inspect?v=1&module=bare": async (page) => {
    await expect(page.locator("heap-inspector:visible")).toBeVisible();
    await sources(page);
  },
  "#inspect": async (page) => {
    const { bytes } = await saved(page, "Save the trace");
    await (await sources(page)).getByLabel("Open a file…").setInputFiles({ name: "a.bontrace", mimeType: "", buffer: bytes });
    await expect(page.locator("trace-course")).toBeVisible();
  },
  "#sandbox": async (page) => {
    for (let i = 0; i < 8; i++) await page.getByRole("button", { name: "Step" }).click();
  },
  "#tours": async (page) => {
    await page.getByRole("button", { name: "Start: Slab versus buddy" }).click();
    await page.getByRole("button", { name: "Show what happens" }).click();
  },
  "#compare": async (page) => {
    await expect(page.locator("compare-maps table")).toBeVisible();
  },
  "#compare?v=1&load=churn&seed=1&steps=100000&on=heap.slab.buddy.bump.tiny.dlmalloc": async (page) => {
    await page.getByLabel("Steps").selectOption("20,000");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await expect(page.locator("compare-results table")).toBeVisible({ timeout: 60_000 });
  },
};

/** Opens a place, whatever is waited for there. */
async function visit(page: Page, hash: string): Promise<void> {
  if (!hash.includes("module")) return open(page, hash);
  await page.goto(`./${hash}`);
  await expect(page.getByRole("button", { name: "Call", exact: true })).toBeVisible();
}

for (const [hash, use] of Object.entries(used)) {
  test(`${hash} can be used at 400 %: nothing sticks out or is cut`, async ({ page }) => {
    await visit(page, hash);
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
  const rows = async (drawing: string): Promise<void> => {
    // A panel's code may come after its element.
    await expect(async () => {
      await openTables(page);
      expect(await page.locator(`${drawing}:visible`).first().locator("table tbody tr").count(), drawing).toBeGreaterThan(0);
    }).toPass();
  };
  await open(page, "#inspect?v=1&on=slab");
  for (const [name, drawings] of [["Structure", ["heap-orders", "heap-slabs"]], ["Sizes", ["heap-classes"]], ["Moments", ["heap-moments"]]] as const) {
    await panel(page, name);
    for (const drawing of drawings) await rows(drawing);
  }
  await page.locator("heap-inspector:visible").getByRole("button", { name: "As table" }).click();
  await rows("heap-map");
  await page.getByRole("slider", { name: "Moments" }).press("Shift+ArrowLeft");
  await rows("heap-diff");
  await page.locator("trace-flames").getByRole("button", { name: "As table" }).click();
  await rows("trace-flames");
  await below(page, "Leaks").click();
  await rows("trace-leaks");
  for (const [hash, drawings] of [
    ["#inspect", ["trace-course"]],
    ["#sandbox", ["sandbox-stage"]],
    ["#tours", ["tour-stage"]],
    ["#compare", ["compare-maps"]],
    ["#compare?v=1&load=churn&seed=1&steps=100000&on=heap.slab.buddy.bump.tiny.dlmalloc", ["compare-results"]],
  ] as const) {
    await page.goto("about:blank");
    await open(page, hash);
    await used[hash]!(page);
    for (const drawing of drawings) await rows(drawing);
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
