import { objectName } from "./model/call-line";
import type { Signature } from "./model/wasm-file";

/** The calls of a module's exports, and of its glue's. */

export interface Callable {
  readonly name: string;
  readonly call: (...values: readonly unknown[]) => unknown;
  /** None for a function of the glue, which takes what JSON can say. */
  readonly signature: Signature | null;
}

/** A class of the glue. */
type Class = (new (...values: unknown[]) => object) & Record<string, unknown>;

/** A class, or a function of older scripts that is used as one. */
const isClass = (value: unknown): value is Class => {
  if (typeof value !== "function") return false;
  if (/^class\b/.test(Function.prototype.toString.call(value))) return true;
  const prototype: unknown = value.prototype;
  return typeof prototype === "object" && prototype !== null && Object.keys(prototype).length > 0;
};

const isNative = (value: (...values: never[]) => unknown): boolean => Function.prototype.toString.call(value).includes("[native code]");

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
    // Classes first: they are what packages are used by.
    for (const [name, value] of Object.entries(this.exports)) if (isClass(value)) found.push(...this.ofClass(name, value));
    for (const [name, value] of Object.entries(this.exports)) {
      if (typeof value === "function" && !isClass(value)) found.push({ name, call: value as Callable["call"], signature: this.signature(name) });
    }
    for (const [name, object] of this.objects) found.push(...methods(name, object));
    return found;
  }

  /** Keeps an object of a class that is the glue's, and returns its name. */
  keep(result: unknown): string | null {
    if (typeof result !== "object" || result === null) return null;
    const known = [...this.objects].find(([, object]) => object === result);
    if (known !== undefined) return known[0];
    const made: unknown = result.constructor;
    if (typeof made !== "function" || isNative(made as Callable["call"])) return null;
    const of = Object.entries(this.exports).find(([, value]) => isClass(value) && result instanceof value)?.[0] ?? made.name.replace(/^_+/, "");
    if (of === "") return null;
    const name = objectName(of, new Set([...this.objects.keys(), ...Object.keys(this.exports)]));
    this.objects.set(name, result);
    return name;
  }

  private ofClass(name: string, made: Class): Callable[] {
    const statics = Object.getOwnPropertyNames(made)
      .filter((each) => !RESERVED.has(each) && !each.startsWith("__") && typeof made[each] === "function")
      .map((each) => ({ name: `${name}.${each}`, call: (...values: readonly unknown[]) => Reflect.apply(made[each] as Callable["call"], made, values), signature: null }));
    // Without a constructor of its own in Rust, `new` gives an object that is none.
    const text = Function.prototype.toString.call(made);
    if (text.startsWith("class") && !/\bconstructor\s*\(/.test(text)) return statics;
    return [{ name: `new ${name}`, call: (...values) => new made(...values), signature: null }, ...statics];
  }
}

/** The methods and properties of an object, as callables: a property is read by a call without arguments. */
function methods(name: string, object: object): Callable[] {
  const found = new Map<string, Callable>();
  for (let from: unknown = Object.getPrototypeOf(object); typeof from === "object" && from !== null && from !== Object.prototype; from = Object.getPrototypeOf(from)) {
    for (const [each, property] of Object.entries(Object.getOwnPropertyDescriptors(from))) {
      if (RESERVED.has(each) || each.startsWith("__") || found.has(each)) continue;
      const call = (...values: readonly unknown[]): unknown => {
        const value: unknown = Reflect.get(object, each);
        return typeof property.value === "function" ? Reflect.apply(value as Callable["call"], object, values) : value;
      };
      found.set(each, { name: `${name}.${each}`, call, signature: null });
    }
  }
  return [...found.values()];
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
