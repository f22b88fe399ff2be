import { Kind } from "../wire/trace-layout";
import { demangle } from "../model/demangle";
import type { FunctionType } from "../wire/wasm-module";

/** The function of an allocator, and the meaning of its parameters, which count from 0. */
export interface Role {
  /** Allocate, Zeroed, Deallocate or Reallocate. */
  readonly kind: number;
  /** The size in bytes; two parameters are multiplied. */
  readonly size?: number | readonly [number, number];
  readonly align?: number;
  /** The block that is freed or resized. */
  readonly old?: number;
  /** The address that the new block is written to, where the result is an error number. */
  readonly out?: number;
  /** Bytes from an address of this function to the address that a program uses. */
  readonly shift?: number;
  /** True where it is told within other operations too: some that are not seen call it. */
  readonly always?: boolean;
}

/** Roles by signature, as `ii>i`: two numbers of 32 bits, and one as the result. */
type Roles = Readonly<Record<string, Role>>;

const { Allocate, Zeroed, Deallocate, Reallocate } = Kind;

const MALLOC: Roles = { "i>i": { kind: Allocate, size: 0 } };
const CALLOC: Roles = { "ii>i": { kind: Zeroed, size: [0, 1] } };
const REALLOC: Roles = { "ii>i": { kind: Reallocate, old: 0, size: 1 } };
const FREE: Roles = { "i>": { kind: Deallocate, old: 0 } };
const MEMALIGN: Roles = { "ii>i": { kind: Allocate, align: 0, size: 1 } };
const POSIX: Roles = { "iii>i": { kind: Allocate, out: 0, align: 1, size: 2 } };

/** Names of C's functions: plain, and with what libraries put in front. */
const C: Readonly<Record<string, Roles>> = {
  malloc: MALLOC,
  calloc: CALLOC,
  realloc: REALLOC,
  free: FREE,
  memalign: MEMALIGN,
  aligned_alloc: MEMALIGN,
  internal_memalign: MEMALIGN,
  posix_memalign: POSIX,
};
const C_PREFIX = /^(?:dl|emmalloc_|emscripten_builtin_|__libc_|mi_)(?=[a-z])/;

/** Rust's interface. The optimiser drops parameters that are the same everywhere, or not used: the block is the first, its new size the last. */
const RUST: Readonly<Record<string, Roles>> = {
  alloc: { "ii>i": { kind: Allocate, size: 0, align: 1 } },
  alloc_zeroed: { "ii>i": { kind: Zeroed, size: 0, align: 1 } },
  dealloc: { "iii>": { kind: Deallocate, old: 0 }, "ii>": { kind: Deallocate, old: 0 }, "i>": { kind: Deallocate, old: 0 } },
  realloc: { "iiii>i": { kind: Reallocate, old: 0, align: 2, size: 3 }, "iii>i": { kind: Reallocate, old: 0, size: 2 } },
};

/** The methods of the crate dlmalloc that take no alignment, with `self` and without: the linker may drop it. */
const DLMALLOC: Readonly<Record<string, Roles>> = {
  malloc: { ...MALLOC, "ii>i": { kind: Allocate, size: 1 } },
  calloc: { "i>i": { kind: Zeroed, size: 0 }, "ii>i": { kind: Zeroed, size: 1 } },
  realloc: { ...REALLOC, "iii>i": { kind: Reallocate, old: 1, size: 2 } },
  free: { ...FREE, "ii>": { kind: Deallocate, old: 1 } },
  memalign: { ...MEMALIGN, "iii>i": { kind: Allocate, align: 1, size: 2 } },
};

/** Those that take the layout. */
const DLMALLOC_LAYOUT: Readonly<Record<string, Roles>> = {
  malloc: { ...RUST["alloc"], "iii>i": { kind: Allocate, size: 1, align: 2 } },
  calloc: { ...RUST["alloc_zeroed"], "iii>i": { kind: Zeroed, size: 1, align: 2 } },
  free: { ...RUST["dealloc"], "iiii>": { kind: Deallocate, old: 1 } },
  realloc: { ...RUST["realloc"], "iiiii>i": { kind: Reallocate, old: 1, align: 3, size: 4 } },
};

