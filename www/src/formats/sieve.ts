import { Section, Writer } from "../wire/wasm-binary";
import * as assemblyscript from "./assemblyscript";
import * as bonsai from "./bonsai";
import * as dlmalloc from "./dlmalloc";
import * as emmalloc from "./emmalloc";
import * as talc from "./talc";

/**
 * A module of some hundred bytes that passes over memory 16 bytes at a time, on vectors. It imports the memory
 * that is searched, or works on pieces that are copied into its own. Nearly all time of a search is spent here.
 *
 * ```text
 * sieve(from, to, base, size, length)   the next 16 bytes that may begin a heap, with `Mark`s in the low bits; else `to`
 * seek(from, to, base, low, span)       the next 16 bytes with a word of low ..= low + span; else `to`
 * ```
 * Addresses are those of the memory that is searched: `base` of it is at 0 here, and `size` bytes from there on
 * can be read. What leads out of them passes, and is left to who looks closer.
 */

/** The beginnings that 16 bytes may be: of a chunk of dlmalloc in either half, a piece of emmalloc, or something else. */
export const Mark = { chunk: 1, upperChunk: 2, root: 4, other: 8 } as const;

export interface Sieve {
  readonly sieve: (from: number, to: number, base: number, size: number, length: number) => number;
  readonly seek: (from: number, to: number, base: number, low: number, span: number) => number;
}

type Code = readonly number[];

const I32 = 0x7f;
const V128 = 0x7b;
const leb = (value: number): Code => [...new Writer().signed(value).done()];
const unsigned = (value: number): Code => [...new Writer().number(value).done()];
const vector = (op: number): Code => [0xfd, ...unsigned(op)];

// Expressions: what each leaves is one value.
const get = (local: number): Code => [0x20, local];
const num = (value: number): Code => [0x41, ...leb(value)];
const binary = (op: number) => (a: Code, b: Code): Code => [...a, ...b, op];
const [add, sub, and, or] = [binary(0x6a), binary(0x6b), binary(0x71), binary(0x72)];
const [equal, differ, below, above, atMost, atLeast] = [binary(0x46), binary(0x47), binary(0x49), binary(0x4b), binary(0x4d), binary(0x4f)];
const load = (at: Code, offset = 0): Code => [...at, 0x28, 2, ...unsigned(offset)];
const loadVector = (at: Code, offset = 0): Code => [...at, ...vector(0), 0, ...unsigned(offset)];
const lanes = (...words: readonly [number, number, number, number]): Code => [...vector(12), ...new Uint8Array(Uint32Array.from(words).buffer)];
const splat = (value: Code): Code => [...value, ...vector(17)];
const vectors = (op: number) => (a: Code, b: Code): Code => [...a, ...b, ...vector(op)];
const [vectorAnd, vectorOr, vectorEqual, vectorBelow, vectorAtMost, vectorSub, vectorLeast] = [vectors(78), vectors(80), vectors(55), vectors(58), vectors(62), vectors(177), vectors(183)];
const anyTrue = (a: Code): Code => [...a, ...vector(83)];
const allTrue = (a: Code): Code => [...a, ...vector(163)];
const lane = (a: Code, index: number): Code => [...a, ...vector(27), index];
const call = (index: number, ...args: readonly Code[]): Code => [...args.flat(), 0x10, index];

// Statements: they leave nothing.
const VOID = 0x40;
const set = (local: number, value: Code): Code => [...value, 0x21, local];
const when = (condition: Code, ...then: readonly Code[]): Code => [...condition, 0x04, VOID, ...then.flat(), 0x0b];
const give = (value: Code): Code => [...value, 0x0f];
/** Runs for ever, but for a `give`. */
const loop = (...body: readonly Code[]): Code => [0x03, VOID, ...body.flat(), 0x0c, 0, 0x0b, 0x00];
/** In two conditions within a loop: begins it again. */
const AGAIN: Code = [0x0c, 2];

const NONE = lanes(0, 0, 0, 0);
const Index = { sieve: 0, seek: 1, chunk: 2 } as const;

