import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type * as Drawing from "@resvg/resvg-wasm";
import type * as TreeSitter from "web-tree-sitter";

/** Published packages, run for real. Each program does enough for blocks to live, to go and to be resized. */

const require = createRequire(import.meta.url);

/** Loads a fresh copy of @resvg/resvg-wasm: Rust, on std's default allocator. Its glue keeps its instance, so that is fresh too. */
async function drawings(): Promise<typeof Drawing.Resvg> {
  const glue = `${pathToFileURL(join(dirname(require.resolve("@resvg/resvg-wasm")), "index.mjs")).href}?${Math.random()}`;
  const { initWasm, Resvg } = (await import(/* @vite-ignore */ glue)) as typeof Drawing;
  await initWasm(readFileSync(require.resolve("@resvg/resvg-wasm/index_bg.wasm")));
  return Resvg;
}

/** Makes a picture of circles with @resvg/resvg-wasm. Returns the PNG's length. */
export async function resvg(circles = 200): Promise<number> {
  const Resvg = await drawings();
  const shapes = Array.from({ length: circles }, (_, i) => `<circle cx="${i % 100}" cy="50" r="${i % 30}" fill="#${((i * 1_234_567) % 0xffffff).toString(16).padStart(6, "0")}"/>`);
  const drawing = new Resvg(`<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100">${shapes.join("")}</svg>`);
  return drawing.render().asPng().length;
}

/** Returns what parses a drawing with @resvg/resvg-wasm, and drops it. */
export async function resvgParser(groups = 600): Promise<() => void> {
  const Resvg = await drawings();
  const shapes = Array.from({ length: groups }, (_, i) => `<g id="g${i}" transform="translate(${i})"><circle cx="${i % 100}" cy="50" r="${i % 30}" fill="#ff${i % 10}"/><path d="M 0 ${i} L 10 ${i} Z"/></g>`);
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100">${shapes.join("")}</svg>`;
  return () => {
    new Resvg(drawing).free();
  };
}

interface Database {
  run(sql: string, values?: unknown[]): void;
  exec(sql: string): { values: unknown[][] }[];
}

/** Opens an empty database of sql.js: C, by Emscripten. */
export async function sqlDatabase(): Promise<Database> {
  const path = require.resolve("sql.js/dist/sql-wasm.js");
  // A fresh copy each time, as it keeps its instance.
  Reflect.deleteProperty(require.cache, path);
  const initialize = require(path) as () => Promise<{ Database: new () => Database }>;
  return new (await initialize()).Database();
}

/** Fills a table with sql.js. Returns what it holds. */
export async function sqlJs(rows = 2000): Promise<unknown[]> {
  const database = await sqlDatabase();
  database.run("create table t(a, b)");
  for (let i = 0; i < rows; i++) database.run("insert into t values(?, ?)", [i, "x".repeat(i % 300)]);
  database.run("delete from t where a % 3 = 0");
  return database.exec("select count(*), sum(length(b)) from t")[0]!.values[0]!;
}

/** Starts a parser of web-tree-sitter: C by Emscripten, with an imported memory and a start function. */
export async function treeSitter(): Promise<void> {
  const url = `${pathToFileURL(require.resolve("web-tree-sitter")).href}?${Math.random()}`;
  const { Parser } = (await import(/* @vite-ignore */ url)) as typeof TreeSitter;
  await Parser.init();
  new Parser();
}

const SCRIPT = `
class Point { constructor(public x: i32, public name: string) {} }
const kept = new Array<Point>();
export function run(count: i32): i32 {
  for (let i = 0; i < count; i++) {
    const point = new Point(i, "p" + i.toString());
    if (i % 3 == 0) kept.push(point);
    if (kept.length > 200) kept.shift();
  }
  return kept.length;
}`;

/** Compiles a program in AssemblyScript, with its names. */
export function assemblyScript(...options: string[]): Uint8Array<ArrayBuffer> {
  const folder = mkdtempSync(join(tmpdir(), "assembly-script-"));
  try {
    writeFileSync(join(folder, "program.ts"), SCRIPT);
    const compiler = require.resolve("assemblyscript/bin/asc.js");
    execFileSync(process.execPath, [compiler, "program.ts", "--debug", "-o", "program.wasm", ...options], { cwd: folder });
    return new Uint8Array(readFileSync(join(folder, "program.wasm")));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
