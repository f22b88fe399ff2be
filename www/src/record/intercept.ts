import type { Search } from "./find";
import { Extra, rewrite, type Refusal } from "./rewrite";
import { ownExports, Tap } from "./tap";

/** A module that somebody compiled, as far as its bytes were seen. */
export interface SeenModule {
  /** Address it was loaded from, if it is known. */
  readonly from: string;
  readonly bytes: Uint8Array | null;
  /** The result of the search for its allocator; null if it runs as it is, or was compiled elsewhere. */
  readonly search: Search | null;
  readonly refusal: Refusal | null;
}

/** An instance that somebody made. */
export interface SeenInstance extends SeenModule {
  readonly module: WebAssembly.Module;
  readonly exports: WebAssembly.Exports;
  readonly memory: WebAssembly.Memory | null;
  /** Records it; null if it was not rewritten. */
  readonly tap: Tap | null;
}

export interface Interception {
  /** True where modules are to be rewritten before they are compiled. */
  readonly record: () => boolean;
  /** Hears of each instance, before its start function runs. */
  readonly onInstance: (seen: SeenInstance) => void;
}

type Imports = WebAssembly.Imports | undefined;
type Wasm = typeof WebAssembly;

const NEW: Omit<SeenModule, "from"> = { bytes: null, search: null, refusal: null };

