import { describe, expect, it } from "vitest";
import { checkGlue, checkHeader, readArguments, signatures, takesObject, wantsGlue } from "./wasm-file";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const EMPTY = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** (import "m" "f" (func (param i32))) (func (export "add") (param i64 f64) (result i32)), and a memory. */
const MODULE = new Uint8Array([
  ...EMPTY,
  ...[1, 11, 2, 0x60, 1, 0x7f, 0, 0x60, 2, 0x7e, 0x7c, 1, 0x7f],
  ...[2, 7, 1, 1, 0x6d, 1, 0x66, 0, 0],
  ...[3, 2, 1, 1],
  ...[5, 3, 1, 0, 1],
  ...[7, 16, 2, 3, 0x61, 0x64, 0x64, 0, 1, 6, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 2, 0],
  ...[10, 6, 1, 4, 0, 0x41, 7, 0x0b],
]);

describe("a file's first bytes", () => {
  it.each([
    [new Uint8Array(), { why: "empty" }],
    [text("#!/bin/sh\nexit"), { why: "foreign", looks: "script" }],
    [text("(module (memory 1))"), { why: "foreign", looks: "text" }],
    [text("<!doctype html><p>404"), { why: "foreign", looks: "text" }],
    [new Uint8Array([0x1f, 0x8b, 8, 0]), { why: "foreign", looks: "gzip" }],
    [new Uint8Array([0x50, 0x4b, 3, 4]), { why: "foreign", looks: "zip" }],
    [new Uint8Array([0, 1]), { why: "foreign", looks: "other" }],
    [new Uint8Array(EMPTY.slice(0, 6)), { why: "short", size: 6 }],
    [new Uint8Array([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]), { why: "component" }],
    [new Uint8Array([0, 0x61, 0x73, 0x6d, 2, 0, 0, 0]), { why: "version", found: 2 }],
    [new Uint8Array(EMPTY), null],
  ])("%#: tell what it is", (bytes, fault) => {
    expect(checkHeader(bytes)).toEqual(fault);
  });
});

describe("signatures", () => {
  it("are read, with imported functions counted first", () => {
    expect(WebAssembly.validate(MODULE)).toBe(true);
    expect([...signatures(MODULE)]).toEqual([["add", { params: ["i64", "f64"], results: ["i32"] }]]);
  });

  it("of what is cut off or foreign are missing, and no more", () => {
    for (let length = 8; length < MODULE.length; length++) {
      expect(signatures(MODULE.subarray(0, length)).size).toBeLessThanOrEqual(1);
    }
    // A list of four billion entries, a section longer than the file, a group of types.
    expect(signatures(new Uint8Array([...EMPTY, 1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f])).size).toBe(0);
    expect(signatures(new Uint8Array([...EMPTY, 1, 0xff, 0xff, 0xff, 0xff, 0x0f])).size).toBe(0);
    expect(signatures(new Uint8Array([...EMPTY, 1, 3, 1, 0x4e, 0])).size).toBe(0);
  });
});

it("imports tell if wasm-bindgen's glue makes them", () => {
  const wants = (module: string, name: string): readonly string[] | null => wantsGlue([{ module: "env", name: "log", kind: "function" }, { module, name, kind: "function" }]);
  expect(wantsGlue([])).toBeNull();
  expect(wants("wbg", "__wbg_log_1")).toEqual(["env.log", "wbg.__wbg_log_1"]);
  expect(wants("./app_bg.js", "__wbindgen_throw")).not.toBeNull();
  expect(wants("wasi_snapshot_preview1", "fd_write")).toBeNull();
  expect(wants("env", "emscripten_resize_heap")).toBeNull();
});

describe("glue", () => {
  it("for the web stands alone", () => {
    expect(checkGlue("export function f() {}\nexport { initSync, __wbg_init as default };")).toBeNull();
    expect(checkGlue("async function __wbg_init() {}\nexport default __wbg_init;")).toBeNull();
    expect(takesObject("({module_or_path} = module_or_path)")).toBe(true);
    expect(takesObject("async function init(input) {}")).toBe(false);
  });

  it("that needs other files is found out", () => {
    expect(checkGlue('import { a } from "./snippets/x/inline0.js";\nexport default 1;')).toEqual({
      why: "imports",
      from: "./snippets/x/inline0.js",
    });
    expect(checkGlue('export * from "./app_bg.js";')).toEqual({ why: "imports", from: "./app_bg.js" });
    expect(checkGlue('import "./side.js";\nexport default 1;')).toEqual({ why: "imports", from: "./side.js" });
    expect(checkGlue('const a = import("./later.js"); export default a;')).toBeNull();
  });
});

describe("arguments", () => {
  const signature = { params: ["i32", "i64", "f64"], results: [] } as const;
  it("are numbers for a module", () => {
    expect(readArguments(" 1, -9007199254740993 ,2.5", signature)).toEqual({ ok: true, values: [1, -9007199254740993n, 2.5] });
    expect(readArguments("", { params: [], results: [] })).toEqual({ ok: true, values: [] });
    expect(readArguments("1,2", signature)).toMatchObject({ ok: false, why: "count" });
    expect(readArguments("1,2.5,3", signature)).toEqual({ ok: false, why: "whole", number: 2 });
    expect(readArguments("a,2,3", signature)).toEqual({ ok: false, why: "number", number: 1 });
    expect(readArguments("1,2,", signature)).toEqual({ ok: false, why: "number", number: 3 });
  });

  it("are JSON for glue", () => {
    expect(readArguments('"json", "[1, 2]"', null)).toEqual({ ok: true, values: ["json", "[1, 2]"] });
    expect(readArguments("json", null)).toMatchObject({ ok: false, why: "json" });
  });
});
