import { isDump } from "../record/dump";
import { MAGIC as TRACE } from "../wire/trace-layout";

/** The view that a dropped file is for, by its first bytes; the name decides where these do not. */
export type FileKind = "module" | "trace" | "dump" | "text";

/** Bytes that `fileKind` looks at. */
export const FIRST_BYTES = 8;

export function fileKind(name: string, first: Uint8Array): FileKind {
  const word = (at: number): number =>
    first.length < at + 4 ? -1 : new DataView(first.buffer, first.byteOffset, first.length).getUint32(at, true);
  if (word(0) === 0x6d736100) return "module";
  if (word(0) === TRACE) return "trace";
  if (isDump(first)) return "dump";
  if (/\.(wasm|[mc]?js)$/i.test(name)) return "module";
  if (/\.bonsai$/i.test(name)) return "dump";
  return /\.bontrace$/i.test(name) ? "trace" : "text";
}
