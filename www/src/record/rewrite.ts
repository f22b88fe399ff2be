import { External, HEADER, Malformed, Reader, Section, sectionOrder, Writer } from "../wire/wasm-binary";
import { Kind } from "../wire/trace-layout";
import type { Role } from "./allocators";
import { Code } from "./code";
import { findAllocator, type Found, type Names, type Search } from "./find";
import { HOOK_PARAMS, Slot, SLOTS } from "./hook";
import { Op } from "./instructions";
import { readModule, typeOf, type ModuleIndex } from "../wire/wasm-module";

/** Names of what a rewritten module exports in addition. */
export const Extra = {
  /** A table of the hook's functions, which are called for each operation. */
  hook: "bonsai:hook",
  /** 1 within an operation: those within it are not told. */
  inside: "bonsai:inside",
  /** The start function: it allocates, so that it is called when the hook is in place. */
  start: "bonsai:start",
  memory: "bonsai:memory",
} as const;

/** The reason why a module cannot be recorded. */
export type Refusal =
  | { readonly why: "malformed"; readonly what: string; readonly offset: number }
  | { readonly why: "no-memory" }
  | { readonly why: "wide-memory" }
  | { readonly why: "rewritten" }
  | ({ readonly why: "no-allocator" } & Search);

export type Rewritten =
  | ({ readonly ok: true; readonly bytes: Uint8Array<ArrayBuffer>; readonly index: ModuleIndex } & Search)
  | { readonly ok: false; readonly refusal: Refusal };

const refuse = (refusal: Refusal): Rewritten => ({ ok: false, refusal });

/**
 * Makes a module tell of each operation of its allocator. The body of each function found moves to the end of
 * the code, and a wrapper takes its place, so that no index changes; no instruction is read or changed.
 * `names` gives the functions' names where the module has none.
 */
export function rewrite(bytes: Uint8Array, names?: Names): Rewritten {
  let index: ModuleIndex;
  try {
    index = readModule(bytes);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return refuse({ why: "malformed", what: error.what, offset: error.offset });
  }
  const memory = index.memories[0];
  if (memory === undefined) return refuse({ why: "no-memory" });
  if (memory.wide) return refuse({ why: "wide-memory" });
  if (index.exports.some(({ name }) => name === Extra.hook)) return refuse({ why: "rewritten" });
  const search = findAllocator(index, names);
  if (search.found.length === 0) return refuse({ why: "no-allocator", ...search });
  return { ok: true, bytes: new Exchange(index, search).write(), index, ...search };
}

const I32 = 0x7f;
const FUNCREF = 0x70;

/** Entries that a section gets in addition. */
interface Addition {
  readonly count: number;
  readonly entries: Uint8Array;
}

class Exchange {
  private readonly type: number;
  private readonly table: number;
  private readonly inside: number;
  private readonly nothing: number;
  /**
   * The start function becomes an export. With shared memory it stays: it fills the memory once for all threads,
   * and some of them are started by who knows nothing of this.
   */
  private readonly start: number | null;

  constructor(
    private readonly index: ModuleIndex,
    private readonly search: Search,
  ) {
    this.type = index.types.length;
    this.table = index.tables;
    this.inside = index.globals;
    this.nothing = index.functionTypes.length + search.found.length;
    this.start = index.memories[0]!.shared ? null : index.start;
  }

  write(): Uint8Array<ArrayBuffer> {
    const { bytes, parts } = this.index;
    const out = new Writer().raw(bytes.subarray(0, HEADER));
    const additions = this.additions();
    // Sections that the module lacks are made where they belong.
    const make = (before: number): void => {
      for (const [id, addition] of additions) {
        if (sectionOrder(id) >= before) continue;
        out.section(id, extended(null, addition));
        additions.delete(id);
      }
    };
    for (const { id, from, to } of parts) {
      if (sectionOrder(id) >= 0) make(sectionOrder(id));
      const addition = additions.get(id);
      if (addition !== undefined) {
        additions.delete(id);
        out.section(id, extended(new Reader(bytes, from, to), addition));
      } else if (id === Section.code) out.section(id, this.code(new Reader(bytes, from, to)));
      else if (id !== Section.start || this.start === null) out.section(id, bytes.subarray(from, to));
    }
    make(Infinity);
    return out.done();
  }

