import { External, HEADER, Malformed, Reader, Section, sections, Writer, type SectionPart } from "./wasm-binary";

/** The type of a function, as the bytes of its values' types. */
export interface FunctionType {
  readonly params: readonly number[];
  readonly results: readonly number[];
}

export interface Exported {
  readonly name: string;
  readonly kind: number;
  readonly index: number;
}

export interface Limits {
  readonly least: number;
  readonly most: number | null;
  readonly shared: boolean;
  /** Of 64 bits: its numbers are not read. */
  readonly wide: boolean;
}

/** Something that is imported. Types of values are bytes. */
export type Imported = { readonly module: string; readonly name: string } & (
  | { readonly kind: "function"; readonly type: number }
  | { readonly kind: "table"; readonly element: number; readonly limits: Limits }
  | { readonly kind: "memory"; readonly limits: Limits }
  | { readonly kind: "global"; readonly value: number; readonly mutable: boolean }
  | { readonly kind: "tag" }
);

/** A function of the module's own: the body's place in the file, its length left out. */
export interface Body {
  readonly from: number;
  readonly to: number;
}

/** A module as the recorder needs it: indices, names and places, no instruction. */
export interface ModuleIndex {
  readonly bytes: Uint8Array;
  readonly parts: readonly SectionPart[];
  /** By index; `null` for types that are not functions. */
  readonly types: readonly (FunctionType | null)[];
  /** Index of the type of each function, imported ones first. */
  readonly functionTypes: readonly number[];
  readonly importedFunctions: number;
  readonly imports: readonly Imported[];
  /** By index of the function, imported ones: `module.name`. */
  readonly importNames: readonly string[];
  readonly tables: number;
  readonly globals: number;
  readonly memories: readonly { readonly shared: boolean; readonly wide: boolean; readonly imported: boolean }[];
  readonly exports: readonly Exported[];
  readonly start: number | null;
  /** Of the functions that are not imported. */
  readonly bodies: readonly Body[];
  /** Names of functions by index, as the section of names has them. */
  readonly names: ReadonlyMap<number, string>;
}

const TYPE = { function: 0x60, struct: 0x5f, array: 0x5e, sub: 0x50, subFinal: 0x4f, group: 0x4e } as const;
const WITH_HEAP_TYPE = [0x63, 0x64];

/** Reads what the recorder needs of a module. Throws `Malformed`. */
export function readModule(bytes: Uint8Array): ModuleIndex {
  if (bytes.length < HEADER || [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0].some((byte, i) => bytes[i] !== byte)) {
    throw new Malformed("No WebAssembly module of version 1 begins", 0);
  }
  const types: (FunctionType | null)[] = [];
  const functionTypes: number[] = [];
  const imports: Imported[] = [];
  const importNames: string[] = [];
  const memories: { shared: boolean; wide: boolean; imported: boolean }[] = [];
  const bodies: Body[] = [];
  let exports: Exported[] = [];
  let [tables, globals] = [0, 0];
  let start: number | null = null;
  let names: ReadonlyMap<number, string> = new Map();
  const parts = sections(bytes);
  for (const { id, from, to } of parts) {
    const section = new Reader(bytes, from, to);
    if (id === Section.type) section.list(() => { readType(section, types); });
    else if (id === Section.import) {
      section.list(() => {
        const [module, name] = [section.text(), section.text()];
        const kind = section.byte();
        if (kind === External.function) {
          const type = section.number();
          functionTypes.push(type);
          importNames.push(`${module}.${name}`);
          imports.push({ module, name, kind: "function", type });
        } else if (kind === External.table) {
          imports.push({ module, name, kind: "table", element: skipValueType(section), limits: readLimits(section) });
          tables++;
        } else if (kind === External.memory) {
          const limits = readLimits(section);
          imports.push({ module, name, kind: "memory", limits });
          memories.push({ ...limits, imported: true });
        } else if (kind === External.global) {
          imports.push({ module, name, kind: "global", value: skipValueType(section), mutable: section.byte() === 1 });
          globals++;
        } else if (kind === External.tag) {
          section.byte();
          section.number();
          imports.push({ module, name, kind: "tag" });
        } else throw new Malformed(`An import is of unknown kind ${kind}`, section.at);
      });
    } else if (id === Section.function) section.list(() => functionTypes.push(section.number()));
    else if (id === Section.table) tables += section.number();
    else if (id === Section.memory) section.list(() => memories.push({ ...readLimits(section), imported: false }));
    else if (id === Section.global) globals += section.number();
    else if (id === Section.export) exports = section.list(() => ({ name: section.text(), kind: section.byte(), index: section.number() }));
    else if (id === Section.start) start = section.number();
    else if (id === Section.code) {
      section.list(() => {
        const body = section.slice(section.number());
        bodies.push({ from: body.at, to: body.end });
      });
    } else if (id === Section.custom) names = readNames(section) ?? names;
  }
  if (bodies.length !== functionTypes.length - importNames.length) {
    throw new Malformed(`There are ${functionTypes.length - importNames.length} functions and ${bodies.length} bodies`, bytes.length);
  }
  const importedFunctions = importNames.length;
  return { bytes, parts, types, functionTypes, importedFunctions, imports, importNames, tables, globals, memories, exports, start, bodies, names };
}

