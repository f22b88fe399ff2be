import { objectName } from "./model/call-line";
import { standIns } from "./model/stand-ins";
import { takesObject, type Signature } from "./model/wasm-file";
import { en } from "./text/inspect";

/** The start of a dropped module with its glue, and the calls of its exports. */

export interface Callable {
  readonly name: string;
  readonly call: (...values: readonly unknown[]) => unknown;
  /** None for a function of the glue, which takes what JSON can say. */
  readonly signature: Signature | null;
}

/**
 * Glue as a script of its own, without the address it was made for: it can load nothing beside it,
 * and is handed the module.
 */
export async function loadGlue(
  script: string,
  module: WebAssembly.Module,
): Promise<{ glue: Record<string, unknown>; exports: Record<string, unknown> }> {
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  try {
    const glue = (await import(/* @vite-ignore */ url)) as Record<string, unknown>;
    const init = glue["default"];
    if (typeof init !== "function") throw new Error(en.module.noInit);
    const made = (await (init as (from: unknown) => unknown)(takesObject(script) ? { module_or_path: module } : module));
    if (typeof made !== "object" || made === null) throw new Error(en.module.noExports);
    return { glue, exports: made as Record<string, unknown> };
  } finally {
    URL.revokeObjectURL(url);
  }
}

/**
 * Starts a module without glue, with stand-ins for what it imports. Returns its exports, and the
 * memory that it imports. Throws `NoStandIn`.
 */
export async function startAlone(bytes: Uint8Array, module: WebAssembly.Module): Promise<Record<string, unknown>> {
  if (WebAssembly.Module.imports(module).length === 0) return (await WebAssembly.instantiate(module)).exports;
  const given = standIns(bytes);
  const { exports } = await WebAssembly.instantiate(module, given.imports);
  const memory = Object.values(exports).find((each) => each instanceof WebAssembly.Memory) ?? given.memory;
  if (memory !== null) given.serve(memory);
  // What a library of WASI does before its first call.
  const initialize = exports["_initialize"] as (() => void) | undefined;
  initialize?.();
  return given.memory === null ? exports : { memory: given.memory, ...exports };
}

/** A class of wasm-bindgen's glue. */
type Class = (new (...values: unknown[]) => object) & Record<string, unknown>;

const isClass = (value: unknown): value is Class =>
  typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));

/** Of each class: what releases an object, and what its glue keeps to itself. */
const RESERVED = new Set(["constructor", "free", "prototype", "length", "name"]);

/** All that can be called of a module: functions, constructors, and the methods of objects that are kept. */
export class Callables {
  private readonly objects = new Map<string, object>();

  constructor(
    private readonly exports: Record<string, unknown>,
    private readonly signature: (name: string) => Signature | null,
  ) {}

  list(): Callable[] {
    const found: Callable[] = [];
    for (const [name, value] of Object.entries(this.exports)) {
      if (isClass(value)) found.push(...this.ofClass(name, value));
      else if (typeof value === "function") found.push({ name, call: value as Callable["call"], signature: this.signature(name) });
    }
    for (const [name, object] of this.objects) found.push(...methods(name, object));
    return found;
  }

  /** Keeps an object of one of the module's classes, and returns its name. */
  keep(result: unknown): string | null {
    if (typeof result !== "object" || result === null) return null;
    const known = [...this.objects].find(([, object]) => object === result);
    if (known !== undefined) return known[0];
    const of = Object.entries(this.exports).find(([, value]) => isClass(value) && result instanceof value)?.[0];
    if (of === undefined) return null;
    const name = objectName(of, new Set([...this.objects.keys(), ...Object.keys(this.exports)]));
    this.objects.set(name, result);
    return name;
  }

  private ofClass(name: string, made: Class): Callable[] {
    const statics = Object.getOwnPropertyNames(made)
      .filter((each) => !RESERVED.has(each) && !each.startsWith("__") && typeof made[each] === "function")
      .map((each) => ({ name: `${name}.${each}`, call: (...values: readonly unknown[]) => Reflect.apply(made[each] as Callable["call"], made, values), signature: null }));
    // Without a constructor of its own in Rust, `new` gives an object that is none.
    if (!/\bconstructor\s*\(/.test(Function.prototype.toString.call(made))) return statics;
    return [{ name: `new ${name}`, call: (...values) => new made(...values), signature: null }, ...statics];
  }
}

/** The methods and properties of an object, as callables: a property is read by a call without arguments. */
function methods(name: string, object: object): Callable[] {
  const prototype = Object.getPrototypeOf(object) as Record<string, unknown>;
  return Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([each]) => !RESERVED.has(each) && !each.startsWith("__"))
    .map(([each, property]) => ({
      name: `${name}.${each}`,
      call: (...values: readonly unknown[]): unknown =>
        typeof property.value === "function"
          ? Reflect.apply(property.value as Callable["call"], object, values)
          : Reflect.get(prototype, each, object),
      signature: null,
    }));
}

/** Runs a call, and gathers what it writes to the console as an error: the text of a panic, from a panic hook. */
export function listening<T>(run: () => T, heard: string[]): T {
  const { error } = globalThis.console;
  globalThis.console.error = (...values: unknown[]): void => {
    heard.push(values.map(String).join(" "));
  };
  try {
    return run();
  } finally {
    globalThis.console.error = error;
  }
}

/** A result in a line or a few. */
export function show(result: unknown): string {
  if (typeof result === "bigint" || typeof result !== "object" || result === null) return String(result);
  try {
    return JSON.stringify(result).slice(0, 2000);
  } catch {
    return Object.prototype.toString.call(result);
  }
}
