/**
 * The binary layout of a trace, version 2, in memory and as a file: docs/trace-format.md in names.
 */

export const MAGIC = 0x544e4f42; // "BONT", little-endian
export const VERSION = 2;
/** The oldest that is read: there bits 16 to 31 of a record's word 0 are 0. */
export const OLDEST = 1;
/** The export that a module with `traceable!` carries; its value is the descriptor's address. */
export const EXPORT = "BONSAI_TRACE";

/** Indices of the descriptor's words. */
export const Word = { magic: 0, version: 1, words: 2, record: 3, capacity: 4, control: 5 } as const;
export const WORDS = 6;

/** Indices of the control words. */
export const Control = { state: 0, rate: 1, ring: 2, pages: 3, written: 4, read: 5, lost: 6 } as const;
export const CONTROLS = 7;

export const Switch = { off: 0, on: 1, refused: 2 } as const;

/** A record: four words. */
export const RECORD_WORDS = 4;
export const RECORD = 16;

/** Bits 0 to 7 of a record's word 0. */
export const Kind = {
  Allocate: 1,
  Zeroed: 2,
  Deallocate: 3,
  Reallocate: 4,
  Grow: 5,
  Site: 6,
  /** Only in files. */
  Mark: 7,
  /** Only in files. */
  Lost: 8,
} as const;

export const Head = {
  of: (kind: number, align: number, thread = 0): number => (kind | (align << 8) | (thread << 16)) >>> 0,
  kind: (head: number): number => head & 0xff,
  /** log2 of the alignment; of a site, of the factor that its sampling rate was multiplied by. */
  align: (head: number): number => (head >>> 8) & 0xff,
  /** The number of the thread, 0 where none is told. */
  thread: (head: number): number => head >>> 16,
  most: 31,
} as const;

/** The file: byte offsets in its header. */
export const FILE_MAGIC = "BONTRACE";
export const File = {
  version: 8,
  header: 12,
  record: 16,
  kind: 20,
  pages: 24,
  rate: 28,
  records: 32,
  lost: 40,
  sites: 48,
  bytes: 64,
} as const;
