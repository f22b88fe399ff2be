import { Section, Writer } from "../../src/wire/wasm-binary";

/** A function of a module that a test assembles: its type, and its code behind the locals, without the end. */
export interface Assembled {
  readonly params: readonly number[];
  readonly results: readonly number[];
  readonly code: readonly number[];
  /** Locals of 32 bits. */
  readonly locals?: number;
  readonly name?: string;
  readonly exported?: string;
}

export interface ModuleParts {
  readonly functions: readonly Assembled[];
  /** Imported functions, of module `env`. */
  readonly imports?: readonly { readonly name: string; readonly params: readonly number[]; readonly results: readonly number[] }[];
  /** Flags and limits of the memory; null for none. */
  readonly memory?: readonly number[] | null;
  /** Initial values of globals that can change. */
  readonly globals?: readonly number[];
  readonly start?: number;
  /** Further types, in front of the functions'. */
  readonly types?: readonly (readonly number[])[];
  readonly typeCount?: number;
  /** Sections as they are, each written before the first section of a greater place: `[id, content]`. */
  readonly extra?: readonly (readonly [number, readonly number[]])[];
  /** Sections of no meaning to engines, at the end. */
  readonly custom?: readonly (readonly [string, readonly number[]])[];
  /** Bytes of passive data. */
  readonly passive?: readonly number[];
  /** Indices of functions in a table, from 0 on. */
  readonly table?: readonly number[];
  readonly noNames?: boolean;
}

export const I32 = 0x7f;

/** Assembles a module of such parts. */
export function assemble(parts: ModuleParts): Uint8Array<ArrayBuffer> {
  const { functions, imports = [], memory = [0, 1], globals = [], types = [], passive, table } = parts;
  const out = new Writer().byte(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  const many = <T>(entries: readonly T[], each: (writer: Writer, entry: T, index: number) => void): Uint8Array => {
    const writer = new Writer().number(entries.length);
    for (const [i, entry] of entries.entries()) each(writer, entry, i);
    return writer.done();
  };
  const before = parts.typeCount ?? types.length;
  const all = [...imports, ...functions];
  const typeSection = new Writer().number(types.length + all.length);
  for (const type of types) typeSection.byte(...type);
  for (const { params, results } of all) typeSection.byte(0x60, params.length, ...params, results.length, ...results);
  out.section(Section.type, typeSection.done());
  if (imports.length > 0) {
    out.section(Section.import, many(imports, (writer, { name }, i) => writer.text("env").text(name).byte(0).number(before + i)));
  }
  out.section(Section.function, many(functions, (writer, _, i) => writer.number(before + imports.length + i)));
  if (table !== undefined) out.section(Section.table, Uint8Array.of(1, 0x70, 0, table.length));
  if (memory !== null) out.section(Section.memory, Uint8Array.of(1, ...memory));
  if (globals.length > 0) {
    out.section(Section.global, many(globals, (writer, value) => writer.byte(I32, 1, 0x41).signed(value).byte(0x0b)));
  }
  const exported = functions.flatMap(({ exported: name }, i) => (name === undefined ? [] : [{ name, index: i + imports.length }]));
  const exportSection = new Writer().number(exported.length + (memory === null ? 0 : 1));
  for (const { name, index } of exported) exportSection.text(name).byte(0).number(index);
  if (memory !== null) exportSection.text("memory").byte(2, 0);
  out.section(Section.export, exportSection.done());
  if (parts.start !== undefined) out.section(Section.start, new Writer().number(parts.start).done());
  if (table !== undefined) {
    const element = new Writer().byte(1, 0, 0x41, 0, 0x0b).number(table.length);
    for (const index of table) element.number(index);
    out.section(Section.element, element.done());
  }
  if (passive !== undefined) out.section(Section.dataCount, Uint8Array.of(1));
  out.section(
    Section.code,
    many(functions, (writer, { code, locals = 0 }) => {
      const body = new Writer();
      if (locals === 0) body.byte(0);
      else body.byte(1).number(locals).byte(I32);
      writer.sized(body.byte(...code, 0x0b).done());
    }),
  );
  if (passive !== undefined) out.section(Section.data, new Writer().byte(1, 1).sized(Uint8Array.from(passive)).done());
  for (const [name, content] of parts.custom ?? []) out.section(Section.custom, new Writer().text(name).byte(...content).done());
  if (parts.noNames !== true) {
    const named = functions.flatMap(({ name }, i) => (name === undefined ? [] : [{ name, index: i + imports.length }]));
    const names = many(named, (writer, { name, index }) => writer.number(index).text(name));
    out.section(Section.custom, new Writer().text("name").byte(1).sized(names).done());
  }
  return out.done();
}

const leb = (value: number): number[] => [...new Writer().signed(value).done()];

/** Instructions by name, for the few that tests write. */
export const op = {
  get: (local: number): number[] => [0x20, local],
  set: (local: number): number[] => [0x21, local],
  getGlobal: (index: number): number[] => [0x23, index],
  setGlobal: (index: number): number[] => [0x24, index],
  constant: (value: number): number[] => [0x41, ...leb(value)],
  call: (index: number): number[] => [0x10, index],
  add: [0x6a],
  multiply: [0x6c],
  drop: [0x1a],
} as const;

/** Global 0 of `bumpParts` is the next address. */
const FIRST = 1024;

/**
 * A small allocator: it hands out one address after the other. `calloc` and `realloc` call `malloc` and `free`,
 * as real ones do; `make` and `lose` are the program, through a table of functions as well.
 */
export function bumpParts(more: Partial<ModuleParts> = {}): ModuleParts {
  const imported = more.imports?.length ?? 0;
  const index = { malloc: imported, free: imported + 1, calloc: imported + 2, realloc: imported + 3 };
  const bump = [...op.getGlobal(0), ...op.getGlobal(0), ...op.get(0), ...op.add, ...op.setGlobal(0)];
  return {
    globals: [FIRST],
    functions: [
      { name: "malloc", params: [I32], results: [I32], code: bump },
      { name: "free", params: [I32], results: [], code: [] },
      { name: "calloc", params: [I32, I32], results: [I32], code: [...op.get(0), ...op.get(1), ...op.multiply, ...op.call(index.malloc)] },
      { name: "realloc", params: [I32, I32], results: [I32], code: [...op.get(1), ...op.call(index.malloc), ...op.get(0), ...op.call(index.free)] },
      { exported: "make", params: [I32], results: [I32], code: [...op.get(0), ...op.call(index.malloc)] },
      { exported: "zeroed", params: [I32, I32], results: [I32], code: [...op.get(0), ...op.get(1), ...op.call(index.calloc)] },
      { exported: "resize", params: [I32, I32], results: [I32], code: [...op.get(0), ...op.get(1), ...op.call(index.realloc)] },
      { exported: "lose", params: [I32], results: [], code: [...op.get(0), ...op.call(index.free)] },
    ],
    ...more,
  };
}
