import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { Plugin } from "vite";

/** Waits for the page to be there first: what is kept for later is as large as all of the page. */
const REGISTER = `addEventListener("load", () => navigator.serviceWorker?.register("./sw.js"));`;

/** Writes a service worker that keeps every file of a build, so that the page works without a network after the first visit. */
export const offline = (): Plugin => ({
  name: "offline",
  apply: "build",
  transformIndexHtml: () => [{ tag: "script", children: REGISTER, injectTo: "body" }],
  generateBundle: {
    order: "post",
    handler(_, bundle) {
      const built = Object.keys(bundle).filter((name) => name !== "index.html");
      const files = ["./", ...[...readdirSync(this.environment.config.publicDir), ...built].map((name) => `./${name}`)];
      const version = createHash("sha256");
      for (const output of Object.values(bundle)) version.update(output.type === "chunk" ? output.code : output.source);
      const about = `const VERSION = ${JSON.stringify(version.digest("hex").slice(0, 16))};\nconst FILES = ${JSON.stringify(files.sort())};\n`;
      this.emitFile({ type: "asset", fileName: "sw.js", source: about + readFileSync(new URL("worker.js", import.meta.url), "utf8") });
    },
  },
});
