import { defineConfig } from "vitest/config";
import { offline } from "./offline/plugin.ts";

export default defineConfig({
  base: "./",
  plugins: [offline()],
  // Not "development": Lit's development build warns in the console, and the page's is to be empty.
  resolve: { conditions: ["module", "browser", "production"] },
  build: {
    target: "es2022",
    // The wasm packages and their glue are loaded by address, each time a fresh instance:
    // none of them may become a data: URL inside the script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { host: "127.0.0.1" },
  preview: { host: "127.0.0.1" },
  test: {
    include: ["src/**/*.test.ts", "tests/modules/**/*.test.ts", "tests/package/**/*.test.ts"],
    environment: "node",
  },
});
