import { EXPORT } from "../wire/heap-layout";

/** A memory that a page shows in its global variables. */
export interface Shown {
  readonly memory: WebAssembly.Memory;
  readonly descriptor: number | null;
  /** The variable. */
  readonly name: string;
}

/** Variables are looked into this deep: `Module.wasmExports.memory` is at the third step. */
const DEPTH = 3;

/**
 * Looks for memories in an object's own properties: modules that ran before anybody watched are found there, if their page keeps
 * exports, an instance or Emscripten's `Module` in a global variable. No getter is called.
 */
export function existing(root: object): Shown[] {
  const found = new Map<WebAssembly.Memory, Shown>();
  const seen = new Set<unknown>([root]);
  const visit = (object: object, path: string, depth: number): void => {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(object)) as [string, { value?: unknown }][]) {
      if (typeof value !== "object" || value === null || seen.has(value)) continue;
      seen.add(value);
      const at = path === "" ? name : `${path}.${name}`;
      if (value instanceof WebAssembly.Memory) {
        const global = (object as Record<string, unknown>)[EXPORT];
        if (!found.has(value)) found.set(value, { memory: value, descriptor: global instanceof WebAssembly.Global ? Number(global.value) : null, name: at });
      } else if (value instanceof WebAssembly.Instance) visit(value.exports, at, depth + 1);
      else if (depth < DEPTH && isPlain(value)) visit(value, at, depth + 1);
    }
  };
  visit(root, "", 1);
  return [...found.values()];
}

/** Objects of a program; not nodes, arrays or what else a browser makes, which may be large. */
const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
};
