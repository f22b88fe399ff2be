import { defineConfig } from "vitest/config";
import { offline } from "./offline/plugin.ts";
import { preload } from "./preload/plugin.ts";

export default defineConfig({
  base: "./",
  plugins: [offline(), preload()],
  // Not "development": Lit's development build warns in the console, and the page's is to be empty.
  resolve: { conditions: ["module", "browser", "production"] },
  build: {
    target: "es2022",
    // The wasm packages and their glue are loaded by address, each time a fresh instance:
    // none of them may become a data: URL inside the script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Rooms share many small files, and a connection of HTTP/1.1 takes one at a time: what two of them need is one file.
    // Formats of heaps are searched for later, and a splitter is loaded by name.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "shared", test: /\/src\/(?!formats\/|views\/pane-splitter)/, minShareCount: 2 }] } } },
  },
  server: { host: "127.0.0.1" },
  preview: { host: "127.0.0.1" },
  test: {
    include: ["src/**/*.test.ts", "tests/modules/**/*.test.ts", "tests/package/**/*.test.ts"],
    environment: "node",
  },
});
