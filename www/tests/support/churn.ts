import { assemble, bumpParts, I32, op } from "./wasm-builder";

/**
 * A module that allocates and frees so many blocks within one call: a recording gets long in no time. `keep` allocates so
 * many that stay.
 */
export function churnModule(): Uint8Array<ArrayBuffer> {
  const parts = bumpParts();
  const subtract = [0x6b];
  const repeat = (body: readonly number[]): number[] => [0x03, 0x40, ...body, ...op.get(0), ...op.constant(1), ...subtract, 0x22, 0, 0x0d, 0, 0x0b];
  const [malloc, free] = [0, 1];
  return assemble({
    ...parts,
    functions: [
      ...parts.functions,
      { exported: "churn", params: [I32], results: [], code: repeat([...op.constant(8), ...op.call(malloc), ...op.call(free)]) },
      { exported: "keep", params: [I32], results: [], code: repeat([...op.constant(24), ...op.call(malloc), ...op.drop]) },
    ],
  });
}
