import { describe, expect, it } from "vitest";
import { NoStandIn, standIns } from "./stand-ins";

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const [I32, I64, FUNCREF, EXTERNREF] = [0x7f, 0x7e, 0x70, 0x6f];

const text = (value: string): number[] => [value.length, ...new TextEncoder().encode(value)];
const list = (entries: readonly (readonly number[])[]): number[] => [entries.length, ...entries.flat()];
const section = (id: number, body: readonly number[]): number[] => [id, (body.length & 0x7f) | 0x80, body.length >> 7, ...body];

/** A module with these types of functions, which imports all of these and exports its functions by number. */
function importing(types: readonly number[][], imports: readonly number[][], functions = 0): Uint8Array<ArrayBuffer> {
  const exports = Array.from({ length: functions }, (_, i) => [...text(String(i)), 0, i]);
  return new Uint8Array([
    ...HEADER,
    ...section(1, list(types)),
    ...section(2, list(imports)),
    ...(functions > 0 ? section(7, list(exports)) : []),
  ]);
}

const imported = (module: string, name: string, ...what: number[]): number[] => [...text(module), ...text(name), ...what];

function start(bytes: Uint8Array<ArrayBuffer>): { call: (index: number, ...values: unknown[]) => unknown; memory: WebAssembly.Memory | null } {
  const { imports, memory } = standIns(bytes);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
  return { call: (index, ...values) => (exports[String(index)] as (...given: unknown[]) => unknown)(...values), memory };
}

describe("stand-ins", () => {
  it("are of the types that are imported: the engine takes them", () => {
    const types = [[0x60, 0, 0], [0x60, 0, 1, I64], [0x60, 0, 2, I32, I64], [0x60, 0, 1, EXTERNREF]];
    const { call, memory } = start(
      importing(
        types,
        [
          ...types.map((_, i) => imported("a", String(i), 0, i)),
          imported("env", "memory", 2, 1, 2, 5),
          imported("env", "table", 1, FUNCREF, 1, 3, 4),
          imported("env", "objects", 1, EXTERNREF, 0, 3),
          imported("env", "counter", 3, I64, 1),
          imported("env", "base", 3, I32, 0),
        ],
        types.length,
      ),
    );
    expect(types.map((_, i) => call(i))).toEqual([undefined, 0n, [0, 0n], null]);
    expect(memory!.buffer.byteLength).toBe(2 * 65536);
    expect(() => memory!.grow(4)).toThrow();
  });

  it("answer as WASI does on a machine without files", () => {
    const wasi = "wasi_snapshot_preview1";
    const two = [0x60, 2, I32, I32, 1, I32];
    const { call, memory } = start(
      importing(
        [two, [0x60, 4, I32, I32, I32, I32, 1, I32], [0x60, 1, I32, 0]],
        [
          imported("env", "memory", 2, 0, 1),
          imported(wasi, "environ_sizes_get", 0, 0),
          imported(wasi, "fd_prestat_get", 0, 0),
          imported(wasi, "path_of_no_version", 0, 0),
          imported(wasi, "fd_write", 0, 1),
          imported(wasi, "random_get", 0, 0),
          imported(wasi, "proc_exit", 0, 2),
        ],
        6,
      ),
    );
    const words = new Uint32Array(memory!.buffer);
    words.fill(7, 0, 8);
    expect([call(0, 0, 4), words[0], words[1]]).toEqual([0, 0, 0]);
    expect([call(1, 3, 0), call(2, 0, 0)]).toEqual([8, 52]);
    // Two pieces, of 7 and of 7 bytes.
    expect([call(3, 1, 8, 2, 0), words[0]]).toEqual([0, 14]);
    expect([call(4, 64, 8), words[16]! | words[17]!]).not.toEqual([0, 0]);
    // Outside of memory.
    expect([call(0, -1, 4), call(4, 65_530, 8), call(3, 1, -4, 1, 0)]).toEqual([21, 21, 21]);
    expect(() => call(5, 3)).toThrow("code 3");
  });

  it("are refused where none can be made", () => {
    expect(() => standIns(importing([[0x60, 0, 0]], [imported("env", "thrown", 4, 0, 0)]))).toThrow(new NoStandIn("env.thrown"));
    expect(() => standIns(importing([], [imported("env", "memory", 2, 4, 1)]))).toThrow(new NoStandIn("env.memory"));
    expect(() => standIns(new Uint8Array([...HEADER, 2, 9, 1]))).toThrow(NoStandIn);
  });
});
