import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { bench, describe } from "vitest";
import { SiteTable } from "../../src/model/trace-sites";
import { intercept } from "../../src/record/intercept";
import { LiveSamples } from "../../src/record/live";
import { rewrite } from "../../src/record/rewrite";
import { siteTaker } from "../../src/record/stack";
import { assemblyScript, sqlDatabase } from "../support/foreign";

/** The cost of recording: `npx vitest bench --run`. Only ratios count. */

const MODES = ["plain", "recorded", "recorded, with call sites"] as const;
const RATE = 16_384;

async function start<T>(mode: (typeof MODES)[number], load: () => T | Promise<T>): Promise<T> {
  const undo = intercept(WebAssembly, {
    record: () => mode !== "plain",
    onInstance: ({ tap }) => {
      const sites = mode.endsWith("sites");
      tap?.start(new LiveSamples(RATE), sites ? RATE : 0, sites ? siteTaker(new SiteTable()) : null);
    },
  });
  try {
    return await load();
  } finally {
    undo();
  }
}

const script = assemblyScript("-O3");
const programs = await Promise.all(
  MODES.map(async (mode) => {
    const { exports } = await start(mode, () => new WebAssembly.Instance(new WebAssembly.Module(script), { env: { abort: () => undefined } }));
    return { mode, run: exports["run"] as (count: number) => number };
  }),
);
const databases: { mode: string; run: (sql: string) => void }[] = [];
for (const mode of MODES) {
  const database = await start(mode, sqlDatabase);
  databases.push({ mode, run: (sql) => { database.run(sql); } });
  database.run("create table t(a, b)");
}

describe("AssemblyScript: objects and strings, nothing else", () => {
  for (const { mode, run } of programs) bench(mode, () => { run(20_000); });
});

describe("sql.js: a thousand rows", () => {
  for (const { mode, run } of databases) {
    bench(mode, () => {
      run("delete from t");
      for (let i = 0; i < 1000; i++) run(`insert into t values(${i}, '${"x".repeat(i % 100)}')`);
    });
  }
});

describe("rewriting", () => {
  const require = createRequire(import.meta.url);
  for (const name of ["sql.js/dist/sql-wasm.wasm", "@resvg/resvg-wasm/index_bg.wasm"]) {
    const bytes = readFileSync(require.resolve(name));
    const done = rewrite(bytes);
    bench(`${name}: ${bytes.length} bytes, ${done.ok ? done.bytes.length - bytes.length : "none"} more`, () => { rewrite(bytes); });
  }
});