/** Says whether the next chunks agree with one: (head, here, base, size, length), of dlmalloc. */
function chunkBody(): Code {
  const [head, here, base, size, length, bytes, off, next, hops] = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const;
  const H = get(head);
  const feet = dlmalloc.FOOT_SIZES.map((foot) => equal(get(next), num(foot))).reduce(or);
  const freed = and(and(atLeast(get(bytes), num(dlmalloc.SMALLEST)), equal(load(get(off)), get(bytes))), equal(and(get(next), num(7)), num(2)));
  return loop(
    when(or(differ(and(H, num(5)), num(1)), below(H, num(8))), give(num(0))),
    set(bytes, and(H, num(~7))),
    when(above(get(bytes), sub(sub(get(length), num(8)), get(here))), give(num(0))),
    set(here, add(get(here), get(bytes))),
    set(off, sub(get(here), get(base))),
    when(above(get(off), sub(get(size), num(8))), give(num(1))),
    set(next, load(get(off), 4)),
    when(equal(and(H, num(2)), num(0)), give(or(freed, feet))),
    when(equal(get(next), num(dlmalloc.FENCE)), give(num(1))),
    set(hops, add(get(hops), num(1))),
    when(atLeast(get(hops), num(dlmalloc.HOPS)), give(num(1))),
    set(head, get(next)),
  );
}

function sieveBody(): Code {
  const [from, to, base, size, length, off, v, marks, word, seen] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const;
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
  // Lanes that hold sizes of chunks, the tail of a TLSF, or the first word of a descriptor.
  const chunks = vectorAnd(vectorAnd(is(lanes(5, 5, 5, 5), lanes(0, 1, 0, 1)), lanes(0, ~0, 0, ~0)), vectorBelow(V, len));
  const tail = vectorAnd(vectorAnd(is(lanes(15, 15, 15, 15), lanes(12, ~0, ~0, ~0)), vectorBelow(V, len)), lanes(~0, 0, 0, 0));
  const isDescriptor = (words: Code): Code => vectorEqual(words, splat(num(bonsai.FIRST)));
  const isRoot = (bytes: Code): Code => atMost(sub(bytes, num(emmalloc.SMALLEST)), num(emmalloc.LARGEST_ROOT - emmalloc.SMALLEST));
  const four = [0, 16, 32, 48].map((each) => loadVector(get(off), each));
  return loop(
    when(atLeast(at, get(to)), give(get(to))),
    set(off, sub(at, get(base))),
    // Four at once: nothing is there, or text, pixels, numbers: no word that could be a size or an address.
    when(
      and(atLeast(at, get(seen)), atLeast(sub(get(to), at), num(64))),
      when(equal(anyTrue(four.reduce(vectorOr)), num(0)), next(64), AGAIN),
      when(
        equal(anyTrue([vectorBelow(four.reduce(vectorLeast), len), ...four.map(isDescriptor)].reduce(vectorOr)), num(0)),
        next(64),
        AGAIN,
      ),
      set(seen, add(at, num(64))),
    ),
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
      anyTrue(tail),
      mark(both(and(above(a, at), atLeast(at, num(assemblyscript.TAIL))), reads(a, (info) => equal(and(info, num(~2)), num(0)))), Mark.other),
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
  const [from, to, base, low, span] = [0, 1, 2, 3, 4] as const;
  const at = get(from);
  const hit = vectorAtMost(vectorSub(loadVector(sub(at, get(base))), splat(get(low))), splat(get(span)));
  return loop(
    when(atLeast(at, get(to)), give(get(to))),
    when(anyTrue(hit), give(at)),
    set(from, add(at, num(16))),
  );
}

function assemble(shared: boolean): Uint8Array<ArrayBuffer> {
  const five = [0x60, 5, I32, I32, I32, I32, I32, 1, I32];
  const memory = shared ? [3, 0, ...unsigned(65536)] : [0, 0];
  const body = (locals: Code, code: Code): Uint8Array => new Writer().byte(...locals, ...code, 0x0b).done();
  return new Writer()
    .byte(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
    .section(Section.type, Uint8Array.of(1, ...five))
    .section(Section.import, new Writer().number(1).text("").text("memory").byte(2, ...memory).done())
    .section(Section.function, Uint8Array.of(3, 0, 0, 0))
    .section(Section.export, new Writer().number(2).text("sieve").byte(0, Index.sieve).text("seek").byte(0, Index.seek).done())
    .section(
      Section.code,
      new Writer()
        .number(3)
        .sized(body([3, 1, I32, 1, V128, 3, I32], sieveBody()))
        .sized(body([0], seekBody()))
        .sized(body([1, 4, I32], chunkBody()))
        .done(),
    )
    .done();
}

// The engine's own, which somebody may replace later to see what a page compiles.
const { Module, Instance, Memory, LinkError } = WebAssembly;
const compiled = new Map<boolean, WebAssembly.Module>();

function over(memory: WebAssembly.Memory, shared: boolean): Sieve {
  const module = compiled.get(shared) ?? new Module(assemble(shared));
  compiled.set(shared, module);
  return new Instance(module, { "": { memory } }).exports as unknown as Sieve;
}

/** Passes over a memory as it is; null where it cannot be imported: one of 64 bits. */
export function sieveOf(memory: WebAssembly.Memory): Sieve | null {
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
