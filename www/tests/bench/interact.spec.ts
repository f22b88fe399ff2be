import { test, type Page } from "@playwright/test";
import { collection } from "../../src/model/samples";
import { below, give, inspector, map, open, panel, sample } from "../support/page";
import { percentiles, type Percentiles } from "./frames";
import { keep } from "./keep";

/**
 * How long the page takes to answer, on a heap of a hundred thousand live blocks, recorded with call sites: each thing that
 * a person does to it is done some times with the mouse or the keys, and the time is taken from the event until the frame is
 * made that shows its effect; and the longest time in which no frame could be made in the third of a second behind it. Prints
 * the first, which may load code, and of the others the median, the 95th percentile and the worst; asserts nothing. `npm run bench -- interact`; with BENCH_KEEP=1 the figures go
 * to `results/`.
 */
const TIMES = 20;
/** Records of about 19 live blocks. */
const TREES = 6000;

test.use({ viewport: { width: 1440, height: 900 } });

interface Taken {
  readonly shown: number;
  readonly stall: number;
}

/** In the page: takes the times of the first input that comes, and of the frames behind it. */
function arm(): void {
  const inputs = ["pointerup", "pointermove", "click", "keydown", "wheel", "input", "change"];
  const begin = performance.now();
  const taken = new Promise<Taken | null>((done) => {
    const channel = new MessageChannel();
    let from = 0;
    let shown = 0;
    let last = 0;
    let stall = 0;
    const frame = (): void => { requestAnimationFrame(() => { channel.port1.postMessage(null); }); };
    channel.port2.onmessage = () => {
      const now = performance.now();
      if (shown === 0) shown = now - from;
      else stall = Math.max(stall, now - last);
      last = now;
      if (now - from < 330) frame();
      else end({ shown, stall });
    };
    const end = (value: Taken | null): void => {
      for (const name of inputs) removeEventListener(name, first, true);
      channel.port1.close();
      done(value);
    };
    const first = (event: Event): void => {
      if (from !== 0) return;
      // Of an event that a driver makes in the page, the time is that of its making.
      from = Math.max(begin, event.timeStamp);
      frame();
    };
    for (const name of inputs) addEventListener(name, first, true);
    setTimeout(() => { if (from === 0) end(null); }, 5000);
  });
  Object.assign(window, { taken });
}

const taken = (page: Page): Promise<Taken | null> => page.evaluate(() => (window as unknown as { taken: Promise<Taken | null> }).taken);

interface Act {
  /** Brings the page to where the act can be done; not timed. */
  readonly before?: (page: Page) => Promise<unknown>;
  readonly act: (page: Page, i: number) => Promise<unknown>;
  readonly times?: number;
}

const box = async (page: Page): Promise<{ x: number; y: number; width: number; height: number }> => (await map(page).boundingBox())!;
const place = async (page: Page, i: number): Promise<[number, number]> => {
  const { x, y, width, height } = await box(page);
  return [x + width * (0.05 + 0.9 * ((i * 0.381966) % 1)), y + height * (0.05 + 0.9 * ((i * 0.618034) % 1))];
};
const strip = (page: Page) => page.getByRole("slider", { name: "Moments of the heap" });
const PANELS = ["Sizes", "Free", "Structure", "Moments", "Block"] as const;

