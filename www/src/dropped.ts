import { takesObject, type Signature } from "./model/wasm-file";
import { en } from "./text/en";

/** How a module that was dropped is started with its glue, and how its exports are called. */

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

/** The functions among exports; classes cannot be called. */
export const callables = (exports: Record<string, unknown>, signature: (name: string) => Signature | null): Callable[] =>
  Object.entries(exports).flatMap(([name, value]) =>
    typeof value === "function" && !/^class\b/.test(Function.prototype.toString.call(value))
      ? [{ name, call: value as Callable["call"], signature: signature(name) }]
      : [],
  );

/** A result in a line or a few. */
export function show(result: unknown): string {
  if (typeof result === "bigint" || typeof result !== "object" || result === null) return String(result);
  try {
    return JSON.stringify(result).slice(0, 2000);
  } catch {
    return Object.prototype.toString.call(result);
  }
}
