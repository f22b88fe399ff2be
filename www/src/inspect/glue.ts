import { takesObject, withExports, type GlueFault } from "../model/wasm-file";

/** The scripts that packages ship with a module: how they are run, and what they take to start it. */

/** A module that waits to be started. */
export interface Wasm {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly module: WebAssembly.Module;
}

/** The script starts no module. */
export class NoStart extends Error {
  constructor(readonly fault: GlueFault) {
    super();
  }
}

/** Seconds that glue may take. */
const PATIENCE = 20;

type Names = Record<string, unknown>;
type Starter = (given: unknown) => unknown;

const isObject = (value: unknown): value is Names => typeof value === "object" && value !== null;

/** Names under which scripts without a default export start their module. */
const STARTS = /^init(?:ialize)?(?:wasm)?$/i;

/** True for a script that is a module of JavaScript. */
const isModule = (script: string): boolean => /^\s*(?:export\s*(?:[{*]|default\b|const\b|let\b|var\b|function\b|class\b|async\b)|import\s*["'{*\w])/m.test(script) || script.includes("import.meta");

/**
 * Runs a script by itself, without the address it was made for, and has it start a module. Returns what it exports, and what
 * starting it gave. Known are wasm-bindgen's glue for the web, for bundlers and without modules, and Emscripten's, and what
 * packages make of them. Throws `NoStart`, also where it takes too long.
 */
export async function runGlue(script: string, wasm: Wasm): Promise<Names> {
  let timer = 0;
  const late = new Promise<never>((_, reject) => {
    timer = self.setTimeout(() => { reject(new NoStart({ why: "silent", seconds: PATIENCE })); }, 1000 * PATIENCE);
  });
  try {
    return await withGlobal("fetch", serving(wasm), () => Promise.race([begin(script, wasm), late]));
  } finally {
    clearTimeout(timer);
  }
}

/** `fetch`, which gives the module for the address of any: a script that begins by itself looks for it beside the page. */
function serving({ bytes }: Wasm): typeof fetch {
  const { fetch } = globalThis;
  return (input, init) => {
    const address = input instanceof Request ? input.url : String(input);
    return /\.wasm(?:[?#]|$)/.test(address) ? Promise.resolve(new Response(bytes, { headers: { "content-type": "application/wasm" } })) : fetch(input, init);
  };
}

async function begin(script: string, wasm: Wasm): Promise<Names> {
  const importing = withExports(script, `globalThis.${EXPORTS}`);
  if (importing !== null) return startedWith(importing, wasm);
  const config = emscripten(wasm);
  const names = await (isModule(script) ? imported(script) : evaluated(script, config));
  const take = names["__wbg_set_wasm"];
  if (typeof take === "function") return bundled(names, wasm, take as (exports: WebAssembly.Exports) => void);
  // What a script has made by itself needs no start.
  if (names[BEGUN] !== undefined) return names[BEGUN] as Names;
  // A script that was handed its settings by a global has begun by itself.
  if (names["Module"] === config) {
    await config.begun;
    return config as unknown as Names;
  }
  const starter = starterOf(names);
  if (starter === null) throw new NoStart({ why: "no-start" });
  // Unknown glue may keep what it was given, so each gets what is its own.
  const given = /\bwasmBinary\b/.test(script) ? settings(wasm) : takesObject(script) ? { module_or_path: wasm.module } : wasm.module;
  const handed = new Set(Object.keys(given));
  const made = await starter(given);
  if (!isObject(made) || isExports(made)) return names;
  // The object that was handed over may come back as the module: without its settings.
  return { ...names, ...Object.fromEntries(Object.entries(made).filter(([name]) => !handed.has(name))) };
}

/** Exports of an instance, which glue gives back beside its own functions. */
const isExports = (made: Names): boolean => made["memory"] instanceof WebAssembly.Memory;

/** The settings that Emscripten’s scripts take: the bytes of the module, and no address to load it from. */
const settings = ({ bytes }: Wasm): { wasmBinary: Uint8Array; locateFile: (path: string) => string } => ({ wasmBinary: bytes, locateFile: (path) => path });

interface Config {
  readonly begun: Promise<void>;
}

/** The settings of a script that looks for them in the global `Module`. */
function emscripten(wasm: Wasm): Config {
  let begin: () => void = () => undefined;
  let end: (why: Error) => void = () => undefined;
  const begun = new Promise<void>((resolve, reject) => {
    begin = resolve;
    end = reject;
  });
  begun.catch(() => undefined);
  return Object.assign(settings(wasm), { begun, onRuntimeInitialized: begin, onAbort: (why: unknown) => { end(new Error(String(why))); } });
}

async function imported(script: string): Promise<Names> {
  // An address that others are relative to: that of a blob is none.
  const text = script.includes("import.meta") ? `const bonsaiMeta = { url: ${JSON.stringify(document.baseURI)} };${script.replaceAll("import.meta", "bonsaiMeta")}` : script;
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    return { ...((await import(/* @vite-ignore */ url)) as Names) };
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Runs a classic script, with what such scripts export by: CommonJS, `wasm_bindgen`, the global `Module`. */
async function evaluated(script: string, config: Config): Promise<Names> {
  const module: { exports: unknown } = { exports: {} };
  // The script was dropped to be run, and only a function's body is not strict and has names of its own.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  const run = new Function("module", "exports", "Module", `${script}\n;return { Module, wasm_bindgen: typeof wasm_bindgen === "undefined" ? undefined : wasm_bindgen };`) as (
    ...given: unknown[]
  ) => { readonly Module: unknown; readonly wasm_bindgen: unknown };
  const globals = await withGlobal("Module", config, () => run(module, module.exports, config));
  if (module.exports instanceof Promise) {
    const made = (await module.exports) as unknown;
    if (isObject(made)) return { [BEGUN]: made };
  }
  if (module.exports === config) return { Module: config };
  if (typeof module.exports === "function") return { default: module.exports };
  if (isObject(module.exports) && Object.keys(module.exports).length > 0) return { ...module.exports };
  const bindgen = globals.wasm_bindgen;
  if (typeof bindgen === "function") return { ...(bindgen as unknown as Names), default: bindgen };
  if (typeof globals.Module === "function") return { default: globals.Module };
  return isObject(globals.Module) && isSettled(script) ? { Module: globals.Module } : {};
}

/** Runs something while a global variable has a value: some scripts look for it in `self`. */
async function withGlobal<T>(name: string, value: unknown, run: () => T | Promise<T>): Promise<T> {
  const before = Object.getOwnPropertyDescriptor(globalThis, name);
  Object.defineProperty(globalThis, name, { configurable: true, writable: true, value });
  try {
    return await run();
  } finally {
    if (before === undefined) Reflect.deleteProperty(globalThis, name);
    else Object.defineProperty(globalThis, name, before);
  }
}

/** True for a script that reads its settings from `Module`. */
const isSettled = (script: string): boolean => /\bwasmBinary\b/.test(script);

function starterOf(names: Names): Starter | null {
  const standard = names["default"];
  if (typeof standard === "function" && !isClass(standard)) return standard as Starter;
  if (isObject(standard) && typeof standard["default"] === "function") return standard["default"] as Starter;
  for (const [name, value] of Object.entries(names)) if (typeof value === "function" && STARTS.test(name) && !isClass(value)) return value as Starter;
  for (const value of Object.values(names)) {
    const own: unknown = typeof value === "function" ? (value as unknown as Names)["init"] : undefined;
    if (typeof own === "function") return (given) => Reflect.apply(own as Starter, value, [given]);
  }
  return null;
}

const isClass = (value: unknown): boolean => typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));

/** The global variable under which a script that imports its module is given the exports. */
const EXPORTS = "bonsaiExports";

/** The name of what a script exported as a promise. */
const BEGUN = "promised module";

/** Runs a script that imports its module, and starts that with what the script exports: each needs the other. */
async function startedWith(script: string, wasm: Wasm): Promise<Names> {
  const exports: Record<string, WebAssembly.ExportValue> = {};
  const names = await withGlobal(EXPORTS, exports, () => imported(script));
  return bundled(names, wasm, (made) => { Object.assign(exports, made); });
}

/** Starts a module with wasm-bindgen's glue for bundlers, which leaves that to them. `take` hands the exports to the glue. */
async function bundled(names: Names, { module }: Wasm, take: (exports: WebAssembly.Exports) => void): Promise<Names> {
  const imports: WebAssembly.Imports = {};
  for (const each of WebAssembly.Module.imports(module)) (imports[each.module] ??= {})[each.name] = names[each.name] as WebAssembly.ImportValue;
  const instance = await WebAssembly.instantiate(module, imports);
  take(instance.exports);
  (instance.exports["__wbindgen_start"] as (() => void) | undefined)?.();
  return names;
}
