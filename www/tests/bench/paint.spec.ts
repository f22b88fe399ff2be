import { test } from "@playwright/test";
import { keep } from "./keep";

/**
 * How soon the page is there, from a local server and with nothing cached: its first paint, the
 * whole page, and the heap of the program that it runs. Prints the median of some visits, and
 * asserts nothing. `npm run bench`; with BENCH_KEEP=1 the figures go to `results/`.
 */
const VISITS = 9;

interface Visit {
  readonly firstPaint: number;
  readonly loaded: number;
  readonly heapDrawn: number;
}

test("the first paint", async ({ browser, baseURL }) => {
  test.setTimeout(300_000);
  const visits: Visit[] = [];
  for (let i = 0; i < VISITS; i++) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(baseURL!);
    await page.locator("heap-map canvas.ground").waitFor();
    const heapDrawn = await page.evaluate(() => new Promise<number>((done) => {
      requestAnimationFrame(() => { done(performance.now()); });
    }));
    visits.push(await page.evaluate((heapDrawn) => {
      const [loading] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
      const [paint] = performance.getEntriesByName("first-contentful-paint");
      return { firstPaint: paint!.startTime, loaded: loading!.loadEventEnd, heapDrawn };
    }, heapDrawn));
    await context.close();
  }
  const median = (of: (visit: Visit) => number): number => Math.round(visits.map(of).sort((a, b) => a - b)[VISITS >> 1]!);
  const said = {
    firstPaint: median((visit) => visit.firstPaint),
    loaded: median((visit) => visit.loaded),
    heapDrawn: median((visit) => visit.heapDrawn),
  };
  process.stdout.write(`of ${VISITS} visits: first paint ${said.firstPaint} ms, loaded ${said.loaded} ms, heap drawn ${said.heapDrawn} ms\n`);
  keep(browser, "paint", { visits: VISITS, unit: "ms after navigation began, median", ...said });
});
