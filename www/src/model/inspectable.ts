import { EXPORT } from "../wire/heap-layout";
import type { MemoryLayout } from "../wire/memory-layout";

export type { MemoryLayout };

// What `attach` takes. Nothing of it is called, only read.

/** The exports of a module that can be inspected: its memory, and the wasm global of `inspectable!`. */
export interface InspectableExports {
  readonly memory: WebAssembly.Memory;
  readonly BONSAI_HEAP?: WebAssembly.Global | undefined;
}

/** A memory, and where in it the descriptor of a heap stands. */
export interface InspectableMemory {
  readonly memory: WebAssembly.Memory;
  /** Address of the descriptor, in bytes; without it, heaps of other allocators are searched for. */
  readonly descriptor?: number | undefined;
  /** The places of the module’s stack and data, so that a search for heaps tells them apart. */
  readonly layout?: MemoryLayout | undefined;
}

/** The exports of an instance as WebAssembly types them, an object like them, or memory and address. */
export type Inspectable = InspectableExports | InspectableMemory | WebAssembly.Exports;

export type Found =
  | { readonly is: "heap"; readonly memory: WebAssembly.Memory; readonly descriptor: number }
  | { readonly is: "no-memory" }
  /** The memory of a module that exports no descriptor. */
  | { readonly is: "no-descriptor"; readonly memory: WebAssembly.Memory; readonly layout: MemoryLayout | null };

/** Finds memory and descriptor in what was given, whatever it is. Throws a `TypeError` if it is no object. */
export function find(source: Inspectable): Found {
  // JavaScript may give anything.
  const anything: unknown = source;
  if (typeof anything !== "object" || anything === null) {
    const what = anything === null ? "null" : typeof anything;
    throw new TypeError(`attach takes the exports of a module’s instance, or { memory, descriptor }, not ${what}`);
  }
  const given = anything as Record<string, unknown>;
  const memory = memoryOf(given);
  if (memory === null) return { is: "no-memory" };
  const at = given["descriptor"] ?? given[EXPORT];
  const descriptor = typeof at === "number" ? at : Number((at as { value?: unknown } | undefined)?.value);
  return Number.isFinite(descriptor) ? { is: "heap", memory, descriptor } : { is: "no-descriptor", memory, layout: (given["layout"] as MemoryLayout | undefined) ?? null };
}

/** Returns the memory called “memory”, or under another name, as minifiers give, the only one. */
export function memoryOf(exports: Readonly<Record<string, unknown>>): WebAssembly.Memory | null {
  const { memory } = exports;
  if (isMemory(memory)) return memory;
  const all = Object.values(exports).filter(isMemory);
  return all.length === 1 ? all[0]! : null;
}

/** A memory of another frame's is one too. */
const isMemory = (value: unknown): value is WebAssembly.Memory =>
  typeof value === "object" && value !== null && "buffer" in value && "grow" in value;
