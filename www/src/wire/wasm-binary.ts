/**
 * The binary format of WebAssembly modules, as far as it is read and written here: sections, numbers, names
 * and vectors. Instructions are in record/instructions.ts.
 */

export const Section = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
} as const;

/** The order in which sections stand in a module, custom ones left out; 13 (tags) stands between memories and globals. */
const ORDER: readonly number[] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

/** Returns the place of a section among the others; -1 for one that is not known. */
export const sectionOrder = (id: number): number => ORDER.indexOf(id);

/** Kinds of what is imported and exported. */
export const External = { function: 0, table: 1, memory: 2, global: 3, tag: 4 } as const;

/** Bytes of magic and version. */
export const HEADER = 8;

/** Says that bytes are not what they should be, and at which offset of the file. */
export class Malformed extends Error {
  constructor(
    readonly what: string,
    readonly offset: number,
  ) {
    super(`${what} at offset ${offset}`);
  }
}

/** Reads within its bytes only; every step goes forward, so that reading ends. */
export class Reader {
  constructor(
    readonly bytes: Uint8Array,
    public at = 0,
    readonly end = bytes.length,
  ) {}

  get done(): boolean {
    return this.at >= this.end;
  }

  byte(): number {
    if (this.at >= this.end) throw new Malformed("The module is cut off", this.at);
    return this.bytes[this.at++]!;
  }

  /** Reads an unsigned LEB128 number of 32 bits. */
  number(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value > 0xffff_ffff) break;
        return value;
      }
    }
    throw new Malformed("A number is too long", this.at);
  }

  /** Reads a signed LEB128 number of 32 bits. */
  signed(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return shift < 28 && (byte & 0x40) !== 0 ? value | (-1 << (shift + 7)) : value;
    }
    throw new Malformed("A number is too long", this.at);
  }

  /** Passes over a LEB128 number of up to 64 bits, signed or not. */
  skipNumber(): void {
    for (let i = 0; i < 10; i++) if (this.byte() < 0x80) return;
    throw new Malformed("A number is too long", this.at);
  }

  skip(length: number): void {
    if (length > this.end - this.at) throw new Malformed("The module is cut off", this.at);
    this.at += length;
  }

  /** Returns a reader of the next bytes, and passes over them. */
  slice(length: number): Reader {
    const from = this.at;
    this.skip(length);
    return new Reader(this.bytes, from, this.at);
  }

  /** Returns what is left, as bytes. */
  rest(): Uint8Array {
    return this.bytes.subarray(this.at, this.end);
  }

  text(): string {
    return new TextDecoder().decode(this.slice(this.number()).rest());
  }

  list<T>(each: (index: number) => T): T[] {
    const count = this.number();
    const entries: T[] = [];
    // An entry has a byte at least: a count that is too large ends at the end of the section.
    for (let i = 0; i < count; i++) entries.push(each(i));
    return entries;
  }
}

/** A section of a module: where its content is in the file. */
export interface SectionPart {
  readonly id: number;
  readonly from: number;
  readonly to: number;
}

/** Returns the sections in the order of the file. */
export function sections(bytes: Uint8Array): SectionPart[] {
  const file = new Reader(bytes, HEADER);
  const parts: SectionPart[] = [];
  while (!file.done) {
    const id = file.byte();
    const content = file.slice(file.number());
    parts.push({ id, from: content.at, to: content.end });
  }
  return parts;
}

/** Bytes that are written one after the other. */
export class Writer {
  private bytes = new Uint8Array(256);
  length = 0;

  private reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const wider = new Uint8Array(Math.max(this.length + more, this.bytes.length * 2));
    wider.set(this.bytes.subarray(0, this.length));
    this.bytes = wider;
  }

  byte(...values: number[]): this {
    this.reserve(values.length);
    for (const value of values) this.bytes[this.length++] = value;
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
    return this;
  }

  /** Writes an unsigned LEB128 number of 32 bits. */
  number(value: number): this {
    let rest = value >>> 0;
    for (; rest >= 0x80; rest >>>= 7) this.byte((rest & 0x7f) | 0x80);
    return this.byte(rest);
  }

  /** Writes a signed LEB128 number of 32 bits. */
  signed(value: number): this {
    let rest = value | 0;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return this.byte(low);
      this.byte(low | 0x80);
    }
  }

  text(text: string): this {
    const bytes = new TextEncoder().encode(text);
    return this.number(bytes.length).raw(bytes);
  }

  /** Writes bytes with their length in front. */
  sized(bytes: Uint8Array): this {
    return this.number(bytes.length).raw(bytes);
  }

  section(id: number, content: Uint8Array): this {
    return this.byte(id).sized(content);
  }

  done(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length);
  }
}
