import { File, FILE_MAGIC, Head, Kind, OLDEST, RECORD, RECORD_WORDS, VERSION } from "../wire/trace-layout";
import { Trace } from "./trace";

/** The reason why a file is not a trace. */
export type TraceDamage =
  | { readonly is: "empty" }
  | { readonly is: "large"; readonly size: number; readonly most: number }
  | { readonly is: "foreign" }
  | { readonly is: "unfinished" }
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

/** A recording gets its header when it ends; until then zeros stand there. */
export const isUnfinished = (bytes: Uint8Array): boolean => bytes.length >= File.bytes && bytes.subarray(0, File.bytes).every((byte) => byte === 0);

/** Reads the first bytes of a file of that size. Nothing in it is trusted. */
export function readHeader(bytes: Uint8Array, size: number): Header | TraceDamage {
  if (size === 0) return { is: "empty" };
  if (isUnfinished(bytes)) return { is: "unfinished" };
  for (let i = 0; i < FILE_MAGIC.length; i++) if (bytes[i] !== FILE_MAGIC.charCodeAt(i)) return { is: "foreign" };
  if (bytes.length < File.bytes) return { is: "cut", expected: File.bytes, found: size };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number): number => view.getUint32(at, true);
  const long = (at: number): number => word(at) + word(at + 4) * 2 ** 32;
  const version = word(File.version);
  if (version < OLDEST || version > VERSION) return { is: "version", version, known: VERSION };
  if (word(File.header) !== File.bytes || word(File.record) !== RECORD) return { is: "header" };
  const [records, sites] = [long(File.records), word(File.sites)];
  const expected = File.bytes + records * RECORD + sites;
  if (size < expected) return { is: "cut", expected, found: size };
  if (size > expected) return { is: "long", expected, found: size };
  return { kind: word(File.kind), pages: word(File.pages), rate: word(File.rate), records, lost: long(File.lost), sites };
}

/** Returns the first of whole records that no reader takes; -1 if there is none. */
export function damagedRecord(words: Uint32Array): number {
  for (let i = 0; i < words.length; i += RECORD_WORDS) {
    const kind = Head.kind(words[i]!);
    if (kind < Kind.Allocate || kind > Kind.Lost || Head.align(words[i]!) > Head.most) return i / RECORD_WORDS;
  }
  return -1;
}

/** Reads a file. Nothing in it is trusted; the time is O(its size). */
export function open(bytes: Uint8Array): Opened {
  const early = refusal(bytes.length);
  if (early !== null) return refuse(early);
  const header = readHeader(bytes, bytes.length);
  if ("is" in header) return refuse(header);
  const { kind, pages, rate, records, lost } = header;
  const trace = new Trace(records);
  Object.assign(trace, { kind, pages, rate, lost, count: records });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < records * RECORD_WORDS; i++) trace.words[i] = view.getUint32(File.bytes + i * 4, true);
  const damaged = damagedRecord(trace.words);
  if (damaged >= 0) return refuse({ is: "record", index: damaged });
  const sites = readSites(bytes.subarray(File.bytes + records * RECORD));
  if (sites === null) return refuse({ is: "sites" });
  trace.sites = sites;
  return { ok: true, trace };
}

/** Reads the call sites of a file; null for what are none. */
export function readSites(bytes: Uint8Array): string[][] | null {
  if (bytes.length === 0) return [];
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

/** The facts that the header of a file has. */
export interface Header {
  readonly kind: number;
  readonly pages: number;
  readonly rate: number;
  readonly records: number;
  readonly lost: number;
  /** Bytes of the call sites. */
  readonly sites: number;
}

/** Returns the header of a file. */
export function fileHeader({ kind, pages, rate, records, lost, sites }: Header): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(File.bytes);
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
  word(File.kind, kind);
  word(File.pages, pages);
  word(File.rate, rate);
  long(File.records, records);
  long(File.lost, lost);
  word(File.sites, sites);
  return bytes;
}

/** Returns the bytes of the call sites in a file. */
export const sitesBytes = (sites: readonly (readonly string[])[]): Uint8Array<ArrayBuffer> =>
  sites.length === 0 ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(sites));

/** The file of a trace. */
export function save(trace: Trace): Uint8Array<ArrayBuffer> {
  const sites = sitesBytes(trace.sites);
  const end = File.bytes + trace.count * RECORD;
  const bytes = new Uint8Array(end + sites.length);
  const { kind, pages, rate, count, lost } = trace;
  bytes.set(fileHeader({ kind, pages, rate, records: count, lost, sites: sites.length }));
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < trace.count * RECORD_WORDS; i++) view.setUint32(File.bytes + i * 4, trace.words[i]!, true);
  bytes.set(sites, end);
  return bytes;
}
