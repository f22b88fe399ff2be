/**
 * What can be said of a file that is to be a wasm module, before and after the engine looked at it: whether it
 * is one at all, what it wants to be given, and how its functions are called.
 */

import { readModule, typeOf } from "../wire/wasm-module";
import { External, Malformed } from "../wire/wasm-binary";

/** Larger files are not read. */
export const MOST_BYTES = 128 * 2 ** 20;

export type FileFault =
  | { readonly why: "empty" }
  | { readonly why: "large"; readonly size: number; readonly most: number }
  | { readonly why: "foreign"; readonly looks: "gzip" | "zip" | "text" | "script" | "other" }
  | { readonly why: "component" }
  | { readonly why: "version"; readonly found: number }
  | { readonly why: "short"; readonly size: number };

const MAGIC = 0x6d736100; // \0asm

/** Looks at the first bytes only: whether the rest is right, the engine says. */
export function checkHeader(bytes: Uint8Array): FileFault | null {
  if (bytes.length === 0) return { why: "empty" };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 4 || view.getUint32(0, true) !== MAGIC) return { why: "foreign", looks: looksLike(bytes) };
  if (bytes.length < 8) return { why: "short", size: bytes.length };
  // Version and layer: a component is of layer 1.
  if (view.getUint16(6, true) === 1) return { why: "component" };
  const version = view.getUint32(4, true);
  return version === 1 ? null : { why: "version", found: version };
}

function looksLike(bytes: Uint8Array): "gzip" | "zip" | "text" | "script" | "other" {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return "gzip";
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return "zip";
  const start = bytes.subarray(0, 512);
  if (start.some((byte) => byte === 0 || (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13))) return "other";
  return /\(module|<!doctype|<html/i.test(new TextDecoder().decode(start)) ? "text" : "script";
}

// What it wants to be given

/** Returns the imports that only wasm-bindgen's glue makes, as `module.name`; null if there are none. */
export function wantsGlue(imports: readonly WebAssembly.ModuleImportDescriptor[]): readonly string[] | null {
  const ofGlue = ({ module, name }: WebAssembly.ModuleImportDescriptor): boolean =>
    module === "wbg" || module.startsWith("__wbindgen") || module.endsWith("_bg.js") || name.startsWith("__wbindgen_");
  return imports.some(ofGlue) ? imports.map(({ module, name }) => `${module}.${name}`) : null;
}

/** True for a module of Go, which brings a heap of its own. */
export const isGo = (imports: readonly WebAssembly.ModuleImportDescriptor[]): boolean => imports.some(({ module }) => module === "gojs" || module === "go");

/** The reason why a script cannot start its module here. */
export type GlueFault = { readonly why: "imports"; readonly from: string } | { readonly why: "no-start" } | { readonly why: "silent"; readonly seconds: number };

/** A bundler's way to a module: its exports, by a name. */
const MODULE_IMPORT = /^\s*import\s*\*\s*as\s+([\w$]+)\s+from\s*(['"])[^'"\n]+\.wasm\2\s*;?/gm;

/** The script with `exports`, an expression, in place of the module that it imports; null where it imports none. */
export function withExports(script: string, exports: string): string | null {
  const changed = script.replace(MODULE_IMPORT, (_, name: string) => `const ${name} = ${exports};`);
  return changed === script ? null : changed;
}

/** Finds a file that a script loads beside it, other than its module. That it starts nothing is seen when it runs. */
export function checkGlue(script: string): GlueFault | null {
  const imported = /^\s*(?:import|export)\b(?!\s*\.)[^;'"()]*?(?:from\s*)?['"]([^'"\n]+)['"]/m.exec(script.replace(MODULE_IMPORT, ""))?.[1];
  return imported === undefined ? null : { why: "imports", from: imported };
}

/** True if the glue's default function takes its argument in an object, as newer ones do. */
export const takesObject = (script: string): boolean => /\{\s*module_or_path\s*\}/.test(script);

// How its functions are called

export type ValueType = "i32" | "i64" | "f32" | "f64" | "other";

export interface Signature {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

const TYPES: Record<number, ValueType> = { 0x7f: "i32", 0x7e: "i64", 0x7d: "f32", 0x7c: "f64" };

/** The signatures of the exported functions, by name; none of a module that this reader does not understand. */
export function signatures(bytes: Uint8Array): ReadonlyMap<string, Signature> {
  const found = new Map<string, Signature>();
  try {
    const module = readModule(bytes);
    const values = (types: readonly number[]): ValueType[] => types.map((type) => TYPES[type] ?? "other");
    for (const { name, kind, index } of module.exports) {
      const type = kind === External.function ? typeOf(module, index) : null;
      if (type !== null) found.set(name, { params: values(type.params), results: values(type.results) });
    }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
  }
  return found;
}

// Arguments

export type Arguments =
  | { readonly ok: true; readonly values: readonly unknown[] }
  | { readonly ok: false; readonly why: "json" | "count" | "number" | "whole"; readonly number: number };

/**
 * Arguments as somebody types them, separated by commas. Functions of a module take numbers only,
 * `i64` whole ones of any length; those of glue take what JSON can say.
 */
export function readArguments(text: string, signature: Signature | null): Arguments {
  const fault = (why: "json" | "count" | "number" | "whole", number: number): Arguments => ({ ok: false, why, number });
  if (signature === null) {
    try {
      return { ok: true, values: JSON.parse(`[${text}]`) as unknown[] };
    } catch {
      return fault("json", 0);
    }
  }
  const words = text.trim() === "" ? [] : text.split(",").map((word) => word.trim());
  if (words.length !== signature.params.length) return fault("count", words.length);
  const values: unknown[] = [];
  for (const [i, word] of words.entries()) {
    if (signature.params[i] === "i64") {
      if (!/^[+-]?\d{1,20}$/.test(word)) return fault("whole", i + 1);
      values.push(BigInt(word));
    } else {
      if (word === "" || Number.isNaN(Number(word))) return fault("number", i + 1);
      values.push(Number(word));
    }
  }
  return { ok: true, values };
}
