import { engine } from "../wire/engine";
import { Section, Writer } from "../wire/wasm-binary";
import {
  add, AGAIN, allTrue, and, anyTrue, atLeast, atMost, above, below, call, differ, equal, get, give, I32, lane, lanes, load, loadVector, loop, num, or, set,
  splat, sub, unsigned, vectorAnd, vectorAtMost, vectorBelow, vectorEqual, vectorOr, vectorSub, when, type Code,
} from "./code";
import * as assemblyscript from "./assemblyscript";
import * as bonsai from "./bonsai";
import * as dlmalloc from "./dlmalloc";
import * as emmalloc from "./emmalloc";
import { farBody, FAR_LOCALS, group, GROUP, Local, LOCALS, lookBack, Param } from "./sieve-group";
import * as talc from "./talc";

/**
 * A module of some hundred bytes that passes over memory 16 bytes at a time, on vectors. It imports the memory
 * that is searched, or works on pieces that are copied into its own. Nearly all time of a search is spent here.
 *
 * ```text
 * sieve(from, to, base, size, length, tries)   the next 16 bytes that may begin a heap, with `Mark`s in the low bits; else `to`
 * seek(from, to, base, low, span)              the next 16 bytes with a word of low ..= low + span; else `to`
 * ```
 * Addresses are those of the memory that is searched: `base` of it is at 0 here, and `size` bytes from there on
 * can be read. What leads out of them passes, and is left to who looks closer.
 */

/** The beginnings that 16 bytes may be: of a chunk of dlmalloc in either half, a piece of emmalloc, or something else. */
export const Mark = { chunk: 1, upperChunk: 2, root: 4, other: 8 } as const;

export interface Sieve {
  readonly sieve: (from: number, to: number, base: number, size: number, length: number, tries: number) => number;
  readonly seek: (from: number, to: number, base: number, low: number, span: number) => number;
}

const NONE = lanes(0, 0, 0, 0);
const Index = { sieve: 0, seek: 1, chunk: 2, far: 3 } as const;

/** A head that is the foot behind a top. */
const feet = (head: Code): Code => dlmalloc.FOOT_SIZES.map((foot) => equal(head, num(foot))).reduce(or);

/** Says whether the next chunks agree with one: (head, here, base, size, length), of dlmalloc. */
function chunkBody(): Code {
  const [head, here, base, size, length, bytes, off, next, hops] = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const;
  const H = get(head);
  const top = and(feet(get(next)), or(get(hops), atLeast(get(bytes), num(dlmalloc.LONE_TOP))));
  const freed = and(and(atLeast(get(bytes), num(dlmalloc.SMALLEST)), equal(load(get(off)), get(bytes))), equal(and(get(next), num(7)), num(2)));
  // Behind a record of a segment are fences up to the end that it names.
  const record = load(sub(get(off), get(bytes)), 8);
  const recordSize = load(sub(get(off), get(bytes)), 12);
  const closed = and(
    or(equal(get(bytes), num(24)), equal(get(bytes), num(32))),
    atMost(sub(add(record, recordSize), add(get(here), num(8))), num(120)),
  );
  return [
    // Only a top may have no room for two links, and a top alone is larger.
    ...when(below(H, num(dlmalloc.SMALLEST)), give(num(0))),
    ...loop(
      when(or(differ(and(H, num(5)), num(1)), below(H, num(8))), give(num(0))),
      set(bytes, and(H, num(~7))),
      when(above(get(bytes), sub(sub(get(length), num(8)), get(here))), give(num(0))),
      set(here, add(get(here), get(bytes))),
      set(off, sub(get(here), get(base))),
      when(above(get(off), sub(get(size), num(8))), give(num(1))),
      set(next, load(get(off), 4)),
      when(equal(and(H, num(2)), num(0)), give(or(freed, top))),
      when(equal(get(next), num(dlmalloc.FENCE)), give(closed)),
      set(hops, add(get(hops), num(1))),
      when(atLeast(get(hops), num(dlmalloc.HOPS)), give(num(1))),
      set(head, get(next)),
    ),
  ];
}

