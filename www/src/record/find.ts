import { Kind } from "../wire/trace-layout";
import { External } from "../wire/wasm-binary";
import { isBindgen, roleOf, standIn, type Role } from "./allocators";
import { demangle } from "../model/demangle";
import { typeOf, type ModuleIndex } from "../wire/wasm-module";
import { dlmalloc } from "./shape";

/** Names of functions by index. */
export type Names = ReadonlyMap<number, string>;

/** A function of an allocator, and how it was found. */
export interface Found {
  readonly index: number;
  /** As people read it. */
  readonly name: string;
  readonly role: Role;
  readonly by: "name" | "export" | "shape";
}

/** Something without which a recording says little. */
export type Missing = "allocate" | "free" | "inside";

export interface Search {
  readonly found: readonly Found[];
  /** `inside`: only what JavaScript asks for is seen, through wasm-bindgen's exports. */
  readonly missing: readonly Missing[];
}

const NO_TYPE = { params: [], results: [] };
const NAMES: Readonly<Record<number, string>> = { [Kind.Allocate]: "malloc", [Kind.Zeroed]: "calloc", [Kind.Deallocate]: "free", [Kind.Reallocate]: "realloc" };

/** Finds the functions of the module's allocator: by names, by exports, and without either by their shape. */
export function findAllocator(module: ModuleIndex, names: Names = module.names): Search {
  const found = new Map<number, Found>();
  const note = (index: number, name: string, by: Found["by"], pick = roleOf): void => {
    const type = typeOf(module, index);
    // What is imported has no body here: its module has to be recorded.
    if (type === null || index < module.importedFunctions || found.has(index)) return;
    const role = pick(name, type);
    if (role !== null) found.set(index, { index, name: demangle(name), role, by });
  };
  for (const [index, name] of names) if (!isBindgen(name)) note(index, name, "name");
  for (const { name, kind, index } of module.exports) if (kind === External.function && !isBindgen(name)) note(index, name, "export");
  const has = (kind: number): boolean => [...found.values()].some(({ role }) => role.kind === kind);
  for (const [index, name] of names) {
    const role = standIn(name, typeOf(module, index) ?? NO_TYPE);
    if (role !== null && !has(role.kind)) note(index, name, "name", standIn);
  }
  // A name says more than a shape, but exports alone are not all functions of an allocator.
  if (![...found.values()].some(({ by }) => by === "name")) {
    for (const [index, role] of dlmalloc(module)) {
      const name = role.kind === Kind.Allocate && role.align !== undefined ? "memalign" : NAMES[role.kind]!;
      if (!found.has(index)) found.set(index, { index, name: `${name} (dlmalloc)`, role, by: "shape" });
    }
  }
  const missing: Missing[] = [];
  if (!has(Kind.Allocate) || !has(Kind.Deallocate)) {
    for (const { name, kind, index } of module.exports) if (kind === External.function && isBindgen(name)) note(index, name, "export");
    if ([...found.values()].some(({ name }) => isBindgen(name))) missing.push("inside");
  }
  if (!has(Kind.Allocate)) missing.push("allocate");
  if (!has(Kind.Deallocate)) missing.push("free");
  return { found: [...found.values()].sort((a, b) => a.index - b.index), missing };
}

/** The reason why a file lends no names to a module. */
export type NamesFault = "none" | "other-module";

/**
 * Takes the names of a module's functions from another file: the same module before it was stripped, or a symbol
 * file of Emscripten, which has `index:name` in each line.
 */
export function borrowNames(module: ModuleIndex, other: ModuleIndex | string): Names | NamesFault {
  if (typeof other !== "string") {
    const same = other.functionTypes.length === module.functionTypes.length && other.functionTypes.every((_, i) => sameType(module, other, i));
    return !same ? "other-module" : other.names.size === 0 ? "none" : other.names;
  }
  const names = new Map<number, string>();
  for (const line of other.split("\n")) {
    const [, index, name] = /^(\d+):(.+?)\r?$/.exec(line) ?? [];
    if (index !== undefined && name !== undefined) names.set(Number(index), name);
  }
  if (names.size === 0) return "none";
  return [...names.keys()].some((index) => index >= module.functionTypes.length) ? "other-module" : names;
}

const sameType = (a: ModuleIndex, b: ModuleIndex, index: number): boolean => {
  const [one, two] = [typeOf(a, index), typeOf(b, index)];
  return one !== null && two !== null && one.params.join() === two.params.join() && one.results.join() === two.results.join();
};
