import { SHOP } from "./inspect/shop";
import type { Bench } from "./model/compare";
import type { Peer } from "./model/replayed";
import type { SourceKind } from "./model/samples";

/**
 * The only file that knows the wasm packages: demo modules, one an allocator, and the handles.
 * `cargo xtask build` puts them into src/wasm/; where one is missing, the page says so.
 */

export const ALLOCATORS = ["heap", "slab", "buddy", "bump", "tiny"] as const;
export type Allocator = (typeof ALLOCATORS)[number];

/** The exports of a demo module that its heap is read by. */
export interface HeapExports {
  readonly memory: WebAssembly.Memory;
  readonly BONSAI_HEAP?: WebAssembly.Global | undefined;
  /** Of `traceable!`: what it asks of its allocator can be recorded. */
  readonly BONSAI_TRACE?: WebAssembly.Global | undefined;
  /** Of one built with `checked`: why its allocator stopped it. */
  readonly BONSAI_REPORT?: WebAssembly.Global | undefined;
}

export interface Program {
  readonly exports: HeapExports;
  /** Parses, and keeps the document in place of the one before; returns what is in it, in a sentence. */
  parse(kind: SourceKind, text: string): string;
  clear(): void;
}

/** The exports of a module of the workbench; it imports nothing. */
export interface WorkbenchExports extends HeapExports, Bench {
  readonly memory: WebAssembly.Memory;
  allocate(size: number, align: number): number;
  allocate_zeroed(size: number, align: number): number;
  reallocate(address: number, size: number, align: number, newSize: number): number;
  deallocate(address: number, size: number, align: number): void;
}

/** A fresh instance. */
export const workbenchOf = (module: WebAssembly.Module): WorkbenchExports =>
  new WebAssembly.Instance(module).exports as unknown as WorkbenchExports;

/** The package is not there. */
export class NotBuilt extends Error {}

/** A module stopped in the middle of a call; its instance cannot be used again. */
export const isTrap = (error: unknown): boolean =>
  // An endless recursion is a RangeError in JavaScript, and leaves the module as a trap does.
  error instanceof WebAssembly.RuntimeError || error instanceof RangeError;

export const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const scripts = import.meta.glob<string>("./wasm/*/*.js", { query: "?url", import: "default", eager: true });
const binaries = import.meta.glob<string>("./wasm/*/*_bg.wasm", { query: "?url", import: "default", eager: true });

let instances = 0;

/** The address of a package's file. */
const find = (files: Record<string, string>, name: string): string => {
  const found = Object.entries(files).find(([path]) => path.startsWith(`./wasm/${name}/`))?.[1];
  if (found === undefined) throw new NotBuilt(name);
  return new URL(found, document.baseURI).href;
};

/**
 * A fresh instance each time: the glue keeps one instance for ever, and a module's memory never
 * shrinks, so each has a script of its own, told apart by the fragment of its address.
 */
export async function instantiate(name: string): Promise<{ glue: Record<string, unknown>; exports: Record<string, unknown> }> {
  const url = new URL(find(scripts, name));
  url.hash = String(++instances);
  const glue = (await import(/* @vite-ignore */ url.href)) as Record<string, unknown> & {
    default: (from: { module_or_path: string }) => Promise<Record<string, unknown>>;
  };
  const exports = await glue.default({ module_or_path: find(binaries, name) });
  return { glue, exports };
}

export async function loadProgram(allocator: Allocator | "dlmalloc"): Promise<Program> {
  const { glue, exports } = await instantiate(`demo-${allocator}`);
  const module = glue as unknown as {
    parse: (kind: string, source: string) => { readonly summary: string };
    clear: () => void;
  };
  return {
    exports: exports as unknown as HeapExports,
    parse: (kind, text) => module.parse(kind, text).summary,
    clear: () => {
      module.clear();
    },
  };
}

/** Returns a maker of fresh instances of a module that is nothing but that allocator. */
export async function loadAllocator(allocator: Peer): Promise<() => WorkbenchExports> {
  const module = await loadWorkbench(allocator);
  return () => workbenchOf(module);
}

/** The compiled module of the workbench for that allocator. */
export async function loadWorkbench(allocator: string): Promise<WebAssembly.Module> {
  return WebAssembly.compileStreaming(fetch(find(binaries, `workbench-${allocator}`)));
}

/** Modules to drop, for who has none at hand: one without imports, one with its glue, and one that leaks. */
export async function sampleModule(kind: "bare" | "glue" | "shop"): Promise<File[]> {
  const get = async (url: string, name: string): Promise<File> => new File([await (await fetch(url)).blob()], name);
  if (kind === "bare") return [await get(find(binaries, "workbench-slab"), "workbench.wasm")];
  if (kind === "shop") {
    const glue = await get(find(scripts, "demo-heap"), "shop.js");
    return [await get(find(binaries, "demo-heap"), "shop_bg.wasm"), new File([glue, SHOP], "shop.js")];
  }
  return [await get(find(binaries, "demo-slab"), "demo_bg.wasm"), await get(find(scripts, "demo-slab"), "demo.js")];
}