  /** By id of the section, in the order in which sections stand. */
  private additions(): Map<number, Addition> {
    const { index, search } = this;
    const type = new Writer().byte(0x60).number(HOOK_PARAMS);
    for (let i = 0; i < HOOK_PARAMS; i++) type.byte(I32);
    type.number(0);
    const functions = new Writer();
    for (const found of search.found) functions.number(index.functionTypes[found.index]!);
    const exports = new Writer();
    exports.text(Extra.hook).byte(External.table).number(this.table);
    exports.text(Extra.inside).byte(External.global).number(this.inside);
    exports.text(Extra.memory).byte(External.memory).number(0);
    if (this.start !== null) exports.text(Extra.start).byte(External.function).number(this.start);
    return new Map<number, Addition>([
      [Section.type, { count: 1, entries: type.done() }],
      [Section.function, { count: search.found.length + 1, entries: functions.number(this.type).done() }],
      [Section.table, { count: 1, entries: new Writer().byte(FUNCREF, 1, SLOTS, SLOTS).done() }],
      [Section.global, { count: 1, entries: new Writer().byte(I32, 1, Op.constant, 0, Op.end).done() }],
      [Section.export, { count: this.start === null ? 3 : 4, entries: exports.done() }],
      // An engine that calls an empty place of a table traps: there is a function that does nothing, until the hook comes.
      [Section.element, { count: 1, entries: this.places() }],
    ]);
  }

  private places(): Uint8Array {
    const out = new Writer().byte(2).number(this.table).byte(Op.constant, 0, Op.end, 0, SLOTS);
    for (let i = 0; i < SLOTS; i++) out.number(this.nothing);
    return out.done();
  }

  private code(section: Reader): Uint8Array {
    const { index, search } = this;
    const { bytes, bodies, importedFunctions } = index;
    const places = new Map(search.found.map((found, i) => [found.index, i]));
    const out = new Writer().number(bodies.length + search.found.length + 1);
    section.number();
    // Bodies that stay are copied in one piece, up to the next that moves.
    let copied = section.at;
    for (const [own, body] of bodies.entries()) {
      const place = places.get(own + importedFunctions);
      if (place === undefined) continue;
      out.raw(bytes.subarray(copied, own === 0 ? section.at : bodies[own - 1]!.to));
      out.sized(this.wrapper(search.found[place]!, index.functionTypes.length + place));
      copied = body.to;
    }
    out.raw(bytes.subarray(copied, section.end));
    for (const found of search.found) {
      const { from, to } = bodies[found.index - importedFunctions]!;
      out.sized(bytes.subarray(from, to));
    }
    return out.byte(2, 0, Op.end).done();
  }

  /** The function in place of an allocator's: calls the body, which has moved to `moved`, and tells the hook. */
  private wrapper({ index: of, role }: Found, moved: number): Uint8Array {
    const { params, results } = typeOf(this.index, of)!;
    const result = params.length;
    const returns = results.length > 0;
    const code = new Code();
    const call = (): void => {
      for (let i = 0; i < params.length; i++) code.get(i);
      code.call(moved);
    };
    // One local: the result.
    code.byte(1, 1, I32);
    if (role.always === true) {
      this.tell(code, role, result);
      call();
      return code.byte(Op.end).done();
    }
    code.getGlobal(this.inside).if(() => {
      call();
      code.byte(Op.return);
    });
    // Told before the call: afterwards another thread may have the block.
    if (role.kind === Kind.Deallocate) this.tell(code, role, result);
    code.constant(1).setGlobal(this.inside);
    call();
    if (returns) code.set(result);
    code.constant(0).setGlobal(this.inside);
    if (role.kind !== Kind.Deallocate) this.tell(code, role, result);
    if (returns) code.get(result);
    return code.byte(Op.end).done();
  }

  /** Calls the hook with an operation's numbers. */
  private tell(code: Code, role: Role, result: number): void {
    const frees = role.kind === Kind.Deallocate;
    const shifted = (index: number): void => {
      code.get(index);
      if (role.shift !== undefined) code.constant(role.shift).byte(Op.add);
    };
    code.constant(role.kind);
    // The alignment's logarithm from bit 8 on.
    if (role.align !== undefined && !frees) {
      code.constant(31).get(role.align).constant(1).byte(Op.or, Op.leadingZeros, Op.subtract).constant(8).byte(Op.shiftLeft, Op.or);
    }
    if (frees) shifted(role.old!);
    else if (role.out === undefined) shifted(result);
    // The result is 0, or an error: then nothing was written.
    else code.constant(0).get(role.out).byte(Op.load, 2, 0).get(result).byte(Op.select);
    if (frees || role.size === undefined) code.constant(0);
    else if (typeof role.size === "object") code.get(role.size[0]).get(role.size[1]).byte(Op.multiply);
    else code.get(role.size);
    if (role.kind === Kind.Reallocate) shifted(role.old!);
    else code.constant(0);
    if (frees) code.constant(0);
    else code.byte(Op.memorySize, 0);
    const slot = frees ? Slot.free : role.kind === Kind.Reallocate ? Slot.reallocate : Slot.allocate;
    code.constant(slot).byte(Op.callIndirect).number(this.type).number(this.table);
  }
}

/** Returns the content of a section with entries behind those that it has. */
function extended(section: Reader | null, { count, entries }: Addition): Uint8Array {
  const had = section === null ? 0 : section.number();
  const out = new Writer().number(had + count);
  if (section !== null) out.raw(section.rest());
  return out.raw(entries).done();
}