/** Takes the place of WebAssembly's ways to compile and to instantiate. Returns what undoes it. */
export function intercept(wasm: Wasm, { record, onInstance }: Interception): () => void {
  const { compile, compileStreaming, instantiate, instantiateStreaming, Module, Instance } = wasm;
  // The engine's own functions, with arguments that it checks.
  const call = (method: unknown, args: readonly unknown[]): unknown => Reflect.apply(method as (...all: unknown[]) => unknown, wasm, args);
  const seen = new WeakMap<WebAssembly.Module, SeenModule>();

  const prepare = (source: BufferSource, from: string): { bytes: BufferSource; known: SeenModule } => {
    const bytes = ArrayBuffer.isView(source)
      ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
      : new Uint8Array(source);
    if (!record()) return { bytes: source, known: { ...NEW, from, bytes } };
    const done = rewrite(bytes);
    // The engine has the last word on what is malformed: it gets the bytes as they are.
    if (!done.ok) return { bytes: source, known: { ...NEW, from, bytes, refusal: done.refusal } };
    return { bytes: done.bytes, known: { from, bytes, search: done, refusal: null } };
  };

  const keep = <T extends WebAssembly.Module>(module: T, known: SeenModule): T => {
    seen.set(module, known);
    return module;
  };

  /** Hears of an instance, starts it, and shows its exports as they were. */
  const meet = (instance: WebAssembly.Instance, module: WebAssembly.Module, imports: Imports): WebAssembly.Instance => {
    const raw = instance.exports;
    const rewritten = Extra.hook in raw;
    const tap = rewritten ? new Tap(raw) : null;
    const exports = rewritten ? ownExports(raw) : raw;
    if (rewritten) Object.defineProperty(instance, "exports", { value: exports, configurable: true, enumerable: true });
    const known = seen.get(module) ?? { ...NEW, from: "" };
    onInstance({ ...known, module, exports, memory: tap?.memory ?? memoryOf(raw, module, imports), tap });
    tap?.begin();
    return instance;
  };

  // Options that come behind the arguments known here are handed on.
  const compiled = async (source: unknown, from: string, more: readonly unknown[]): Promise<WebAssembly.Module> => {
    if (!isSource(source)) return call(compile, [source, ...more]) as Promise<WebAssembly.Module>;
    const { bytes, known } = prepare(source, from);
    return keep(await (call(compile, [bytes, ...more]) as Promise<WebAssembly.Module>), known);
  };

  const instantiated = async (source: unknown, from: string, imports: Imports, more: readonly unknown[]): Promise<WebAssembly.WebAssemblyInstantiatedSource> => {
    const module = await compiled(source, from, more);
    return { module, instance: meet(await (call(instantiate, [module, imports]) as Promise<WebAssembly.Instance>), module, imports) };
  };

  /** The bytes of a response that the engine would take; null for one that it refuses, which it is left to say. */
  const bytesOf = async (source: unknown): Promise<{ bytes: ArrayBuffer; from: string } | null> => {
    const response = await source;
    if (typeof Response === "undefined" || !(response instanceof Response) || !response.ok || response.bodyUsed) return null;
    if (response.headers.get("content-type")?.split(";")[0]!.trim().toLowerCase() !== "application/wasm") return null;
    return { bytes: await response.arrayBuffer(), from: response.url };
  };

  const replacement = {
    compile: async (source: unknown, ...more: unknown[]) => compiled(copy(source), "", more),
    async compileStreaming(source: unknown, ...more: unknown[]): Promise<WebAssembly.Module> {
      const got = await bytesOf(source);
      return got === null ? call(compileStreaming, [source, ...more]) as Promise<WebAssembly.Module> : compiled(got.bytes, got.from, more);
    },
    async instantiate(source: unknown, imports: Imports, ...more: unknown[]) {
      if (!(source instanceof Module)) return instantiated(copy(source), "", imports, more);
      return meet(await (call(instantiate, [source, imports, ...more]) as Promise<WebAssembly.Instance>), source, imports);
    },
    async instantiateStreaming(source: unknown, imports: Imports, ...more: unknown[]) {
      const got = await bytesOf(source);
      if (got !== null) return instantiated(got.bytes, got.from, imports, more);
      const { module, instance } = await (call(instantiateStreaming, [source, imports, ...more]) as Promise<WebAssembly.WebAssemblyInstantiatedSource>);
      return { module, instance: meet(instance, module, imports) };
    },
    Module: new Proxy(Module, {
      construct(target, [source, ...more]: unknown[], self: typeof Module) {
        if (!isSource(source)) return Reflect.construct(target, [source, ...more], self) as object;
        const { bytes, known } = prepare(source, "");
        return keep(Reflect.construct(target, [bytes, ...more], self) as WebAssembly.Module, known);
      },
    }),
    Instance: new Proxy(Instance, {
      construct(target, args: [WebAssembly.Module, Imports], self: typeof Instance) {
        const made: unknown = Reflect.construct(target, args, self);
        return meet(made as WebAssembly.Instance, ...args);
      },
    }),
  };
  const replaced: Readonly<Record<string, unknown>> = replacement;
  const before = new Map<string, PropertyDescriptor>(Object.entries(Object.getOwnPropertyDescriptors(wasm)));
  const names = Object.keys(replaced).filter((name) => before.has(name));
  for (const name of names) Object.defineProperty(wasm, name, { ...before.get(name), value: replaced[name] });
  return () => {
    for (const name of names) {
      const now: PropertyDescriptor | undefined = Object.getOwnPropertyDescriptor(wasm, name);
      if (now?.value === replaced[name]) Object.defineProperty(wasm, name, before.get(name)!);
    }
  };
}

const isSource = (value: unknown): value is BufferSource => value instanceof ArrayBuffer || ArrayBuffer.isView(value);

/** Engines take a copy before they return, so that it does not matter what becomes of the bytes meanwhile. */
function copy(source: unknown): unknown {
  if (source instanceof ArrayBuffer) return source.slice(0);
  return ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice() : source;
}

/** The memory of an instance: exported, or given to it. */
function memoryOf(exports: WebAssembly.Exports, module: WebAssembly.Module, imports: Imports): WebAssembly.Memory | null {
  for (const value of Object.values(exports)) if (value instanceof WebAssembly.Memory) return value;
  for (const { kind, module: from, name } of WebAssembly.Module.imports(module)) {
    const value = kind === "memory" ? imports?.[from]?.[name] : undefined;
    if (value instanceof WebAssembly.Memory) return value;
  }
  return null;
}
