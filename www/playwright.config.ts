import { defineConfig } from "@playwright/test";

// A port of its own for each run; the workers, which read this file too, inherit it.
process.env["BONSAI_PAGE_PORT"] ??= String(20000 + (process.pid % 20000));
const port = process.env["BONSAI_PAGE_PORT"];
const vite = "node node_modules/vite/bin/vite.js";

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  fullyParallel: true,
  workers: 2,
  // A machine that is busy with other work takes many times as long; what hangs still ends.
  timeout: 180_000,
  expect: { timeout: 30_000 },
  forbidOnly: process.env["CI"] !== undefined,
  // In CI a test is tried again once; the summary of the run names each that needed it, to be mended.
  retries: process.env["CI"] === undefined ? 0 : 1,
  reporter: "list",
  use: {
    baseURL: `http://127.0.0.1:${port}/`,
    viewport: { width: 1280, height: 900 },
    // Requests of a service worker pass by what tests put in their way; offline.spec.ts allows it.
    serviceWorkers: "block",
    launchOptions: {
      executablePath: process.env["BONSAI_CHROMIUM"] ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  webServer: {
    command: `${vite} build --logLevel warn && ${vite} preview --port ${port} --strictPort`,
    port: Number(port),
    reuseExistingServer: false,
    timeout: 120_000,
  },
  projects: [
    { name: "page", testMatch: "e2e/**/*.spec.ts" },
    { name: "bench", testMatch: "bench/**/*.spec.ts" },
    { name: "pictures", testMatch: "pictures/**/*.spec.ts" },
  ],
});
