import { keepEngine } from "../wire/engine";
import type { Search } from "./find";
import { callerScript } from "./caller";
import { Replacements, type Maker } from "./replace";
import { Extra, rewrite, type Refusal } from "./rewrite";
import { ownExports, Tap } from "./tap";

/** A module that somebody compiled, as far as it was seen. */
export interface SeenModule {
  /** Address it was loaded from, or of the script that compiled it; "" where that is not known. */
  from: string;
  /** Bytes of it; null where nobody counted them. */
  readonly size: number | null;
  /** The result of the search for its allocator; null if it runs as it is, or was compiled elsewhere. */
  readonly search: Search | null;
  readonly refusal: Refusal | null;
}

/** An instance that somebody made. */
export interface SeenInstance extends Readonly<SeenModule> {
  readonly module: WebAssembly.Module;
  readonly exports: WebAssembly.Exports;
  readonly memory: WebAssembly.Memory | null;
  /** Records it; null if it was not rewritten. */
  readonly tap: Tap | null;
}

export interface Interception {
  /**
   * True where modules are to be rewritten before they are compiled. Others go to the engine as they come, streams too.
   * It is given the address of the script that compiles one, "" where that is not known.
   */
  readonly record: (from: string) => boolean;
  /** Hears of each instance; of one that was rewritten before its start function runs. */
  readonly onInstance: (seen: SeenInstance) => void;
}

type Imports = WebAssembly.Imports | undefined;
type Wasm = typeof WebAssembly;
type Made = WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource;
type Method = (...args: unknown[]) => unknown;

const unknown = (from: string, size: number | null): SeenModule => ({ from, size, search: null, refusal: null });

/** Takes the place of WebAssembly's ways to compile and to instantiate. Returns what undoes it. */
export function intercept(wasm: Wasm, { record, onInstance }: Interception): () => void {
  const { compile, compileStreaming, instantiate, instantiateStreaming, Module, Instance } = wasm;
  // The engine's own functions, with arguments that it checks.
  const call = <T>(method: unknown, args: readonly unknown[]): Promise<T> => Reflect.apply(method as Method, wasm, args) as Promise<T>;
  const seen = new WeakMap<WebAssembly.Module, SeenModule>();

  /** The source that the engine gets, and what is known of the module. */
  const prepare = (source: unknown, from: string): { readonly source: unknown; readonly known: SeenModule } => {
    if (!isSource(source)) return { source, known: unknown(from, null) };
    const size = source.byteLength;
    if (!record(from)) return { source, known: unknown(from, size) };
    const done = rewrite(ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, size) : new Uint8Array(source));
    // The engine has the last word on what is malformed: it gets the bytes as they are.
    if (!done.ok) return { source, known: { ...unknown(from, size), refusal: done.refusal } };
    return { source: done.bytes, known: { ...unknown(from, size), search: done } };
  };

  const keep = (module: WebAssembly.Module, known: SeenModule): WebAssembly.Module => {
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
    const known = seen.get(module) ?? unknown("", null);
    onInstance({ ...known, module, exports, memory: tap?.memory ?? memoryOf(raw, module, imports), tap });
    tap?.begin();
    return instance;
  };

  /** Meets what `instantiate` made: of bytes a module and an instance, of a module an instance. */
  const met = (made: Made, source: unknown, known: SeenModule, imports: Imports): Made => {
    if (made instanceof Instance) return meet(made, source as WebAssembly.Module, imports);
    meet(made.instance, keep(made.module, known), imports);
    return made;
  };

  // Options that come behind the arguments known here are handed on.
  const compiled = ([given, ...more]: unknown[], from = callerScript()): Promise<WebAssembly.Module> => {
    const { source, known } = prepare(given, from);
    return call<WebAssembly.Module>(compile, [source, ...more]).then((module) => keep(module, known));
  };
  const instantiated = ([given, imports, ...more]: unknown[], from = callerScript()): Promise<Made> => {
    const { source, known } = prepare(given, from);
    return call<Made>(instantiate, [source, imports, ...more]).then((made) => met(made, given, known, imports as Imports));
  };

  /** Does as the engine does with a stream, unless its bytes are to be rewritten: then it waits for all of them. */
  const streamed = async <T>(args: unknown[], native: unknown, whole: (args: unknown[], from: string) => Promise<T>, then: (made: T, known: SeenModule) => T): Promise<T> => {
    const [source, ...more] = args;
    const from = callerScript();
    const got = record(from) ? await bytesOf(source) : null;
    if (got !== null) return whole([got.bytes, ...more], got.from === "" ? from : got.from);
    const known = unknown(from, null);
    Promise.resolve(source).then((response) => { if (response instanceof Response && response.url !== "") known.from = response.url; }, () => undefined);
    return then(await call<T>(native, args), known);
  };

  const calls: Readonly<Record<string, (args: unknown[]) => unknown>> = {
    compile: (args) => compiled(args),
    compileStreaming: (args) => streamed(args, compileStreaming, compiled, keep),
    instantiate: (args) => instantiated(args),
    instantiateStreaming: (args) => streamed(args, instantiateStreaming, instantiated, (made, known) => met(made, null, known, args[1] as Imports)),
  };
  const makers: Readonly<Record<string, (args: unknown[], self: Maker) => object>> = {
    Module([given, ...more], self) {
      const { source, known } = prepare(given, callerScript());
      return keep(Reflect.construct(Module, [source, ...more], self) as WebAssembly.Module, known);
    },
    Instance(args, self) {
      const [module, imports] = args as [WebAssembly.Module, Imports];
      return meet(Reflect.construct(Instance, args, self) as WebAssembly.Instance, module, imports);
    },
  };

  const forget = keepEngine();
  const replaced = new Replacements();
  for (const [name, apply] of Object.entries(calls)) if (name in wasm) replaced.call(wasm, name, apply);
  for (const [name, construct] of Object.entries(makers)) replaced.construct(wasm, name, construct);
  return () => {
    replaced.end();
    forget();
  };
}

const isSource = (value: unknown): value is BufferSource => value instanceof ArrayBuffer || (ArrayBuffer.isView(value) && value.buffer instanceof ArrayBuffer);

/** The bytes of a response that the engine would take; null for one that it refuses, which it is left to say. */
async function bytesOf(source: unknown): Promise<{ bytes: ArrayBuffer; from: string } | null> {
  const response = await source;
  if (typeof Response === "undefined" || !(response instanceof Response) || !response.ok || response.bodyUsed) return null;
  if (response.headers.get("content-type")?.split(";")[0]!.trim().toLowerCase() !== "application/wasm") return null;
  return { bytes: await response.arrayBuffer(), from: response.url };
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
