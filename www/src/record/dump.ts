import type { Counters, LiveSite } from "./live";

/**
 * A dump: the memory of a module at one moment, and what is known of it (docs/recording.md has the layout).
 * Pages of zeros take nothing, others are compressed in chunks.
 */

const MAGIC = "BONSDUMP";
const VERSION = 1;
const HEADER = 20;
/** Bytes of memory in a chunk. */
const CHUNK = 1 << 20;
/** Memories of 32 bits are no larger. */
const MOST = 2 ** 32;

/** The facts on its module that a dump carries. */
export interface About {
  readonly name: string;
  /** The reason for which it was written: `exit`, `signal`, `trap`, `refused`. */
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly bytes: number;
  readonly counters: Counters | null;
  /** The call sites with the most live bytes. */
  readonly sites: readonly LiveSite[];
  /** Bytes from one sample of call sites to the next. */
  readonly rate: number;
  /** The reason why there is no recording, as the end of a sentence; none where there is one, or it is not known. */
  readonly unrecorded?: string;
}

export interface Dump {
  readonly about: About;
  readonly memory: ArrayBuffer;
}

export type DumpFault = "foreign" | "version" | "cut" | "damaged";

/** Returns the parts of a dump, in order. `deflate` compresses, without a header. */
export function* writeDump(memory: ArrayBufferLike, about: Omit<About, "bytes">, deflate: (bytes: Uint8Array) => Uint8Array): Generator<Uint8Array> {
  const text = new TextEncoder().encode(JSON.stringify({ ...about, bytes: memory.byteLength }));
  const header = new Uint8Array(HEADER);
  const view = new DataView(header.buffer);
  for (let i = 0; i < MAGIC.length; i++) header[i] = MAGIC.charCodeAt(i);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, CHUNK, true);
  view.setUint32(16, text.length, true);
  yield header;
  yield text;
  for (let at = 0; at < memory.byteLength; at += CHUNK) {
    const chunk = new Uint8Array(memory, at, Math.min(CHUNK, memory.byteLength - at));
    const length = new Uint8Array(4);
    const stored = chunk.every((byte) => byte === 0) ? new Uint8Array() : deflate(chunk.slice());
    new DataView(length.buffer).setUint32(0, stored.length, true);
    yield length;
    yield stored;
  }
}

export const isDump = (bytes: Uint8Array): boolean => Array.from(MAGIC).every((letter, i) => bytes[i] === letter.charCodeAt(0));

/** Reads a dump. Nothing in it is trusted; chunks are read one by one. */
export async function readDump(file: Blob): Promise<Dump | DumpFault> {
  const header = new DataView(await file.slice(0, HEADER).arrayBuffer());
  if (!isDump(new Uint8Array(header.buffer))) return "foreign";
  if (header.byteLength < HEADER) return "cut";
  if (header.getUint32(8, true) !== VERSION || header.getUint32(12, true) !== CHUNK) return "version";
  let at = HEADER + header.getUint32(16, true);
  if (at > file.size) return "cut";
  const about = readAbout(await file.slice(HEADER, at).text());
  if (about === null) return "damaged";
  const chunks = Math.ceil(about.bytes / CHUNK);
  // Each chunk has four bytes at least: a length that the file cannot hold takes no memory.
  if (chunks * 4 > file.size - at) return "cut";
  const memory = new Uint8Array(about.bytes);
  for (let i = 0; i < chunks; i++) {
    const length = await file.slice(at, at + 4).arrayBuffer();
    if (length.byteLength < 4) return "cut";
    const stored = new DataView(length).getUint32(0, true);
    at += 4;
    if (at + stored > file.size) return "cut";
    const expected = Math.min(CHUNK, about.bytes - i * CHUNK);
    if (stored > 0 && !(await inflate(file.slice(at, at + stored), memory.subarray(i * CHUNK, i * CHUNK + expected)))) return "damaged";
    at += stored;
  }
  return at === file.size ? { about, memory: memory.buffer } : "damaged";
}

/** Fills `into`; false if the bytes are not exactly as many. */
async function inflate(stored: Blob, into: Uint8Array): Promise<boolean> {
  let filled = 0;
  try {
    const reader = stored.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (filled + next.value.length > into.length) {
        await reader.cancel();
        return false;
      }
      into.set(next.value, filled);
      filled += next.value.length;
    }
  } catch {
    return false;
  }
  return filled === into.length;
}

function readAbout(text: string): About | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { name, reason, time, bytes, counters, sites, rate, unrecorded } = value as Partial<Record<keyof About, unknown>>;
  const count = (each: unknown): each is number => typeof each === "number" && Number.isFinite(each) && each >= 0;
  if (typeof name !== "string" || typeof reason !== "string" || !count(time) || !count(rate)) return null;
  if (!count(bytes) || bytes > MOST || !Number.isInteger(bytes) || !Array.isArray(sites)) return null;
  const isSite = (site: unknown): site is LiveSite => {
    const { stack, blocks, bytes: size } = (site ?? {}) as Partial<Record<keyof LiveSite, unknown>>;
    return Array.isArray(stack) && stack.every((frame) => typeof frame === "string") && count(blocks) && count(size);
  };
  if (!sites.every(isSite)) return null;
  const counted: Partial<Record<keyof Counters, unknown>> | null = typeof counters === "object" ? counters : null;
  const names = ["allocations", "frees", "reallocations", "refused", "growths", "lost"] as const;
  if (counted !== null && !names.every((each) => count(counted[each]))) return null;
  return { name, reason, time, bytes, counters: counted as Counters | null, sites, rate, ...(typeof unrecorded === "string" ? { unrecorded } : {}) };
}
