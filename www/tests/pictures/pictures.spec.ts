import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { below, choose, expect, give, inspector, map, open, sample, test } from "../support/page";

/** The README's pictures, taken of the real page: `npm run pictures`. */
async function take(page: Page, name: string): Promise<void> {
  const path = fileURLToPath(new URL(`../../../docs/pictures/${name}.png`, import.meta.url));
  await page.mouse.move(0, 0);
  await page.screenshot({ path });
  expect(statSync(path).size, "small enough for a README").toBeLessThan(200_000);
}

/** Chooses a live block that holds words, so that the picture shows what a block is. */
async function chooseText(page: Page): Promise<void> {
  await inspector(page).evaluate(async (inspector) => {
    const root = inspector.shadowRoot!;
    const field = root.querySelector("heap-map")!.shadowRoot!.querySelector(".field-of-view")!;
    const settled = async (element: Element): Promise<void> => {
      await (element as unknown as { updateComplete: Promise<unknown> }).updateComplete;
    };
    for (let i = 0; i < Number(field.getAttribute("aria-valuemax")); i++) {
      field.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
      await settled(inspector);
      // The panel's code comes with the first block that is chosen.
      await customElements.whenDefined("heap-block");
      const block = root.querySelector("heap-block")!;
      await settled(block);
      if (/[a-z ]{16}.*[a-z ]{16}.*[a-z ]{16}/s.test(block.shadowRoot!.querySelector(".bytes")?.textContent ?? "")) return;
    }
  });
}

test.use({ viewport: { width: 1440, height: 900 } });

for (const colorScheme of ["light", "dark"] as const) {
  test(`a real program, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await open(page);
    await sample(page, "Words");
    await sample(page, "Trees");
    await expect(page.getByText(/trees\.json, .* parsed in/)).toBeVisible();
    await chooseText(page);
    await take(page, `program-${colorScheme}`);
  });
}

test("a published package, as it is", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  await open(page);
  const packaged = (path: string): { name: string; buffer: Buffer } => ({ name: path.replace(/^.*\//, ""), buffer: readFileSync(new URL(`../../node_modules/${path}`, import.meta.url)) });
  await give(page, packaged("sql.js/dist/sql-wasm.wasm"), packaged("sql.js/dist/sql-wasm.js"));
  await page.getByRole("button", { name: "Start", exact: true }).click();
  for (const line of ["new Database()", 'database.run("create table words(word); create index by_word on words(word)")', 'database.run("with recursive n(i) as (select 1 union all select i + 1 from n where i < 4000) insert into words select i || \' words of a table, \' || i from n")', 'database.run("delete from words where rowid % 3")']) {
    await page.getByLabel(/Call one of/).fill(line);
    await page.getByRole("button", { name: "Call", exact: true }).click();
    await expect(inspector(page).locator(".lines [role=status]")).toHaveText(new RegExp(`^After ${line.split("(")[0]!}: `));
  }
  await page.getByLabel(/Call one of/).fill("");
  await below(page, "Call sites").click();
  await expect(page.locator("trace-flames .frame").first()).toBeVisible();
  await chooseText(page);
  for (let zooms = 0; zooms < 4; zooms++) await map(page).press("+");
  await take(page, "any-module");
});

test("the sandbox", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  await open(page, "#sandbox");
  for (const size of [100, 300, 60, 30, 700, 120]) {
    await page.getByLabel("Size in bytes").fill(String(size));
    await page.getByRole("button", { name: "Allocate" }).click();
  }
  await take(page, "sandbox");
});

test("a phone", async ({ page }) => {
  await page.setViewportSize({ width: 400, height: 850 });
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  await open(page);
  await choose(page, "Buddy");
  await take(page, "phone");
});
