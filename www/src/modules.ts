import type { Bench } from "./model/compare";
import { decode } from "./model/decode";
import type { SourceKind } from "./model/samples";
import type { Core } from "./model/scenario";
import type { Subject } from "./model/session";
import { Blocks, State } from "./model/snapshot";
import { en } from "./text/en";

/**
 * The only file that knows the wasm packages: demo modules, one an allocator, and the handles.
 * `cargo xtask build` puts them into src/wasm/; where one is missing, the page says so.
 */

export const ALLOCATORS = ["heap", "slab", "buddy", "bump", "tiny"] as const;
export type Allocator = (typeof ALLOCATORS)[number];

/** The exports of a demo module by which its heap can be seen. */
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

/** A core over a region of its own. Addresses are the module's; errors are JavaScript Errors. */
export interface Handle extends Subject {
  /** Gives the region back. */
  free(): void;
}

/** A class of the handles' package. */
interface RawHandle {
  allocate(size: number, align: number): number;
  deallocate(address: number): void;
  reset(): void;
  /** A count, and (address, size, state) of each block, in a buffer that the next call may reuse. */
  snapshot(): Uint32Array;
  free(): void;
}

const STATES = [State.Live, State.Free, State.Meta, State.Gap] as const;

class Wrapped implements Handle {
  constructor(private readonly raw: RawHandle) {}

  allocate(size: number, align: number): number {
    return this.raw.allocate(size, align);
  }

  deallocate(address: number): void {
    this.raw.deallocate(address);
  }

  reset(): void {
    this.raw.reset();
  }

  blocks(): Blocks {
    const words = this.raw.snapshot();
    const count = words[0] ?? 0;
    const blocks = new Blocks(Math.max(1, count));
    for (let i = 1; i <= 3 * count; i += 3) {
      blocks.push(words[i]!, words[i + 1]!, STATES[words[i + 2]!] ?? State.Unknown);
    }
    return blocks;
  }

  free(): void {
    this.raw.free();
  }
}

/** The handles' package: makes cores. */
export type Handles = (core: Core) => Handle;

/** The classes that the glue of the handles exports. */
export interface HandleClasses {
  readonly Buddy: new (regionBytes: number, smallest: number) => RawHandle;
  readonly Slab: new (blockSize: number, count: number) => RawHandle;
  readonly Bump: new (regionBytes: number) => RawHandle;
}

export const handlesOf =
  (glue: HandleClasses): Handles =>
  (core) => {
    switch (core.kind) {
      case "buddy":
        return new Wrapped(new glue.Buddy(core.region, core.smallest));
      case "slab":
        return new Wrapped(new glue.Slab(core.blockSize, core.count));
      case "bump":
        return new Wrapped(new glue.Bump(core.region));
    }
  };

/** The exports of a module of workbench/; it imports nothing. */
export interface WorkbenchExports extends HeapExports, Bench {
  readonly memory: WebAssembly.Memory;
  allocate(size: number, align: number): number;
  allocate_zeroed(size: number, align: number): number;
  reallocate(address: number, size: number, align: number, newSize: number): number;
  deallocate(address: number, size: number, align: number): void;
}

/** A heap in a module of its own, which grows. Its state is read from outside. */
export class HeapSubject implements Subject {
  private exports: WorkbenchExports;
  private readonly layouts = new Map<number, readonly [size: number, align: number]>();

  constructor(private readonly module: WebAssembly.Module) {
    this.exports = workbenchOf(module);
  }

  allocate(size: number, align: number): number {
    const address = this.exports.allocate(size, align) >>> 0;
    if (address === 0) throw new Error(en.sandbox.noRoom(size));
    this.layouts.set(address, [size, align]);
    return address;
  }

  deallocate(address: number): void {
    const layout = this.layouts.get(address);
    if (layout === undefined) throw new Error(en.sandbox.nothingAt(address));
    this.layouts.delete(address);
    this.exports.deallocate(address, ...layout);
  }

  /** Memory never shrinks, so this takes a fresh instance. */
  reset(): void {
    this.layouts.clear();
    this.exports = workbenchOf(this.module);
  }

  blocks(): Blocks {
    const { memory, BONSAI_HEAP } = this.exports;
    const decoded = decode(memory.buffer, Number(BONSAI_HEAP?.value));
    if (!decoded.ok) throw new Error(decoded.damage.code);
    return decoded.snapshot.blocks;
  }
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

const scripts = import.meta.glob<string>("./wasm/*/*.js", { query: "?url", import: "default" });
const binaries = import.meta.glob<string>("./wasm/*/*_bg.wasm", { query: "?url", import: "default" });

let instances = 0;

const find = (files: Record<string, () => Promise<string>>, name: string): (() => Promise<string>) => {
  const found = Object.entries(files).find(([path]) => path.startsWith(`./wasm/${name}/`))?.[1];
  if (found === undefined) throw new NotBuilt(name);
  return found;
};

/** Returns the address of the module of that name. */
const address = async (name: string): Promise<string> => new URL(await find(binaries, name)(), document.baseURI).href;

/**
 * A fresh instance each time: the glue keeps one instance for ever, and a module's memory never
 * shrinks, so each has a script of its own, told apart by the fragment of its address.
 */
async function instantiate(name: string): Promise<{ glue: Record<string, unknown>; exports: Record<string, unknown> }> {
  const url = new URL(await find(scripts, name)(), document.baseURI);
  url.hash = String(++instances);
  const glue = (await import(/* @vite-ignore */ url.href)) as Record<string, unknown> & {
    default: (from: { module_or_path: string }) => Promise<Record<string, unknown>>;
  };
  const exports = await glue.default({ module_or_path: await address(name) });
  return { glue, exports };
}

export async function loadProgram(allocator: Allocator): Promise<Program> {
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

export async function loadHandles(): Promise<Handles> {
  const { glue } = await instantiate("handles");
  return handlesOf(glue as unknown as HandleClasses);
}

/** The allocators that a trace is replayed on: the crate's, and the one that std brings along. */
export const REPLAYED = ["heap", "slab", "buddy", "bump", "tiny", "dlmalloc"] as const;
export type Replayed = (typeof REPLAYED)[number];

/** Returns a maker of fresh instances of a module that is nothing but that allocator. */
export async function loadAllocator(allocator: Replayed): Promise<() => WorkbenchExports> {
  const module = await loadWorkbench(allocator);
  return () => workbenchOf(module);
}

/** The compiled module of workbench/ for that allocator. */
export async function loadWorkbench(allocator: string): Promise<WebAssembly.Module> {
  return WebAssembly.compileStreaming(fetch(await address(`workbench-${allocator}`)));
}

/** Modules to drop, for who has none at hand: one without imports, and one with its glue. */
export async function sampleModule(kind: "bare" | "glue"): Promise<File[]> {
  const get = async (url: string, name: string): Promise<File> => new File([await (await fetch(url)).blob()], name);
  if (kind === "bare") return [await get(await address("workbench-slab"), "workbench.wasm")];
  const script = new URL(await find(scripts, "demo-slab")(), document.baseURI).href;
  return [await get(await address("demo-slab"), "demo_bg.wasm"), await get(script, "demo.js")];
}
