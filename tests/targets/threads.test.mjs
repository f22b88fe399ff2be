// Workers that share one heap, in Node and in pages: the scenarios of run/threads.mjs.
//   node --test tests/targets/threads.test.mjs
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { SESSIONS, serve } from "../../benches/suite/harness/engines/browsers.mjs";
import { INITIAL, IN_NODE, MOST, SCENARIOS, run, talk } from "./run/threads.mjs";
import { build, built, here, program, run as runProgram, sources, target } from "./tools.mjs";

const PAGE = 65536;
const WASM = "wasm32-unknown-unknown";
const skip = [target(WASM), sources].find((need) => need !== undefined) ?? false;

const module = () => {
  const link = ["--shared-memory", "--import-memory", `--initial-memory=${INITIAL * PAGE}`, `--max-memory=${MOST * PAGE}`].concat(
    ["__stack_pointer", "__wasm_init_tls", "__tls_base", "__tls_size", "__tls_align"].map((name) => `--export=${name}`),
  );
  const variables = { RUSTC_BOOTSTRAP: "1" };
  const features = "+atomics,+bulk-memory";
  return `${build("example", "threads", WASM, { link, variables, features, cargo: ["-Zbuild-std=core"] })}.wasm`;
};

/** Starts a worker of Node's. */
const startInNode = () =>
  talk(new Worker(new URL("run/worker.mjs", import.meta.url)), (worker, hear) => {
    worker.on("message", hear);
    worker.on("error", (error) => hear({ error: error.stack }));
  });

/** Runs in an isolated page: a scenario with the browser's own workers. */
const IN_PAGE = `async (name) => {
  const { run, talk } = await import("/threads.mjs");
  const start = () =>
    talk(new Worker("/worker.mjs", { type: "module" }), (worker, hear) => {
      worker.onmessage = ({ data }) => hear(data);
      worker.onerror = ({ message }) => hear({ error: message });
    });
  await run(name, await WebAssembly.compileStreaming(fetch("/module/threads.wasm")), start);
}`;

describe("threads in Node", { skip }, () => {
  let compiled;
  before(() => (compiled = new WebAssembly.Module(readFileSync(module()))));
  for (const name of Object.keys(SCENARIOS)) {
    test(name, async (t) => {
      const told = await run(name, compiled, startInNode);
      if (told !== undefined) t.diagnostic(JSON.stringify(told));
    });
  }
});

const WASM_BINDGEN = process.env.WASM_BINDGEN ?? "wasm-bindgen";
const glue = program(WASM_BINDGEN, "none; `cargo xtask setup` installs it") ?? false;

/** Builds the program of the folder rayon and its glue. Returns the folder of both. */
const rayon = () => {
  const link = ["--shared-memory", "--import-memory", `--max-memory=${1 << 30}`].concat(
    ["__wasm_init_tls", "__tls_base", "__tls_size", "__tls_align"].map((name) => `--export=${name}`),
  );
  const flags = ["-Ctarget-feature=+atomics,+bulk-memory", ...link.map((argument) => `-Clink-arg=${argument}`)];
  const folder = join(built, "rayon");
  const cargo = ["build", "--release", "--locked", "--target", WASM, "-Zbuild-std=std,panic_abort", "--target-dir", folder];
  runProgram("cargo", cargo, { folder: join(here, "rayon"), variables: { RUSTC_BOOTSTRAP: "1", RUSTFLAGS: flags.join(" ") } });
  const page = join(folder, "page");
  runProgram(WASM_BINDGEN, ["--target", "web", "--out-dir", page, join(folder, WASM, "release/bonsai_rayon.wasm")]);
  return page;
};

/**
 * Runs in an isolated page: the program with rayon, in a worker, as a page itself must not wait. Firefox collects a worker
 * with a shared memory that nothing refers to, at work or not (its bug 1702191), so the page keeps it.
 */
const RAYON_IN_PAGE = `(asked) => new Promise((done, failed) => {
  const worker = (globalThis.kept = new Worker("/rayon.mjs", { type: "module" }));
  worker.onmessage = ({ data }) => ("answer" in data ? done(data.answer) : failed(new Error(data.error)));
  worker.onerror = ({ message }) => failed(new Error(message));
  worker.postMessage(asked);
})`;

for (const [browser, open] of Object.entries(SESSIONS)) {
  describe(`threads in ${browser}`, { skip }, () => {
    let session, site;
    before(async () => {
      session = await open();
      site = await serve({
        "/index.html": join(here, "run/threads.html"),
        "/threads.mjs": join(here, "run/threads.mjs"),
        "/worker.mjs": join(here, "run/worker.mjs"),
        "/rayon.mjs": join(here, "run/rayon.mjs"),
      });
      site.modules["threads.wasm"] = module();
      if (session.missing === undefined) await session.visit(`http://localhost:${site.port}/index.html`);
    });
    after(async () => {
      await session.close?.();
      site.close();
    });
    for (const name of Object.keys(SCENARIOS)) {
      if (IN_NODE.has(name)) continue;
      test(name, async (t) => {
        if (session.missing !== undefined) return t.skip(session.missing);
        await session.call(IN_PAGE, name);
      });
    }
    test("a program with rayon shares the heap, and a trace knows its threads", { skip: glue }, async (t) => {
      if (session.missing !== undefined) return t.skip(session.missing);
      const page = rayon();
      const files = readdirSync(page, { recursive: true }).filter((file) => /\.(js|wasm)$/.test(file));
      for (const file of files) site.modules[`rayon/${file.replaceAll("\\", "/")}`] = join(page, file);
      t.diagnostic(JSON.stringify(await session.call(RAYON_IN_PAGE, { threads: 4, count: 20_000 })));
    });
  });
}
