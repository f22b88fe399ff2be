import { File, FILE_MAGIC, Head, Kind, RECORD, RECORD_WORDS, VERSION } from "../wire/trace-layout";
import { Trace } from "./trace";

/** The reason why a file is not a trace. */
export type TraceDamage =
  | { readonly is: "empty" }
  | { readonly is: "large"; readonly size: number; readonly most: number }
  | { readonly is: "foreign" }
  | { readonly is: "version"; readonly version: number; readonly known: number }
  | { readonly is: "header" }
  | { readonly is: "cut"; readonly expected: number; readonly found: number }
  | { readonly is: "long"; readonly expected: number; readonly found: number }
  | { readonly is: "record"; readonly index: number }
  | { readonly is: "sites" };

export type Opened =
  | { readonly ok: true; readonly trace: Trace }
  | { readonly ok: false; readonly damage: TraceDamage };

/** Larger files are not read at all: eight million records, which the page replays in seconds. */
export const MOST_BYTES = 128 * 2 ** 20;

const refuse = (damage: TraceDamage): Opened => ({ ok: false, damage });

/** Returns the reason to refuse a file of this size before it is read. */
export function refusal(size: number): TraceDamage | null {
  if (size === 0) return { is: "empty" };
  return size > MOST_BYTES ? { is: "large", size, most: MOST_BYTES } : null;
}

/** Reads a file. Nothing in it is trusted; the time is O(its size). */
export function open(bytes: Uint8Array): Opened {
  const early = refusal(bytes.length);
  if (early !== null) return refuse(early);
  for (let i = 0; i < FILE_MAGIC.length; i++) {
    if (bytes[i] !== FILE_MAGIC.charCodeAt(i)) return refuse({ is: "foreign" });
  }
  if (bytes.length < File.bytes) return refuse({ is: "cut", expected: File.bytes, found: bytes.length });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number): number => view.getUint32(at, true);
  const long = (at: number): number => word(at) + word(at + 4) * 2 ** 32;
  if (word(File.version) !== VERSION) return refuse({ is: "version", version: word(File.version), known: VERSION });
  if (word(File.header) !== File.bytes || word(File.record) !== RECORD) return refuse({ is: "header" });
  const count = long(File.records);
  const expected = File.bytes + count * RECORD + word(File.sites);
  if (bytes.length < expected) return refuse({ is: "cut", expected, found: bytes.length });
  if (bytes.length > expected) return refuse({ is: "long", expected, found: bytes.length });
  const trace = new Trace(count);
  trace.kind = word(File.kind);
  trace.pages = word(File.pages);
  trace.rate = word(File.rate);
  trace.lost = long(File.lost);
  trace.count = count;
  for (let i = 0; i < count * RECORD_WORDS; i++) trace.words[i] = word(File.bytes + i * 4);
  for (let i = 0; i < count; i++) {
    const head = trace.words[i * RECORD_WORDS]!;
    const kind = Head.kind(head);
    if (kind < Kind.Allocate || kind > Kind.Lost || Head.align(head) > Head.most) return refuse({ is: "record", index: i });
  }
  if (word(File.sites) > 0) {
    const sites = parseSites(bytes.subarray(File.bytes + count * RECORD));
    if (sites === null) return refuse({ is: "sites" });
    trace.sites = sites;
  }
  return { ok: true, trace };
}

function parseSites(bytes: Uint8Array): string[][] | null {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
  const isStack = (stack: unknown): stack is string[] =>
    Array.isArray(stack) && stack.every((name) => typeof name === "string");
  return Array.isArray(value) && value.every(isStack) ? value : null;
}

/** The file of a trace. */
export function save(trace: Trace): Uint8Array<ArrayBuffer> {
  const sites = trace.sites.length === 0 ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(trace.sites));
  const end = File.bytes + trace.count * RECORD;
  const bytes = new Uint8Array(end + sites.length);
  for (let i = 0; i < FILE_MAGIC.length; i++) bytes[i] = FILE_MAGIC.charCodeAt(i);
  const view = new DataView(bytes.buffer);
  const word = (at: number, value: number): void => {
    view.setUint32(at, value, true);
  };
  const long = (at: number, value: number): void => {
    word(at, value >>> 0);
    word(at + 4, Math.floor(value / 2 ** 32));
  };
  word(File.version, VERSION);
  word(File.header, File.bytes);
  word(File.record, RECORD);
  word(File.kind, trace.kind);
  word(File.pages, trace.pages);
  word(File.rate, trace.rate);
  long(File.records, trace.count);
  long(File.lost, trace.lost);
  word(File.sites, sites.length);
  for (let i = 0; i < trace.count * RECORD_WORDS; i++) word(File.bytes + i * 4, trace.words[i]!);
  bytes.set(sites, end);
  return bytes;
}
