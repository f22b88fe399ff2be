import { readFileSync } from "node:fs";
import { NO_CLANG, rustAndC } from "../support/example";
import { call, expect, figure, give, inspector, open, test } from "../support/page";

test("a module of Rust and C is seen as one heap, which both fill", async ({ page }) => {
  test.setTimeout(180_000);
  const module = rustAndC() ?? "";
  test.skip(module === "", NO_CLANG);
  await open(page);
  await give(page, { name: "rust_and_c.wasm", buffer: readFileSync(module) });
  await expect(page.getByRole("heading", { name: /^rust_and_c\.wasm, \d+/ })).toBeVisible();
  const live = async (): Promise<number> => figure(page, "live");
  const made = async (line: string): Promise<void> => {
    await call(page, line);
    await expect(inspector(page).locator(".lines [role=status]")).toHaveText(new RegExp(`^After ${line.slice(0, line.indexOf("("))}: `));
  };
  await made("remember(1)");
  const one = await live();
  // Each text is a block of Rust's and one of C's, of 16 or 32 bytes each.
  await made("remember(1000)");
  const many = await live();
  expect(many - one).toBeGreaterThanOrEqual(2 * 1000 * 16);
  await made("forget()");
  expect(await live()).toBeLessThan(one + 64);
});
