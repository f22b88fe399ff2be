import { Writer } from "../wire/wasm-binary";

/** Instructions of WebAssembly as expressions: each gives bytes that leave one value, or, as a statement, none. */

export type Code = readonly number[];

export const I32 = 0x7f;
export const V128 = 0x7b;
const leb = (value: number): Code => [...new Writer().signed(value).done()];
export const unsigned = (value: number): Code => [...new Writer().number(value).done()];
const vector = (op: number): Code => [0xfd, ...unsigned(op)];

// Expressions: what each leaves is one value.
export const get = (local: number): Code => [0x20, local];
export const num = (value: number): Code => [0x41, ...leb(value)];
const binary = (op: number) => (a: Code, b: Code): Code => [...a, ...b, op];
export const [add, sub, and, or, shiftLeft, shiftRight] = [binary(0x6a), binary(0x6b), binary(0x71), binary(0x72), binary(0x74), binary(0x76)];
export const [equal, differ, below, above, atMost, atLeast] = [binary(0x46), binary(0x47), binary(0x49), binary(0x4b), binary(0x4d), binary(0x4f)];
export const load = (at: Code, offset = 0): Code => [...at, 0x28, 2, ...unsigned(offset)];
export const trailingZeros = (a: Code): Code => [...a, 0x68];
export const choose = (condition: Code, yes: Code, no: Code): Code => [...yes, ...no, ...condition, 0x1b];
export const loadVector = (at: Code, offset = 0): Code => [...at, ...vector(0), 0, ...unsigned(offset)];
export const lanes = (...words: readonly [number, number, number, number]): Code => [...vector(12), ...new Uint8Array(Uint32Array.from(words).buffer)];
export const splat = (value: Code): Code => [...value, ...vector(17)];
const vectors = (op: number) => (a: Code, b: Code): Code => [...a, ...b, ...vector(op)];
/** Halves the lanes of two vectors, which are all ones or all zeros, into one vector of 16 or of 8 bits. */
export const [halves, quarters] = [vectors(133), vectors(101)];
/** One bit for each lane of 8 bits. */
export const bitmask = (a: Code): Code => [...a, ...vector(100)];
export const [vectorAnd, vectorOr, vectorEqual, vectorBelow, vectorAtMost, vectorSub, vectorLeast] = [vectors(78), vectors(80), vectors(55), vectors(58), vectors(62), vectors(177), vectors(183)];
export const anyTrue = (a: Code): Code => [...a, ...vector(83)];
export const allTrue = (a: Code): Code => [...a, ...vector(163)];
export const lane = (a: Code, index: number): Code => [...a, ...vector(27), index];
export const put = (a: Code, index: number, value: Code): Code => [...a, ...value, ...vector(28), index];
export const call = (index: number, ...args: readonly Code[]): Code => [...args.flat(), 0x10, index];

// Statements: they leave nothing.
export const VOID = 0x40;
export const set = (local: number, value: Code): Code => [...value, 0x21, local];
export const when = (condition: Code, ...then: readonly Code[]): Code => [...condition, 0x04, VOID, ...then.flat(), 0x0b];
export const give = (value: Code): Code => [...value, 0x0f];
/** Runs for ever, but for a `give`. */
export const loop = (...body: readonly Code[]): Code => [0x03, VOID, ...body.flat(), 0x0c, 0, 0x0b, 0x00];
export const whilst = (condition: Code, ...body: readonly Code[]): Code => [
  0x02, VOID, 0x03, VOID, ...condition, 0x45, 0x0d, 1, ...body.flat(), 0x0c, 0, 0x0b, 0x0b,
];
/** In two conditions within a loop: begins it again. */
export const AGAIN: Code = [0x0c, 2];