/** AssemblyScript's runtime: a block begins four bytes before the address that a program uses. */
const TLSF: Readonly<Record<string, Roles>> = {
  __alloc: MALLOC,
  __realloc: REALLOC,
  __free: FREE,
  allocateBlock: { "ii>i": { kind: Allocate, size: 1, shift: 4 } },
  reallocateBlock: { "iii>i": { kind: Reallocate, old: 1, size: 2, shift: 4 } },
  freeBlock: { "ii>": { kind: Deallocate, old: 1, shift: 4 } },
};

/**
 * What the optimiser leaves of it. `__new` returns the address behind an object's header. `insertBlock` gets each
 * block that is freed, and what is left of a block that is cut: nothing lives there, so that it is no harm.
 */
const TLSF_INLINED: Readonly<Record<string, Roles>> = {
  "itcms/__new": { "ii>i": { kind: Allocate, size: 0, shift: -16 } },
  "tlsf/insertBlock": { "ii>": { kind: Deallocate, old: 1, shift: 4, always: true } },
};

const ZIG: Readonly<Record<string, Roles>> = {
  alloc: { "iiii>i": { kind: Allocate, size: 1 } },
  free: { "iiiii>": { kind: Deallocate, old: 1 } },
};

/** Exports of wasm-bindgen: what JavaScript asks for, and nothing else of the module. */
const BINDGEN: Readonly<Record<string, Roles>> = {
  __wbindgen_malloc: { ...MALLOC, ...RUST["alloc"] },
  __wbindgen_realloc: { "iii>i": { kind: Reallocate, old: 0, size: 2 }, "iiii>i": { kind: Reallocate, old: 0, size: 2, align: 3 } },
  __wbindgen_free: { "ii>": { kind: Deallocate, old: 0 }, ...RUST["dealloc"] },
};

const LETTERS: Readonly<Record<number, string>> = { 0x7f: "i", 0x7e: "l", 0x7d: "f", 0x7c: "d" };

/** A signature in letters: `ii>i`. */
export function signature({ params, results }: FunctionType): string {
  const letters = (values: readonly number[]): string => values.map((value) => LETTERS[value] ?? "?").join("");
  return `${letters(params)}>${letters(results)}`;
}

export const isBindgen = (name: string): boolean => Object.hasOwn(BINDGEN, name);

const pick = (roles: Readonly<Record<string, Roles>>, name: string): Roles | undefined =>
  Object.hasOwn(roles, name) ? roles[name] : undefined;

/** Returns the roles that a function of that name can have; its signature tells which. */
function rolesOf(name: string): Roles | undefined {
  const plain = demangle(name);
  const rust = /^(?:__rustc::)?__(?:rust|rdl|rg)_(\w+)$/.exec(plain)?.[1];
  if (rust !== undefined) return pick(RUST, rust);
  const inner = /dlmalloc::dlmalloc::Dlmalloc(?:<.*>)?>?::(\w+)$/.exec(plain)?.[1];
  if (inner !== undefined) return pick(DLMALLOC, inner);
  const outer = /dlmalloc::Dlmalloc(?:<.*>)?>?::(\w+)$/.exec(plain)?.[1];
  if (outer !== undefined) return pick(DLMALLOC_LAYOUT, outer);
  const tlsf = /^~lib\/rt\/(?:tlsf|stub)\/(\w+)$/.exec(plain)?.[1];
  if (tlsf !== undefined) return pick(TLSF, tlsf);
  const zig = /^heap\.(?:WasmAllocator|wasm_allocator|BrkAllocator|SmpAllocator)\.(\w+)$/.exec(plain)?.[1];
  if (zig !== undefined) return pick(ZIG, zig);
  return pick(C, plain.replace(C_PREFIX, "")) ?? pick(BINDGEN, plain);
}

/** Returns the role of a function by its name; `null` if it has none, or another signature than that name's. */
export const roleOf = (name: string, type: FunctionType): Role | null => rolesOf(name)?.[signature(type)] ?? null;

/** Returns the role of a function that stands for one that was inlined into it. */
export const standIn = (name: string, type: FunctionType): Role | null => pick(TLSF_INLINED, name.replace(/^~lib\/rt\//, ""))?.[signature(type)] ?? null;

/** Returns the role that a name in C has. */
export const roleInC = (name: string): Role => Object.values(C[name]!)[0]!;
/** Returns the role of a function of Rust's interface. */
export const roleInRust = (name: "alloc" | "alloc_zeroed" | "dealloc" | "realloc"): Role => Object.values(RUST[name]!)[0]!;
