import { expect, open, test } from "../support/page";
import { dress, expectSound, LOOKS } from "../support/sound";

test("the lesson on leaks follows what is done in the real inspector", async ({ page }) => {
  await open(page, "#tours");
  await page.getByRole("link", { name: "Start: Find a leak" }).click();
  const lesson = page.locator("leak-lesson");
  await expect(lesson.getByRole("heading")).toHaveText(/^Find a leak/);
  const now = lesson.locator("li[aria-current=step]");
  await expect(now).toHaveText(/^1\. Type browse/);
  const line = page.getByLabel(/Call one of/);
  await line.fill("browse()");
  await page.keyboard.press("Enter");
  await expect(now).toHaveText(/^2\. Type checkout/);
  await expect(lesson.getByText("✓ 1.")).toBeVisible();
  await line.fill("checkout()");
  await page.keyboard.press("Enter");
  await expect(now).toHaveText(/^3\. Drag/);
  await expect(lesson.getByRole("radio")).toHaveCount(0);
  await page.getByRole("slider", { name: "Moments of the heap" }).focus();
  await page.keyboard.press("Shift+ArrowLeft");
  await expect(now).toHaveCount(0);
  // The drawer below shows what the question is about.
  await expect(page.locator("trace-flames .frame").filter({ hasText: "printReceipt" })).toBeVisible();
  await lesson.getByRole("radio", { name: "browse" }).check();
  await expect(lesson.getByRole("status")).toContainText("Not quite.");
  await lesson.getByRole("radio", { name: "printReceipt" }).check();
  await expect(lesson.getByRole("status")).toContainText("Right.");
  await lesson.getByRole("link", { name: "Go on freely in the sandbox" }).click();
  await expect(page.getByRole("button", { name: "Allocate" })).toBeVisible();
});

for (const look of LOOKS.filter(({ width }) => width < 400 || width === 1280)) {
  test(`the lesson on leaks is sound in ${look.colours} at ${look.width} px`, async ({ page }) => {
    await dress(page, look);
    await page.goto("./#inspect?v=1&module=shop");
    await expect(page.locator("leak-lesson").getByRole("heading")).toBeVisible();
    await expectSound(page);
  });
}
