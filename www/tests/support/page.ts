import { expect, test as base, type Locator, type Page } from "@playwright/test";

/** A test that fails if the console says anything that is an error or a warning. */
export const test = base.extend<{ quiet: boolean }>({
  quiet: [
    async ({ page }, use) => {
      const said: string[] = [];
      page.on("console", (message) => {
        // Of Playwright's own: tests do without the service worker.
        if (message.text() === "Service Worker registration blocked by Playwright") return;
        if (message.type() === "error" || message.type() === "warning") said.push(message.text());
      });
      page.on("pageerror", (error) => said.push(error.message));
      await use(true);
      expect(said, "the console is empty").toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** Opens the page and waits until the first sample is parsed. */
export async function open(page: Page, hash = ""): Promise<void> {
  await page.goto(`./${hash}`);
  if (hash.startsWith("#sandbox")) await expect(page.getByRole("button", { name: "Allocate" })).toBeVisible();
  else if (hash.startsWith("#compare")) await expect(page.getByRole("button", { name: "Run", exact: true })).toBeVisible();
  else if (hash.startsWith("#tours")) await expect(page.locator("tour-view h2")).toBeAttached();
  else if (hash.startsWith("#module")) await expect(page.locator("module-drop")).toBeVisible();
  else await expect(page.getByText("parsed in")).toBeVisible();
}

/** A number of the headline, in bytes (or as a count). */
export async function figure(page: Page, name: string): Promise<number> {
  const number = page.locator(`[data-figure="${name}"] .number`);
  const exact = (await number.getAttribute("title")) ?? (await number.textContent()) ?? "";
  return Number(exact.replace(/[^0-9]/g, ""));
}

export const map = (page: Page): Locator => page.getByRole("slider", { name: "Blocks in address order" });

/** What the address map shows, pixel by pixel. */
export const pixels = (page: Page): Promise<string> =>
  page.locator("heap-map canvas.ground").evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());

export async function choose(page: Page, allocator: string): Promise<void> {
  await page.getByRole("radio", { name: allocator }).check({ force: true });
  await expect(page.getByText(`with the ${allocator} allocator`)).toBeHidden();
  await expect(page.getByText("parsed in")).toBeVisible();
}

export const json = (name: string, value: unknown): { name: string; mimeType: string; buffer: Buffer } => ({
  name,
  mimeType: "application/json",
  buffer: Buffer.from(typeof value === "string" ? value : JSON.stringify(value)),
});