/** Returns a module with a section more, which names functions by index. Engines show these names in stacks. */
export function withNames(bytes: Uint8Array, names: ReadonlyMap<number, string>): Uint8Array<ArrayBuffer> {
  const list = new Writer().number(names.size);
  for (const [index, name] of [...names].sort(([a], [b]) => a - b)) list.number(index).text(name);
  return new Writer().raw(bytes).section(Section.custom, new Writer().text("name").byte(1).sized(list.done()).done()).done();
}

/** Returns the type of a function; `null` if there is none of that index. */
export const typeOf = (module: ModuleIndex, index: number): FunctionType | null =>
  module.types[module.functionTypes[index] ?? -1] ?? null;

/** Reads an entry of the section of types, which is a group of several with garbage collection. */
function readType(section: Reader, types: (FunctionType | null)[]): void {
  let form = section.byte();
  if (form === TYPE.group) {
    section.list(() => {
      readType(section, types);
    });
    return;
  }
  if (form === TYPE.sub || form === TYPE.subFinal) {
    section.list(() => section.number());
    form = section.byte();
  }
  if (form === TYPE.function) {
    const values = (): number[] => section.list(() => skipValueType(section));
    types.push({ params: values(), results: values() });
  } else if (form === TYPE.struct || form === TYPE.array) {
    const field = (): void => {
      skipValueType(section);
      section.byte();
    };
    if (form === TYPE.struct) section.list(field);
    else field();
    types.push(null);
  } else throw new Malformed(`A type is of unknown form ${form}`, section.at);
}

/** Passes over the type of a value, and returns its first byte. */
function skipValueType(section: Reader): number {
  const type = section.byte();
  if (WITH_HEAP_TYPE.includes(type)) section.skipNumber();
  return type;
}

function readLimits(section: Reader): Limits {
  const flags = section.byte();
  const wide = (flags & 4) !== 0;
  const number = (): number => {
    if (!wide) return section.number();
    section.skipNumber();
    return 0;
  };
  const least = number();
  const most = (flags & 1) !== 0 ? number() : null;
  if ((flags & 8) !== 0) section.skipNumber();
  return { least, most, shared: (flags & 2) !== 0, wide };
}

/** Returns the names of functions if the section has them. Engines ignore what is wrong in it, and so does this. */
function readNames(section: Reader): ReadonlyMap<number, string> | null {
  const names = new Map<number, string>();
  try {
    if (section.text() !== "name") return null;
    while (!section.done) {
      const id = section.byte();
      const part = section.slice(section.number());
      if (id === 1) part.list(() => names.set(part.number(), part.text()));
    }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
  }
  return names;
}
