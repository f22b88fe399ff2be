import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, preview, type PreviewServer } from "vite";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { Firefox } from "../support/webdriver";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const RIGHT = "\uE014";
const HOME = "\uE011";
const ESCAPE = "\uE00C";

const TIMELINE = ".drawing[role=slider]";

/** Finds an element through all shadow roots. */
const DEEP = `const deep = (selector, root = document) => {
  const found = root.querySelector(selector);
  if (found !== null) return found;
  for (const element of root.querySelectorAll("*")) {
    const inner = element.shadowRoot === null ? null : deep(selector, element.shadowRoot);
    if (inner !== null) return inner;
  }
  return null;
};`;

let folder = "";
let server: PreviewServer | undefined;
let firefox: Firefox | undefined;

const text = (selector: string): Promise<string> =>
  firefox!.run(`${DEEP} return deep(arguments[0])?.textContent ?? "";`, selector);
const attribute = (selector: string, name: string): Promise<string> =>
  firefox!.run(`${DEEP} return deep(arguments[0])?.getAttribute(arguments[1]) ?? "";`, selector, name);
const focus = (selector: string): Promise<void> => firefox!.run(`${DEEP} deep(arguments[0]).focus();`, selector);
const eventually = (assertion: () => Promise<void>): Promise<void> => vi.waitFor(assertion, { timeout: 60_000, interval: 100 });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "page-"));
  await build({ root: ROOT, logLevel: "error", build: { outDir: folder, emptyOutDir: true } });
  server = await preview({ root: ROOT, logLevel: "error", build: { outDir: folder }, preview: { port: 0 } });
  firefox = await Firefox.open();
  await firefox.visit(server.resolvedUrls!.local[0]!);
});

afterAll(async () => {
  await firefox?.close();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

it("parses a sample, and shows its heap", async () => {
  await eventually(async () => { expect(await text(".outcome")).toContain("parsed in"); });
  await eventually(async () => { expect(await attribute('[data-figure="live"] .number', "title")).toMatch(/^[\d,]{6,} B$/); });
  const painted = await firefox!.run<number>(`${DEEP}
    const canvas = deep("canvas.ground");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;`);
  expect(painted, "colours on the map").toBeGreaterThan(4);
});

it("is explored by keyboard: blocks, then moments", async () => {
  await focus(".field-of-view");
  await firefox!.press(HOME);
  await firefox!.press(RIGHT);
  await eventually(async () => { expect(await attribute(".field-of-view", "aria-valuenow")).toBe("1"); });
  expect(await text(".neighbours")).toContain("0x");
  await focus(TIMELINE);
  await firefox!.press(HOME);
  await eventually(async () => { expect(await attribute(TIMELINE, "aria-valuetext")).toContain("Moment 1, start"); });
  await firefox!.press(ESCAPE);
  await eventually(async () => { expect(await attribute(TIMELINE, "aria-valuetext")).toMatch(/, now$/); });
});
