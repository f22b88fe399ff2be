import { existsSync, readdirSync, readFileSync } from "node:fs";
import { build, defineConfig, type Plugin, type Rolldown } from "vite";
import { REPLAYED } from "./src/model/replayed";

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

/** A page may have the package twice, in a bundle of its own and by the script tag: the first definition of an element stays. */
const defineOnce: Plugin = {
  name: "define-once",
  enforce: "pre",
  transform: (code, id) =>
    /\/src\/.*\.ts$/.test(id) ? { code: code.replace(/^customElements\.define\(("[\w-]+"),/gm, "customElements.get($1) ?? customElements.define($1,"), map: null } : null,
};

const plugins = [whiteSpace, lessOfUplot, defineOnce];
const resolve = { conditions: ["module", "browser", "production"] };
const target = "es2022";

/** Makes one classic script of src/auto/auto.ts. `apart`: the panel and the decoders stay in files of the package. */
async function classic(apart: boolean): Promise<string> {
  const others: Plugin = {
    name: "others",
    enforce: "pre",
    resolveId: (source, importer) =>
      apart && importer?.endsWith("/auto/auto.ts") === true && /^\.\/(panel|looks)$/.test(source) ? { id: `${source}.js`, external: true } : null,
  };
  const result = (await build({
    configFile: false,
    logLevel: "error",
    publicDir: false,
    plugins: [others, ...plugins],
    resolve,
    build: {
      target,
      write: false,
      lib: { entry: "src/auto/auto.ts", formats: ["iife"], name: "bonsai", fileName: () => "auto.js" },
      rolldownOptions: { makeAbsoluteExternalsRelative: false, output: { minify: true, codeSplitting: false } },
    },
  })) as Rolldown.RolldownOutput[];
  return (result[0]!.output[0]).code.trim();
}

/**
 * The script tag, and the same in one file: the text for DevTools, and as an address for a bookmark. In one file, it has its own
 * text at hand, to start workers with.
 */
const scripts: Plugin = {
  name: "scripts",
  async generateBundle() {
    const whole = await classic(false);
    const snippet = `(function bonsai() {\nconst BONSAI_SELF = \`(\${bonsai})()\`;\n${whole}\n})();\n`;
    this.emitFile({ type: "asset", fileName: "auto.js", source: `${await classic(true)}\n` });
    this.emitFile({ type: "asset", fileName: "snippet.js", source: snippet });
    this.emitFile({ type: "asset", fileName: "bookmarklet.txt", source: `javascript:${encodeURIComponent(`${snippet.trim().slice(0, -1)};void 0`)}` });
  },
};

/** The modules that `heap-inspector report` replays recordings on; `cargo xtask build` makes them. */
const allocators: Plugin = {
  name: "allocators",
  generateBundle() {
    for (const name of REPLAYED) {
      const folder = new URL(`src/wasm/workbench-${name}/`, import.meta.url);
      if (!existsSync(folder)) continue;
      const file = readdirSync(folder).find((each) => each.endsWith(".wasm"))!;
      this.emitFile({ type: "asset", fileName: `allocators/${name}.wasm`, source: readFileSync(new URL(file, folder)) });
    }
  },
};

/** `<heap-inspector>`, and what works without a page, as an npm package in dist-component/. */
export default defineConfig({
  plugins: [...plugins, scripts, allocators],
  resolve,
  // package.json, types and README of the package are copied as they are.
  publicDir: "component",
  build: {
    target,
    outDir: "dist-component",
    // A library keeps its white space otherwise.
    rolldownOptions: { external: /^node:/, output: { minify: true, chunkFileNames: "[name].js", banner: ({ name }) => (name === "cli" ? "#!/usr/bin/env node" : "") } },
    lib: {
      entry: { "heap-inspector": "src/component.ts", headless: "src/headless.ts", node: "src/record/node.ts", cli: "src/record/cli.ts", panel: "src/auto/panel.ts", looks: "src/auto/looks.ts" },
      formats: ["es"],
      fileName: (_, name) => `${name}.js`,
    },
  },
});
