import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "@playwright/test";

/** With BENCH_KEEP=1, writes what was measured to `results/`, with its date, browser and machine. */
export function keep(browser: Browser, what: string, measured: object): void {
  if (process.env["BENCH_KEEP"] === undefined) return;
  const results = fileURLToPath(new URL("results/", import.meta.url));
  mkdirSync(results, { recursive: true });
  const date = new Date().toISOString().slice(0, 10);
  const record = {
    date,
    browser: `Chromium ${browser.version()}, headless, --disable-gpu`,
    machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? "?"}`,
    // Of the last minute: who measures on a machine that does something else too, says so.
    load: loadavg()[0],
    ...measured,
  };
  writeFileSync(join(results, `${date}-${what}.json`), `${JSON.stringify(record, null, 2)}\n`);
}
