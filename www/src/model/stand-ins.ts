import { Malformed } from "../wire/wasm-binary";
import { readModule, type FunctionType, type Imported, type Limits, type ModuleIndex } from "../wire/wasm-module";

/**
 * What a module imports, made here in place of what it was built for: WASI as of a machine without
 * files, memories, tables and globals of their types, and functions that do nothing and return zero.
 * Enough for a module to start and to allocate.
 */

/** The reason for which a module gets no stand-ins: it imports something that none can be made of. */
export class NoStandIn extends Error {}

export interface StandIns {
  readonly imports: WebAssembly.Imports;
  /** The memory that is imported, if one is. */
  readonly memory: WebAssembly.Memory | null;
  /** Tells WASI's functions where to answer, once the module's own memory is there. */
  serve(memory: WebAssembly.Memory): void;
}

/** Makes what a module imports. Throws `NoStandIn`. */
export function standIns(bytes: Uint8Array): StandIns {
  const index = read(bytes);
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  const wasi = new Wasi();
  let memory: WebAssembly.Memory | null = null;
  for (const each of index.imports) {
    const value = made(each, index, wasi);
    if (value instanceof WebAssembly.Memory) memory = wasi.memory = value;
    (imports[each.module] ??= {})[each.name] = value;
  }
  return {
    imports,
    memory,
    serve: (own) => {
      wasi.memory = own;
    },
  };
}

function read(bytes: Uint8Array): ModuleIndex {
  try {
    return readModule(bytes);
  } catch (error) {
    throw error instanceof Malformed ? new NoStandIn(error.message) : error;
  }
}

function made(each: Imported, index: ModuleIndex, wasi: Wasi): WebAssembly.ImportValue {
  switch (each.kind) {
    case "function": {
      const own = each.module.startsWith("wasi_") ? wasi.functions[each.name] : undefined;
      if (own !== undefined) return own;
      return each.module.startsWith("wasi_") ? () => NOT_THERE : idle(index.types[each.type] ?? null);
    }
    case "memory": {
      const { least, most, shared } = limits(each);
      return new WebAssembly.Memory({ initial: least, ...(most === null ? {} : { maximum: most }), shared });
    }
    case "table": {
      const { least, most } = limits(each);
      const element = each.element === EXTERNREF ? "externref" : "anyfunc";
      return new WebAssembly.Table({ element, initial: least, ...(most === null ? {} : { maximum: most }) });
    }
    case "global": {
      const value = GLOBALS[each.value];
      if (value === undefined) throw new NoStandIn(`${each.module}.${each.name}`);
      return new WebAssembly.Global({ value, mutable: each.mutable }, value === "i64" ? 0n : value.startsWith("i") || value.startsWith("f") ? 0 : null);
    }
    case "tag":
      throw new NoStandIn(`${each.module}.${each.name}`);
  }
}

function limits(each: Imported & { readonly limits: Limits }): Limits {
  if (each.limits.wide) throw new NoStandIn(`${each.module}.${each.name}`);
  return each.limits;
}

const I64 = 0x7e;
const EXTERNREF = 0x6f;
const GLOBALS: Record<number, "i32" | "i64" | "f32" | "f64" | "externref"> = { 0x7f: "i32", [I64]: "i64", 0x7d: "f32", 0x7c: "f64", [EXTERNREF]: "externref" };
const NUMBERS = 0x7b;

/** A function that does nothing, and returns zero or null of each type. */
function idle(type: FunctionType | null): () => unknown {
  const zeros = (type?.results ?? []).map((each) => (each === I64 ? 0n : each > NUMBERS ? 0 : null));
  const result = zeros.length > 1 ? zeros : zeros[0];
  return () => result;
}

// Answers of WASI, as its errno.
const DONE = 0;
const BAD_FILE = 8;
const FAULT = 21;
const NOT_THERE = 52;

/** WASI of a machine without arguments, environment and files, where what is written is lost. */
class Wasi {
  memory: WebAssembly.Memory | null = null;

  readonly functions: Record<string, (...values: never[]) => unknown> = {
    args_get: () => DONE,
    args_sizes_get: (count: number, size: number) => this.answer((view) => {
      view.setUint32(count >>> 0, 0, true);
      view.setUint32(size >>> 0, 0, true);
    }),
    environ_get: () => DONE,
    environ_sizes_get: (count: number, size: number) => this.answer((view) => {
      view.setUint32(count >>> 0, 0, true);
      view.setUint32(size >>> 0, 0, true);
    }),
    clock_res_get: (_clock: number, to: number) => this.answer((view) => {
      view.setBigUint64(to >>> 0, 1_000_000n, true);
    }),
    clock_time_get: (_clock: number, _precision: bigint, to: number) => this.answer((view) => {
      view.setBigUint64(to >>> 0, BigInt(Date.now()) * 1_000_000n, true);
    }),
    random_get: (to: number, length: number) => this.answer((view) => {
      for (let at = 0; at < length >>> 0; at++) view.setUint8((to >>> 0) + at, Math.floor(Math.random() * 256));
    }),
    fd_write: (_file: number, pieces: number, count: number, to: number) => this.answer((view) => {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += view.getUint32((pieces >>> 0) + 8 * i + 4, true);
      view.setUint32(to >>> 0, sum, true);
    }),
    // The first directory is asked for, and none is there; any other answer ends a program of wasi-libc.
    fd_prestat_get: () => BAD_FILE,
    fd_close: () => DONE,
    sched_yield: () => DONE,
    proc_exit: (code: number) => {
      throw new Error(`the program ended itself with code ${code}`);
    },
  };

  /** Answers into memory; a module that has none yet, or names a place outside of it, is told so. */
  private answer(write: (view: DataView) => void): number {
    if (this.memory === null) return NOT_THERE;
    try {
      write(new DataView(this.memory.buffer));
      return DONE;
    } catch (error) {
      if (error instanceof RangeError) return FAULT;
      throw error;
    }
  }
}