const ACTS: Record<string, Act> = {
  "hover over the map": { act: async (page, i) => page.mouse.move(...(await place(page, i))) },
  "choose a block, by mouse": { act: async (page, i) => page.mouse.click(...(await place(page, i))) },
  "go to the next block, by key": { before: (page) => map(page).focus(), act: (page) => page.keyboard.press("ArrowRight") },
  "zoom, by wheel": {
    before: async (page) => page.mouse.move(...(await place(page, 1))),
    act: (page, i) => page.mouse.wheel(0, i % 12 < 6 ? -120 : 120),
  },
  "pan, by drag": {
    before: async (page) => {
      await map(page).press("0");
      for (let i = 0; i < 5; i++) await map(page).press("+");
      await page.mouse.move(...(await place(page, 1)));
      await page.mouse.down();
    },
    act: async (page, i) => page.mouse.move(...(await place(page, i))),
  },
  "colour the map otherwise": {
    before: (page) => page.mouse.up().then(() => map(page).press("0")),
    act: (page, i) => inspector(page).getByLabel("Colour by").selectOption(["size", "age", "state"][i % 3]!),
  },
  "open a panel": { act: (page, i) => panel(page, PANELS[i % PANELS.length]!) },
  "the map as a table": { act: (page) => inspector(page).getByRole("button", { name: "As table" }).click(), times: 12 },
  "step in time": { before: (page) => strip(page).focus(), act: (page, i) => page.keyboard.press(i % 4 < 2 ? "ArrowLeft" : "ArrowRight") },
  "choose a range of time": {
    before: (page) => strip(page).press("End").then(() => strip(page).focus()),
    act: (page, i) => page.keyboard.press(i % 2 === 0 ? "Shift+ArrowLeft" : "Escape"),
  },
  "open a tab of the drawer": {
    before: async (page) => { await strip(page).press("Escape"); await strip(page).press("End"); },
    act: (page, i) => below(page, (["Leaks", "Log", "Export", "Call sites"] as const)[i % 4]!).click(),
  },
  "search the flame graph, a letter": {
    before: (page) => page.getByLabel("Find a function").focus(),
    act: (page, i) => page.keyboard.press("parse"[i % 10] ?? "Backspace"),
  },
  "choose a function": { act: (page, i) => page.locator("trace-flames .frame").nth(i % 6).click(), times: 12 },
  "zoom into a function, and out": { before: (page) => page.getByRole("tree").focus(), act: (page, i) => page.keyboard.press(["ArrowDown", "Enter", "Escape"][i % 3]!) },
  "turn the flame graph": { act: (page) => page.getByLabel("Bottom-up").click(), times: 12 },
  "filter: what is shown of the samples": { act: (page, i) => page.getByLabel((["All of it", "Temporary", "At peak", "Still live"] as const)[i % 4]!, { exact: true }).click(), times: 12 },
  "another room and back": { act: (page, i) => page.getByRole("link", { name: (["Learn", "Inspect", "Compare", "Inspect"] as const)[i % 4]!, exact: true }).click(), times: 16 },
};

const said = ({ p50, p95, worst }: Percentiles): string => [p50, p95, worst].map((ms) => ms.toFixed(1).padStart(7)).join("");

test("interactions on a heap of 100,000 live blocks", async ({ page, browser }) => {
  test.setTimeout(900_000);
  await open(page);
  await sample(page, "Forest");
  await give(page, { name: "large.json", buffer: Buffer.from(collection(TREES)) });
  await page.getByText("large.json, ").first().waitFor();
  const blocks = await inspector(page).evaluate((element) => (element as unknown as { moments: { liveBlocks: number }[] }).moments.at(-1));
  process.stdout.write(`${blocks.liveBlocks} live blocks\n`);
  if (await page.locator("trace-flames").isHidden()) await below(page, "Call sites").click();
  const measured: Record<string, object> = {};
  const only = process.env["BENCH_ONLY"];
  for (const [name, { before, act, times = TIMES }] of Object.entries(ACTS)) {
    if (only !== undefined && !name.includes(only)) continue;
    await before?.(page);
    const time = async (i: number): Promise<Taken[]> => {
      await page.evaluate(arm);
      await act(page, i);
      const each = await taken(page);
      return each === null ? [] : [each];
    };
    const first = await time(0);
    for (let i = 1; i < 6; i++) await act(page, i);
    await page.waitForTimeout(400);
    const all: Taken[] = [];
    for (let i = 0; i < times; i++) all.push(...(await time(i)));
    const [shown, stall] = [percentiles(all.map((each) => each.shown)), percentiles(all.map((each) => each.stall))];
    measured[name] = { times: all.length, first: first[0] ?? null, shown, stall };
    process.stdout.write(`${name.padEnd(40)}${String(all.length).padStart(4)} times; shown after${(first[0]?.shown ?? NaN).toFixed(1).padStart(7)};${said(shown)} ms, longest without a frame behind it${said(stall)} ms\n`);
  }
  keep(browser, "interact", { liveBlocks: blocks.liveBlocks, unit: "ms; from the event until the frame with its effect is made, and the longest time without a frame in the third of a second behind", interactions: measured });
});
