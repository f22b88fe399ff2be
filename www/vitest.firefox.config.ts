import { defineConfig } from "vitest/config";

/** A smoke run of the page in the system's Firefox: `npm run firefox`. */
export default defineConfig({
  test: {
    include: ["tests/firefox/**/*.test.ts"],
    environment: "node",
    // A browser starts slowly on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
