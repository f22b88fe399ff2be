/**
 * What can be said of a file that is to be a wasm module, before and after the engine looked at it: whether it
 * is one at all, what it wants to be given, and how its functions are called.
 */

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

export interface Wanted {
  readonly from: "bindgen" | "wasi" | "emscripten" | "memory" | "other";
  /** As `module.name`. */
  readonly names: readonly string[];
}

/** Who makes what the module imports; null if it imports nothing. */
export function wanted(imports: readonly WebAssembly.ModuleImportDescriptor[]): Wanted | null {
  if (imports.length === 0) return null;
  const names = imports.map(({ module, name }) => `${module}.${name}`);
  const any = (test: (each: WebAssembly.ModuleImportDescriptor) => boolean): boolean => imports.some(test);
  if (any(({ module, name }) => module === "wbg" || module.startsWith("__wbindgen") || module.endsWith("_bg.js") || name.startsWith("__wbindgen_"))) {
    return { from: "bindgen", names };
  }
  if (any(({ module }) => module.startsWith("wasi"))) return { from: "wasi", names };
  if (any(({ name }) => name.startsWith("emscripten_") || name.startsWith("_emscripten") || name.startsWith("__syscall"))) {
    return { from: "emscripten", names };
  }
  if (any(({ kind }) => kind === "memory")) return { from: "memory", names };
  return { from: "other", names };
}

/** What keeps a script from being loaded by itself, as far as its text tells. */
export type GlueFault = { readonly why: "imports"; readonly from: string } | { readonly why: "no-default" };

export function checkGlue(script: string): GlueFault | null {
  const imported = /^\s*(?:import|export)\b[^;'"()]*?(?:from\s*)?['"]([^'"\n]+)['"]/m.exec(script)?.[1];
  if (imported !== undefined) return { why: "imports", from: imported };
  const exportsDefault = /\bexport\s+default\b/.test(script) || /\bexport\s*\{[^}]*\bas\s+default\b/.test(script);
  return exportsDefault ? null : { why: "no-default" };
}

/** Whether the glue's default function takes its argument in an object, as newer ones do. */
export const takesObject = (script: string): boolean => /\{\s*module_or_path\s*\}/.test(script);

// How its functions are called

export type ValueType = "i32" | "i64" | "f32" | "f64" | "other";

export interface Signature {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

const TYPES: Record<number, ValueType> = { 0x7f: "i32", 0x7e: "i64", 0x7d: "f32", 0x7c: "f64" };
const Section = { type: 1, import: 2, function: 3, export: 7 } as const;

/**
 * The signatures of the exported functions, by name; of a module that the engine has compiled. A
 * kind of type that is not known here ends the reading: those functions are then missing.
 */
export function signatures(bytes: Uint8Array): ReadonlyMap<string, Signature> {
  const found = new Map<string, Signature>();
  const types: (Signature | null)[] = [];
  /** Index of the type of each function, imported ones first. */
  const functions: number[] = [];
  try {
    const file = new Reader(bytes, 8);
    while (!file.done) {
      const id = file.byte();
      const section = file.slice(file.number());
      if (id === Section.type) readTypes(section, types);
      else if (id === Section.import) readImports(section, functions);
      else if (id === Section.function) section.list(() => functions.push(section.number()));
      else if (id === Section.export) {
        section.list(() => {
          const name = section.text();
          const kind = section.byte();
          const index = section.number();
          const signature = kind === 0 ? types[functions[index] ?? -1] : null;
          if (signature != null) found.set(name, signature);
        });
      }
    }
  } catch (error) {
    if (!(error instanceof Unknown)) throw error;
  }
  return found;
}

/** Something that this reader does not know, or that is cut off. */
class Unknown extends Error {}

function readTypes(section: Reader, types: (Signature | null)[]): void {
  section.list(() => {
    // Only functions of plain types: structures and groups of types come with garbage collection.
    if (section.byte() !== 0x60) throw new Unknown();
    const values = (): ValueType[] => section.list(() => TYPES[section.byte()] ?? "other");
    const params = values();
    types.push({ params, results: values() });
  });
}

function readImports(section: Reader, functions: number[]): void {
  section.list(() => {
    section.text();
    section.text();
    const kind = section.byte();
    if (kind === 0) functions.push(section.number());
    else if (kind === 3) {
      section.byte();
      section.byte();
    } else if (kind === 1 || kind === 2) {
      if (kind === 1) section.byte();
      const limits = section.byte();
      section.number();
      if ((limits & 1) !== 0) section.number();
    } else throw new Unknown();
  });
}

/** Reads within its bytes only. */
class Reader {
  constructor(
    private readonly bytes: Uint8Array,
    private at = 0,
  ) {}

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new Unknown();
    return byte;
  }

  /** LEB128, unsigned, 32 bits. */
  number(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new Unknown();
  }

  slice(length: number): Reader {
    if (length > this.bytes.length - this.at) throw new Unknown();
    const part = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return new Reader(part);
  }

  text(): string {
    return new TextDecoder().decode(this.slice(this.number()).bytes);
  }

  list<T>(each: () => T): T[] {
    const count = this.number();
    // Each entry has a byte at least: a count beyond that ends at the end of the section.
    const entries: T[] = [];
    for (let i = 0; i < count; i++) entries.push(each());
    return entries;
  }
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
