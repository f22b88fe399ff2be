import { test, type CDPSession } from "@playwright/test";
import { keep } from "./keep";

/**
 * How soon the page is there with nothing cached, from a local server and over a phone's network: its first paint, the
 * whole page, and the heap of the program that it runs; and how much of it moves meanwhile. Prints the median of some
 * visits, and asserts nothing. `npm run bench -- paint`; with BENCH_KEEP=1 the figures go to `results/`.
 */
const VISITS = 9;

/** DevTools' "Fast 4G": bytes a second, and the milliseconds before an answer. */
const FAST_4G = { offline: false, downloadThroughput: (9e6 / 8) * 0.9, uploadThroughput: (1.5e6 / 8) * 0.9, latency: 165 };
const NETWORKS = [["local", null], ["fast 4G", FAST_4G]] as const;

interface Visit {
  readonly firstPaint: number;
  readonly loaded: number;
  readonly heapDrawn: number;
  readonly shift: number;
}

// One after the other: two at once would measure each other.
test.describe.configure({ mode: "default" });

for (const [network, conditions] of NETWORKS) {
  test(`the first paint, ${network}`, async ({ browser, baseURL }) => {
    test.setTimeout(300_000);
    const visits: Visit[] = [];
    for (let i = 0; i < VISITS; i++) {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.addInitScript(() => {
        const moved = Object.assign(window, { moved: 0 });
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) moved.moved += (entry as unknown as { value: number }).value;
        }).observe({ type: "layout-shift", buffered: true });
      });
      const session: CDPSession = await context.newCDPSession(page);
      await session.send("Network.enable");
      if (conditions !== null) await session.send("Network.emulateNetworkConditions", conditions);
      await page.goto(baseURL!);
      await page.locator("heap-map canvas.ground").waitFor();
      const heapDrawn = await page.evaluate(() => new Promise<number>((done) => {
        requestAnimationFrame(() => { done(performance.now()); });
      }));
      await page.getByText("parsed in").waitFor();
      visits.push(await page.evaluate((heapDrawn) => {
        const [loading] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
        const [paint] = performance.getEntriesByName("first-contentful-paint");
        const { moved } = window as unknown as { moved: number };
        return { firstPaint: paint!.startTime, loaded: loading!.loadEventEnd, heapDrawn, shift: moved };
      }, heapDrawn));
      await context.close();
    }
    const median = (of: (visit: Visit) => number): number => visits.map(of).sort((a, b) => a - b)[VISITS >> 1]!;
    const said = {
      firstPaint: Math.round(median((visit) => visit.firstPaint)),
      loaded: Math.round(median((visit) => visit.loaded)),
      heapDrawn: Math.round(median((visit) => visit.heapDrawn)),
      shift: Number(median((visit) => visit.shift).toFixed(4)),
    };
    process.stdout.write(`${network}, of ${VISITS} visits: first paint ${said.firstPaint} ms, loaded ${said.loaded} ms, heap drawn ${said.heapDrawn} ms, layout shift ${said.shift}\n`);
    keep(browser, `paint-${network.replaceAll(" ", "-")}`, { visits: VISITS, unit: "ms after navigation began, median", ...said });
  });
}
