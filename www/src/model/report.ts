// What an allocator built with the feature `checked` leaves in a module's memory when it stops it.
// `checked::Message` specifies the layout: 32 bits of length, then that many bytes of UTF-8.

/** No report is longer. */
const MOST = 508;

/**
 * The report that a module stopped with; null if there is none, or it is none that a page could show.
 * Whatever the exports are, they are only read.
 */
export function reportOf(exports: Record<string, unknown>): string | null {
  const { memory, BONSAI_REPORT: global } = exports;
  if (!(memory instanceof WebAssembly.Memory) || !(global instanceof WebAssembly.Global)) return null;
  const value: unknown = global.value;
  if (typeof value !== "number" && typeof value !== "bigint") return null;
  // A 32-bit global is signed.
  const at = typeof value === "number" ? value >>> 0 : Number(value);
  const { buffer } = memory;
  if (at + 4 > buffer.byteLength) return null;
  const length = new DataView(buffer).getUint32(at, true);
  if (length === 0 || length > MOST || at + 4 + length > buffer.byteLength) return null;
  // A copy, because a decoder takes no bytes of a shared memory.
  const text = new TextDecoder().decode(new Uint8Array(buffer, at + 4, length).slice());
  // Control characters and replaced bytes are what damage looks like.
  return /[\x00-\x1f\x7f\ufffd]/.test(text) ? null : text;
}
