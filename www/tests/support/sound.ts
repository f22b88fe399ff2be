import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect } from "./page";

/** Rules that axe has and does not run unless it is told to. What it calls deprecated is left out. */
const MORE_RULES = [
  "color-contrast-enhanced",
  "css-orientation-lock",
  "focus-order-semantics",
  "hidden-content",
  "identical-links-same-purpose",
  "label-content-name-mismatch",
  "meta-refresh-no-exceptions",
  "p-as-heading",
  "table-fake-caption",
  "target-size",
  "td-has-header",
];

/** Nothing sticks out to the right, and axe finds nothing, by any of its rules and of any impact. */
export async function expectSound(page: Page): Promise<void> {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(over, "nothing sticks out to the right").toBeLessThanOrEqual(0);
  const rules = Object.fromEntries(MORE_RULES.map((rule) => [rule, { enabled: true }]));
  const { violations } = await new AxeBuilder({ page }).options({ rules }).analyze();
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary ?? ""}`),
  );
  expect(found).toEqual([]);
}

const COLOURS = {
  light: { colorScheme: "light", forcedColors: "none" },
  dark: { colorScheme: "dark", forcedColors: "none" },
  forced: { colorScheme: "dark", forcedColors: "active" },
} as const;

/** Each view is looked at in these. */
export const LOOKS = (["light", "dark", "forced"] as const).flatMap((colours) =>
  (colours === "light" ? [320, 768, 1280, 2560] : [320, 1280]).map((width) => ({ colours, width })),
);

export async function dress(page: Page, { colours, width }: (typeof LOOKS)[number]): Promise<void> {
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia(COLOURS[colours]);
}