function sieveBody(): Code {
  const { from, to, base, size, length } = Param;
  const { off, v, marks, word, seen } = Local;
  const V = get(v);
  const len = splat(get(length));
  const zero = (mask: Code): Code => allTrue(vectorEqual(vectorAnd(V, mask), NONE));
  const is = (mask: Code, value: Code): Code => vectorEqual(vectorAnd(V, mask), value);
  const next = (bytes: number): Code => set(from, add(get(from), num(bytes)));
  const mark = (condition: Code, bit: number): Code => when(condition, set(marks, or(get(marks), num(bit))));
  /** A word at an address is `value`, or cannot be read here. */
  const reads = (at: Code, holds: (word: Code) => Code): Code => [
    ...set(word, sub(at, get(base))),
    ...above(get(word), sub(get(size), num(4))),
    0x04, I32, ...num(1), 0x05, ...holds(load(get(word))), 0x0b,
  ];
  const both = (first: Code, then: Code): Code => [...first, 0x04, I32, ...then, 0x05, ...num(0), 0x0b];
  const root = (words: readonly [Code, Code, Code], at: Code): Code => {
    const [, link, end] = words;
    return both(
      and(equal(and(link, num(7)), num(0)), and(and(equal(and(end, num(3)), num(0)), above(end, at)), atMost(end, get(length)))),
      reads(sub(end, num(4)), (last) => equal(last, num(emmalloc.SMALLEST))),
    );
  };
  const at = get(from);
  const words = [0, 1, 2, 3].map((index) => lane(V, index)) as [Code, Code, Code, Code];
  const [a, b, c, d] = words;
  // Lanes that hold sizes of chunks, or the first word of a descriptor.
  const chunks = vectorAnd(vectorAnd(is(lanes(5, 5, 5, 5), lanes(0, 1, 0, 1)), lanes(0, ~0, 0, ~0)), vectorBelow(V, len));
  const isDescriptor = (words: Code): Code => vectorEqual(words, splat(num(bonsai.FIRST)));
  const isRoot = (bytes: Code): Code => atMost(sub(bytes, num(emmalloc.SMALLEST)), num(emmalloc.LARGEST_ROOT - emmalloc.SMALLEST));
  return loop(
    when(atLeast(at, get(to)), give(get(to))),
    set(off, sub(at, get(base))),
    when(
      and(atLeast(at, get(seen)), atLeast(sub(get(to), at), num(GROUP + 16))),
      ...group(Index, [...next(GROUP), ...AGAIN]),
      set(seen, add(at, num(GROUP))),
    ),
    lookBack(Index, AGAIN),
    set(v, loadVector(get(off))),
    set(marks, num(0)),
    when(
      anyTrue(chunks),
      mark(call(Index.chunk, b, at, get(base), get(size), get(length)), Mark.chunk),
      mark(call(Index.chunk, d, add(at, num(8)), get(base), get(size), get(length)), Mark.upperChunk),
    ),
    when(and(zero(lanes(3, 7, 3, 0)), isRoot(a)), mark(root([a, b, c], at), Mark.root)),
    when(
      and(and(zero(lanes(0, 0, 3, 7)), isRoot(c)), below(at, sub(get(to), num(16)))),
      mark(root([c, d, load(get(off), 16)], add(at, num(8))), Mark.root),
    ),
    when(
      allTrue(is(lanes(15, ~0, 0, 0), lanes(12, 0, 0, 0))),
      mark(both(and(and(above(a, at), below(a, get(length))), atLeast(at, num(assemblyscript.TAIL))), reads(a, (info) => equal(and(info, num(~2)), num(0)))), Mark.other),
    ),
    when(
      zero(lanes(0, 3, ~127, 7)),
      mark(both(and(and(below(c, num(talc.MOST_LISTS)), atLeast(d, num(16))), below(b, get(length))), reads(b, (link) => equal(link, at))), Mark.other),
    ),
    mark(anyTrue(isDescriptor(V)), Mark.other),
    when(get(marks), give(or(at, get(marks)))),
    next(16),
  );
}

