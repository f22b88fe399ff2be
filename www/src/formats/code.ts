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
/** The sign of each lane. */
export const signs = (a: Code): Code => [...a, ...vector(164)];
export const [vectorAnd, vectorOr, vectorEqual, vectorDiffer, vectorBelow, vectorAtMost, vectorAtLeast] = [vectors(78), vectors(80), vectors(55), vectors(56), vectors(58), vectors(62), vectors(64)];
export const [vectorAdd, vectorSub, vectorLeast] = [vectors(174), vectors(177), vectors(183)];
/** On lanes of 64 bits. */
export const [wideEqual, wideLeft] = [vectors(214), vectors(203)];
export const vectorLeft = vectors(171);
export const anyTrue = (a: Code): Code => [...a, ...vector(83)];
export const allTrue = (a: Code): Code => [...a, ...vector(163)];
export const lane = (a: Code, index: number): Code => [...a, ...vector(27), index];
/** The lanes of two vectors by number: 0 to 3 are those of the first, 4 to 7 of the second. */
export const shuffle = (a: Code, b: Code, ...picked: readonly [number, number, number, number]): Code => [
  ...a, ...b, ...vector(13), ...picked.flatMap((index) => [0, 1, 2, 3].map((byte) => 4 * index + byte)),
];
/** Looks each byte up in a table of 16. */
export const swizzle = (table: Code, indices: Code): Code => [...table, ...indices, ...vector(14)];
/** Loads a word into a lane. */
export const loadLane = (at: Code, offset: number, a: Code, index: number): Code => [...at, ...a, ...vector(86), 0, ...unsigned(offset), index];
export const call = (index: number, ...args: readonly Code[]): Code => [...args.flat(), 0x10, index];

// Statements: they leave nothing.
export const VOID = 0x40;
export const set = (local: number, value: Code): Code => [...value, 0x21, local];
export const when = (condition: Code, ...then: readonly Code[]): Code => [...condition, 0x04, VOID, ...then.flat(), 0x0b];
/** One of two statements. */
export const choice = (condition: Code, then: Code, otherwise: Code): Code => [...condition, 0x04, VOID, ...then, 0x05, ...otherwise, 0x0b];
export const give = (value: Code): Code => [...value, 0x0f];
/** Runs for ever, but for a `give`. */
export const loop = (...body: readonly Code[]): Code => [0x03, VOID, ...body.flat(), 0x0c, 0, 0x0b, 0x00];
export const whilst = (condition: Code, ...body: readonly Code[]): Code => [
  0x02, VOID, 0x03, VOID, ...condition, 0x45, 0x0d, 1, ...body.flat(), 0x0c, 0, 0x0b, 0x0b,
];
/** Numbers of locals behind those that a function has, by name, and their declaration. */
export function locals<const Names extends Readonly<Record<string, number>>>(params: number, types: Names): { readonly of: { readonly [Name in keyof Names]: number }; readonly declared: Code } {
  const all = Object.entries(types);
  return {
    of: Object.fromEntries(all.map(([name], i) => [name, params + i])) as { readonly [Name in keyof Names]: number },
    declared: [...unsigned(all.length), ...all.flatMap(([, type]) => [1, type])],
  };
}

/** In two conditions within a loop: begins it again. */
export const AGAIN: Code = [0x0c, 2];

