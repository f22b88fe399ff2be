import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, it } from "vitest";
import { memoryLayout } from "./memory-layout";

const require = createRequire(import.meta.url);
const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const section = (id: number, ...body: number[]): number[] => [id, body.length, ...body];
/** Globals, each with its type, whether it changes, and its value in signed LEB128. */
const globals = (...each: number[][]): number[] => section(6, each.length, ...each.flatMap(([type, changes, ...value]) => [type!, changes!, 0x41, ...value, 0x0b]));
/** Segments of four bytes, each with its address in signed LEB128. */
const data = (...each: number[][]): number[] => section(11, each.length, ...each.flatMap((at) => [0, 0x41, ...at, 0x0b, 4, 1, 2, 3, 4]));
const layout = (...parts: number[][]): ReturnType<typeof memoryLayout> => memoryLayout(Uint8Array.from([...HEADER, ...parts.flat()]));

const AT_2048 = [0x80, 0x10];
const AT_4096 = [0x80, 0x20];
const AT_4097 = [0x81, 0x20];

it("tells a stack below its data from one above", () => {
  expect(layout(globals([0x7f, 1, ...AT_2048]), data(AT_4096))).toEqual({ stack: { from: 0, to: 2048 }, data: { from: 4096, to: 4100 } });
  expect(layout(globals([0x7f, 1, ...AT_4096]), data(AT_2048))).toEqual({ stack: { from: 2052, to: 4096 }, data: { from: 2048, to: 2052 } });
});

it("takes no global for a stack pointer that cannot be one", () => {
  // It does not change; it is not aligned; it lies within the data; it is small.
  expect(layout(globals([0x7f, 0, ...AT_4096], [0x7f, 1, ...AT_4097], [0x7f, 1, 8]), data(AT_2048)).stack).toBeNull();
  expect(layout(globals([0x7f, 1, ...AT_4096]), data(AT_2048, AT_4097)).stack).toBeNull();
  expect(layout(data(AT_2048)).stack).toBeNull();
});

it("says nothing of what is cut off", () => {
  expect(memoryLayout(Uint8Array.from([...HEADER, 11, 9, 1]))).toEqual({ data: null, stack: null });
});

it("finds Rust's stack below its data, and Emscripten's above", () => {
  const rust = memoryLayout(readFileSync(require.resolve("@resvg/resvg-wasm/index_bg.wasm")));
  expect(rust.stack).toEqual({ from: 0, to: 1048576 });
  expect(rust.data!.from).toBe(1048576);
  const c = memoryLayout(readFileSync(require.resolve("sql.js/dist/sql-wasm.wasm")));
  expect(c.data!.from).toBe(1024);
  expect(c.stack!.from).toBe(c.data!.to);
  expect(c.stack!.to).toBeGreaterThan(5_000_000);
});
