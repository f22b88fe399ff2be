import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";
import { build } from "vite";
import type { measure } from "./record-in-page";
import type { Plain } from "./record-programs";

/** Programs run this many times longer than in Node, as Firefox's clock goes in milliseconds. */
const LONGER = 8;

const BROWSERS = [
  { browser: "chrome", executablePath: process.env["BONSAI_CHROMIUM"] ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] },
  { browser: "firefox", executablePath: process.env["BONSAI_FIREFOX"] ?? "/usr/bin/firefox", args: [] },
] as const;

/** Makes a script of record-in-page.ts. */
async function scripted(): Promise<string> {
  const entry = fileURLToPath(new URL("record-in-page.ts", import.meta.url));
  const built = await build({
    configFile: false,
    logLevel: "error",
    build: { write: false, lib: { entry, formats: ["iife"], name: "Recording" } },
  });
  const chunk = [built].flat().flatMap((result) => ("output" in result ? result.output : [])).find(({ type }) => type === "chunk");
  if (chunk?.type !== "chunk") throw new Error("Vite made no script");
  return chunk.code;
}

/** Measures programs in Chromium and Firefox; yields lines as they come. */
export async function* inBrowsers(programs: Readonly<Record<string, Plain>>): AsyncGenerator<string> {
  const content = await scripted();
  for (const { browser, executablePath, args } of BROWSERS) {
    const running = await puppeteer.launch({ browser, executablePath, args: [...args], headless: true, protocolTimeout: 600_000 });
    try {
      const page = await running.newPage();
      await page.addScriptTag({ content });
      yield await running.version();
      for (const [name, { bytes, call, count }] of Object.entries(programs)) {
        const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
        const lines = await page.evaluate(
          (bytes, call, count) => (globalThis as unknown as { Recording: { measure: typeof measure } }).Recording.measure(bytes, call, count),
          text,
          call,
          count * LONGER,
        );
        yield [name, ...lines].join("\n");
      }
    } finally {
      await running.close();
    }
  }
}
