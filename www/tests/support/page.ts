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

/** Opens the page and waits until its room is there; in Inspect, until the sample is parsed. */
export async function open(page: Page, hash = ""): Promise<void> {
  await page.goto(`./${hash}`);
  if (hash.startsWith("#sandbox")) await expect(page.getByRole("button", { name: "Allocate" })).toBeVisible();
  else if (hash.includes("load=")) await expect(page.getByRole("button", { name: "Run", exact: true })).toBeVisible();
  else if (hash.startsWith("#compare")) await expect(page.locator("compare-file .choice")).toBeVisible();
  else if (hash.startsWith("#learn") || hash.startsWith("#tours")) await expect(page.locator("tour-view h2")).toBeAttached();
  else await expect(page.getByText("parsed in")).toBeVisible();
}

/** Types a call of one of a module's functions into the line, and makes it. */
export async function call(page: Page, line: string): Promise<void> {
  await page.getByLabel(/Call one of/).fill(line);
  await page.getByRole("button", { name: "Call", exact: true }).click();
}

/** The inspector that is shown. */
export const inspector = (page: Page): Locator => page.locator("heap-inspector:visible");

/** Opens a panel of the inspector. */
export const panel = (page: Page, name: string): Promise<void> => inspector(page).getByRole("tab", { name, exact: true }).click();

/** A tab of the drawer below. */
export const below = (page: Page, name: string): Locator => page.locator("inspect-drawer").getByRole("tab", { name, exact: true });

/** A number of the status line or of the panel Free, in bytes (or as a count). */
export async function figure(page: Page, name: string): Promise<number> {
  const number = page.locator(`heap-inspector:visible [data-figure="${name}"] .number`);
  if ((await number.count()) === 0) await panel(page, "Free");
  const exact = (await number.first().getAttribute("title")) ?? (await number.first().textContent()) ?? "";
  return Number(exact.replace(/[^0-9]/g, ""));
}

export const map = (page: Page): Locator => page.getByRole("slider", { name: "Blocks in address order" });

/** The picture of the address map, pixel by pixel. */
export const pixels = (page: Page): Promise<string> =>
  page.locator("heap-map:visible canvas.ground").evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());

/** Opens the menu of sources. */
export async function sources(page: Page): Promise<Locator> {
  const head = page.getByRole("button", { name: /^Source: / });
  if ((await head.getAttribute("aria-expanded")) === "false") await head.click();
  return page.locator("source-picker .menu");
}

export async function sample(page: Page, name: string): Promise<void> {
  await (await sources(page)).getByRole("button", { name }).click();
}

export interface Dropped {
  readonly name: string;
  readonly buffer: Buffer;
}

export async function give(page: Page, ...files: readonly Dropped[]): Promise<void> {
  const mimeType = "application/octet-stream";
  await (await sources(page)).getByLabel("Open a file…").setInputFiles(files.map(({ name, buffer }) => ({ name, buffer, mimeType })));
}

/** Shows the controls that a narrow screen folds away. */
export async function unfold(page: Page): Promise<void> {
  const more = page.getByRole("button", { name: "More", exact: true });
  if ((await more.isVisible()) && (await more.getAttribute("aria-expanded")) === "false") await more.click();
}

export async function choose(page: Page, allocator: string): Promise<void> {
  await page.getByLabel("Allocator", { exact: true }).selectOption(allocator);
  await expect(page.getByText(`with the ${allocator} allocator`)).toBeHidden();
  await expect(page.getByText("parsed in")).toBeVisible();
  await expect(inspector(page)).toHaveCount(1);
}

/** Shows the editor, and puts a text into it. */
export async function write(page: Page, text: string): Promise<void> {
  await unfold(page);
  const edit = page.getByRole("button", { name: "Edit", exact: true });
  if ((await edit.getAttribute("aria-pressed")) === "false") await edit.click();
  await page.getByLabel("Text of the file").fill(text);
}

export const json = (name: string, value: unknown): Dropped => ({
  name,
  buffer: Buffer.from(typeof value === "string" ? value : JSON.stringify(value)),
});
