import { compare, inWasm } from "./record-cost";

/** Measures a module whose bytes come as text, one character a byte. Called from outside of the browser. */
export const measure = (bytes: string, call: string, count: number): Promise<string[]> =>
  compare(inWasm(Uint8Array.from(bytes, (character) => character.charCodeAt(0)), call, count));