function seekBody(): Code {
  const [from, to, base, low, span, off] = [0, 1, 2, 3, 4, 5] as const;
  const at = get(from);
  const hit = (offset: number): Code => vectorAtMost(vectorSub(loadVector(get(off), offset), splat(get(low))), splat(get(span)));
  return loop(
    when(atLeast(at, get(to)), give(get(to))),
    set(off, sub(at, get(base))),
    when(
      atLeast(sub(get(to), at), num(GROUP)),
      when(equal(anyTrue([0, 16, 32, 48].map(hit).reduce(vectorOr)), num(0)), set(from, add(at, num(GROUP))), AGAIN),
    ),
    when(anyTrue(hit(0)), give(at)),
    set(from, add(at, num(16))),
  );
}

function assemble(shared: boolean): Uint8Array<ArrayBuffer> {
  const type = (params: number): number[] => [0x60, params, ...new Array<number>(params).fill(I32), 1, I32];
  const [five, six, eleven] = [type(5), type(6), type(11)];
  const memory = shared ? [3, 0, ...unsigned(65536)] : [0, 0];
  const body = (locals: Code, code: Code): Uint8Array => new Writer().byte(...locals, ...code, 0x0b).done();
  return new Writer()
    .byte(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
    .section(Section.type, Uint8Array.of(3, ...five, ...six, ...eleven))
    .section(Section.import, new Writer().number(1).text("").text("memory").byte(2, ...memory).done())
    .section(Section.function, Uint8Array.of(4, 1, 0, 0, 2))
    .section(Section.export, new Writer().number(2).text("sieve").byte(0, Index.sieve).text("seek").byte(0, Index.seek).done())
    .section(
      Section.code,
      new Writer()
        .number(4)
        .sized(body(LOCALS, sieveBody()))
        .sized(body([1, 1, I32], seekBody()))
        .sized(body([1, 4, I32], chunkBody()))
        .sized(body(FAR_LOCALS.declared, farBody(Index)))
        .done(),
    )
    .done();
}

// The engine's own, which somebody may have replaced, or replace later.
const { Module, Instance, Memory, LinkError, validate } = engine();
const compiled = new Map<boolean, WebAssembly.Module>();

function over(memory: WebAssembly.Memory, shared: boolean): Sieve {
  const module = compiled.get(shared) ?? new Module(assemble(shared));
  compiled.set(shared, module);
  return new Instance(module, { "": { memory } }).exports as unknown as Sieve;
}

/** A module that imports a memory of 64 bits. */
const WIDE = new Writer().byte(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0).section(Section.import, new Writer().number(1).text("").text("memory").byte(2, 4, 0).done()).done();

/**
 * True in an engine that has memories of 64 bits, and links one where another is declared: V8 11 behind its flag.
 * It ends the process at the import of one of 64 bits into the sieve; the other way round does no harm.
 */
function confuses(): boolean {
  if (!validate(WIDE)) return false;
  try {
    return new Instance(new Module(WIDE), { "": { memory: new Memory({ initial: 0 }) } }) instanceof Instance;
  } catch {
    return false;
  }
}

let confused: boolean | null = null;

/** Passes over a memory as it is; null where it cannot be imported: one of 64 bits, or any in an engine that does not tell them apart. */
export function sieveOf(memory: WebAssembly.Memory): Sieve | null {
  if ((confused ??= confuses())) return null;
  try {
    return over(memory, Object.prototype.toString.call(memory.buffer) === "[object SharedArrayBuffer]");
  } catch (error) {
    if (error instanceof LinkError) return null;
    throw error;
  }
}

/** Bytes that are copied at a time. */
export const PIECE = 1 << 20;

/** Passes over copies. */
export interface Copier extends Sieve {
  /** The address that a piece is to be copied to. */
  readonly piece: Uint8Array;
}

export function copier(): Copier {
  const memory = new Memory({ initial: PIECE / 65536, maximum: PIECE / 65536 });
  return { ...over(memory, false), piece: new Uint8Array(memory.buffer) };
}
