import { defineConfig, type Plugin } from "vite";

/** Pixels of a `rem` that nobody changed. */
const REM = 16;

/**
 * Style sheets without comments and white space. A page on which the package stands may give its root any font
 * size, so lengths by the root's become lengths in pixels.
 */
const tight = (sheet: string): string =>
  sheet
    .replace(/([\d.]+)rem\b/g, (_, length: string) => `${Number(length) * REM}px`)
    .replace(/(?<![\d.])0\.(?=\d)/g, ".")
    .replace(/#(\w)\1(\w)\2(\w)\3\b/g, "#$1$2$3")
    .replace(/ *(>|!important) */g, "$1")
    .replace(/\/\*.*?\*\//gs, "")
    .replace(/\s+/g, " ")
    .replace(/ ?([{};]) ?|([,:]) /g, "$1$2")
    .replace(/;}/g, "}");

/** Templates keep their white space, which no minifier may touch: it is a twentieth of the package. */
const whiteSpace: Plugin = {
  name: "white-space",
  enforce: "pre",
  transform: (code, id) =>
    /\/src\/.*\.ts$/.test(id) ? { code: code.replace(/\bcss`[^`]*`/g, tight).replace(/\n\s+/g, "\n"), map: null } : null,
};

/**
 * What uPlot hangs on its one export and the timeline does not use goes: bars, curves, joined series.
 * uPlot's own build has flags for these.
 */
const unused = /\(paths\.(?:bars|spline) *= \w+\);|uPlot\.join = join;/g;
const lessOfUplot: Plugin = {
  name: "less-of-uplot",
  enforce: "pre",
  transform(code, id) {
    if (!id.endsWith("/uPlot.esm.js")) return null;
    if (code.match(unused)?.length !== 3) this.error("uPlot exports its parts in another way: see what of it is unused now");
    return { code: code.replace(unused, ""), map: null };
  },
};

/** `<heap-inspector>`, and what works without a page, as an npm package in dist-component/. */
export default defineConfig({
  plugins: [whiteSpace, lessOfUplot],
  resolve: { conditions: ["module", "browser", "production"] },
  // package.json, types and README of the package are copied as they are.
  publicDir: "component",
  build: {
    target: "es2022",
    outDir: "dist-component",
    // A library keeps its white space otherwise.
    rolldownOptions: { external: /^node:/, output: { minify: true, chunkFileNames: "[name].js", banner: ({ name }) => (name === "cli" ? "#!/usr/bin/env node" : "") } },
    lib: {
      entry: { "heap-inspector": "src/component.ts", headless: "src/headless.ts", node: "src/record/node.ts", cli: "src/record/cli.ts" },
      formats: ["es"],
      fileName: (_, name) => `${name}.js`,
    },
  },
});
