import type { SourceKind } from "./model/samples";
import { Blocks, State } from "./model/snapshot";

/**
 * The only file that knows the wasm packages: demo modules, one an allocator, and the handles.
 * `cargo xtask build` puts them into src/wasm/; where one is missing, the page says so.
 */

export const ALLOCATORS = ["slab", "buddy", "bump", "tiny"] as const;
export type Allocator = (typeof ALLOCATORS)[number];

/** What a demo module exports for its heap to be seen. */
export interface HeapExports {
  readonly memory: WebAssembly.Memory;
  readonly BONSAI_HEAP?: WebAssembly.Global | undefined;
}

export interface Program {
  readonly exports: HeapExports;
  /** Parses, and keeps the document in place of the one before; returns what is in it, in a sentence. */
  parse(kind: SourceKind, text: string): string;
  clear(): void;
}

/** An allocator of the sandbox. Addresses are the module's; errors are JavaScript Errors. */
export interface Handle {
  allocate(size: number, align: number): number;
  deallocate(address: number): void;
  reset(): void;
  /** The blocks, in address order. */
  blocks(): Blocks;
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

export interface Handles {
  buddy(regionBytes: number, smallest: number): Handle;
  slab(blockSize: number, count: number): Handle;
  bump(regionBytes: number): Handle;
}

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

/**
 * A fresh instance each time: the glue keeps one instance for ever, and a module's memory never
 * shrinks, so each has a script of its own, told apart by the fragment of its address.
 */
async function instantiate(name: string): Promise<{ glue: Record<string, unknown>; exports: Record<string, unknown> }> {
  const find = (files: Record<string, () => Promise<string>>, ending: string): (() => Promise<string>) | undefined =>
    Object.entries(files).find(([path]) => path.startsWith(`./wasm/${name}/`) && path.endsWith(ending))?.[1];
  const script = find(scripts, ".js");
  const binary = find(binaries, "_bg.wasm");
  if (script === undefined || binary === undefined) throw new NotBuilt(name);
  const url = new URL(await script(), document.baseURI);
  url.hash = String(++instances);
  const glue = (await import(/* @vite-ignore */ url.href)) as Record<string, unknown> & {
    default: (from: { module_or_path: string }) => Promise<Record<string, unknown>>;
  };
  const exports = await glue.default({ module_or_path: new URL(await binary(), document.baseURI).href });
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
  const module = glue as unknown as {
    Buddy: new (regionBytes: number, smallest: number) => RawHandle;
    Slab: new (blockSize: number, count: number) => RawHandle;
    Bump: new (regionBytes: number) => RawHandle;
  };
  return {
    buddy: (regionBytes, smallest) => new Wrapped(new module.Buddy(regionBytes, smallest)),
    slab: (blockSize, count) => new Wrapped(new module.Slab(blockSize, count)),
    bump: (regionBytes) => new Wrapped(new module.Bump(regionBytes)),
  };
}
