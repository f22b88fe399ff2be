import type { Locator, Page } from "@playwright/test";
import { expect, open, test } from "../support/page";
import { dress, expectSound, LOOKS } from "../support/sound";

const heading = (page: Page): Locator => page.locator("tour-view h2");
const because = (page: Page): Locator => page.locator("tour-view .because");
const blocks = (page: Page, state: string): Locator => page.locator(`tour-view sandbox-figure g[data-state="${state}"]`);

test("a tour is taken by keyboard alone, from the list to its end", async ({ page }) => {
  await open(page, "#tours");
  await page.getByRole("button", { name: "Start: Why buddies merge" }).focus();
  await page.keyboard.press("Enter");
  await expect(heading(page)).toHaveText("The first split");
  await expect(heading(page)).toBeFocused();
  await expect(blocks(page, "free")).toHaveCount(1);

  // The second choice of each step, by arrow, and Enter.
  const right = [true, false, true, true, true, false];
  for (const [step, comesTrue] of right.entries()) {
    await expect(page.getByText(`Step ${step + 1} of 6`)).toBeVisible();
    await page.getByRole("radio").first().focus();
    await page.keyboard.press("ArrowDown");
    await expect(page.getByRole("radio").nth(1)).toBeChecked();
    await page.keyboard.press("Enter");
    await expect(because(page)).toContainText(comesTrue ? /^\s*Right\./ : /^\s*Not quite: /);
    await expect(page.locator("tour-view button.next")).toBeFocused();
    await page.keyboard.press("Enter");
    await expect(heading(page)).toBeFocused();
  }
  await expect(heading(page)).toHaveText("4 of 6 predictions came true.");
  // It ends in the sandbox, with the last blocks.
  const live = await page.getByRole("link", { name: "Go on freely in the sandbox" }).getAttribute("href");
  expect(live).toMatch(/^#sandbox\?v=1&on=buddy\..*&do=a/);
  await page.getByRole("button", { name: "Choose another tour" }).click();
  await expect(page.getByRole("button", { name: /^Start: / })).toHaveCount(5);
});

test("what happens is shown after the prediction only, before and after side by side", async ({ page }) => {
  await open(page, "#tours?v=1&tour=fragmentation&step=6");
  await expect(heading(page)).toHaveText("A neighbour goes");
  await expect(blocks(page, "free")).toHaveCount(3);
  await page.getByRole("button", { name: "Show what happens" }).click();
  await expect(page.getByText("Choose an answer first.")).toBeVisible();
  await expect(because(page)).toHaveCount(0);

  await page.getByRole("radio", { name: "1,536 bytes" }).check();
  await page.getByRole("button", { name: "Show what happens" }).click();
  await expect(because(page)).toContainText("Not quite: 1,024 bytes. It merged with its buddy on the right into 1,024 bytes.");
  await expect(page.locator("tour-view sandbox-figure .mark")).toHaveCount(1);
  await expect(page.locator("tour-stage dl")).toContainText("512 → 1,024");
  await page.getByRole("radio", { name: "Before" }).check({ force: true });
  await expect(page.locator("tour-view sandbox-figure .mark")).toHaveCount(0);
  await expect(blocks(page, "live")).toHaveCount(5);
  await page.getByRole("radio", { name: "After" }).check({ force: true });
  await expect(blocks(page, "live")).toHaveCount(4);
  // The figure is to be looked at: a press frees nothing.
  await blocks(page, "live").first().click();
  await expect(blocks(page, "live")).toHaveCount(4);
});

test("a step can be gone back to, by button and by the browser's own", async ({ page }) => {
  await open(page, "#tours?v=1&tour=slabs&step=2");
  await expect(heading(page)).toHaveText("Sixteen objects");
  await page.getByRole("radio", { name: "The slab" }).check();
  await page.getByRole("button", { name: "Show what happens" }).click();
  await page.getByRole("button", { name: "Next" }).click();
  await expect(heading(page)).toHaveText("Holes");
  await expect(page).toHaveURL(/step=3$/);
  await page.getByRole("button", { name: "Back" }).click();
  await expect(heading(page)).toHaveText("Sixteen objects");
  // What was answered stays answered.
  await expect(because(page)).toContainText("768 bytes against 1,024");
  await page.goBack();
  await expect(heading(page)).toHaveText("Holes");
  await page.goForward();
  await expect(heading(page)).toHaveText("Sixteen objects");
  await page.getByRole("button", { name: "All tours" }).click();
  await expect(page.getByRole("button", { name: "Start: The ratchet" })).toBeVisible();
  await expect(page).toHaveURL(/#tours$/);
});

test("the ratchet runs on whole heaps", async ({ page }) => {
  await open(page, "#tours?v=1&tour=ratchet&step=6");
  await page.getByRole("radio", { name: "Less" }).check();
  await page.getByRole("button", { name: "Show what happens" }).click();
  await expect(because(page)).toContainText(/Right\.\s+1\.\d+ MiB instead of 3\.\d+ MiB/);
  await expect(page.locator("tour-stage section")).toHaveCount(2);
});

test("a step goes on in the sandbox, with the same blocks", async ({ page }) => {
  await open(page, "#tours?v=1&tour=merging&step=4");
  await page.getByRole("radio", { name: "No" }).check();
  await page.getByRole("button", { name: "Show what happens" }).click();
  const shown = await blocks(page, "free").count();
  await page.getByRole("link", { name: "Try it in the sandbox" }).click();
  await expect(page.getByRole("button", { name: "Allocate" })).toBeVisible();
  await expect(page.locator('sandbox-view sandbox-figure g[data-state="free"]')).toHaveCount(shown);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.locator('sandbox-view sandbox-figure g[data-state="live"]')).toHaveCount(3);
  await page.goBack();
  await expect(heading(page)).toHaveText("Side by side");
});

for (const [query, message] of [
  ["v=1&tour=arenas", /its part “tour” reads “arenas”/],
  ["v=1&tour=merging&step=99", /its part “step” reads “99”/],
  ["v=7&tour=merging", /version 7, and this page reads version 1/],
] as const) {
  test(`a link that reads ${query} is told to be wrong, and the list is there`, async ({ page }) => {
    await open(page, `#tours?${query}`);
    await expect(page.getByRole("alert")).toHaveText(message);
    await page.getByRole("button", { name: "Start: External fragmentation" }).click();
    await expect(heading(page)).toHaveText("One request");
    await expect(page.getByRole("alert")).toHaveCount(0);
  });
}

for (const look of LOOKS) {
  test(`tours are sound in ${look.colours} at ${look.width} px`, async ({ page }) => {
    await dress(page, look);
    await page.emulateMedia({ reducedMotion: "reduce" });
    await open(page, "#tours");
    await expectSound(page);
    for (const at of ["slabs&step=5", "quick&step=6", "ratchet&step=6"]) {
      await page.goto(`./#tours?v=1&tour=${at}`);
      await page.getByRole("radio").first().check();
      await page.getByRole("button", { name: "Show what happens" }).click();
      await expect(because(page)).toBeVisible();
      await expectSound(page);
    }
  });
}

test("nothing of a tour moves where reduced motion is asked for", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await open(page, "#tours?v=1&tour=merging&step=1");
  await page.getByRole("radio").first().check();
  await page.getByRole("button", { name: "Show what happens" }).click();
  await expect(because(page)).toBeVisible();
  const running = await page
    .locator("tour-view sandbox-figure g")
    .evaluateAll((groups) => groups.flatMap((group) => group.getAnimations({ subtree: true })).length);
  expect(running).toBe(0);
});

test("the key explains blank memory, when the answer is told too", async ({ page }) => {
  await open(page, "#tours?v=1&tour=ratchet&step=6");
  const key = page.locator("tour-stage .head");
  await expect(key).toContainText("blank is free and never used");
  await page.getByRole("radio").first().check();
  await page.getByRole("button", { name: "Show what happens" }).click();
  await expect(key).toContainText("Outlined: what this step changed.");
  await expect(key).toContainText("blank is free and never used");
});
