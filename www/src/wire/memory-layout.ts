import { External, Malformed, Reader, Section } from "./wasm-binary";
import { readModule, type ModuleIndex } from "./wasm-module";

/** Bytes of memory, from the first to before the last. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** The parts of a memory that a module's file tells of: where its stack is at the start, and its data. */
export interface MemoryLayout {
  readonly stack: Range | null;
  /** From the first segment to the end of the last; zeroed data behind it has no segment. */
  readonly data: Range | null;
}

const I32 = 0x7f;
const CONSTANT = 0x41;
const END = 0x0b;
/** Linkers align stacks so. */
const ALIGNED = 16;
/** The first page's first bytes hold no stack: a pointer of null leads there. */
const LEAST = 1024;
const POINTER = "__stack_pointer";

/**
 * Reads where a module's data and stack are. The stack pointer is the global of that name, or the first that can be one: a number that
 * changes and is aligned, with all data on one side. What it does not tell is null.
 */
export function memoryLayout(bytes: Uint8Array): MemoryLayout {
  try {
    const module = readModule(bytes);
    const data = dataOf(module);
    return { data, stack: stackOf(module, data) };
  } catch (error) {
    if (error instanceof Malformed) return { data: null, stack: null };
    throw error;
  }
}

/** A constant that is all of an expression, or null. */
function constant(section: Reader): number | null {
  if (section.byte() !== CONSTANT) {
    while (section.byte() !== END);
    return null;
  }
  const value = section.signed() >>> 0;
  if (section.byte() === END) return value;
  while (section.byte() !== END);
  return null;
}

function dataOf({ bytes, parts }: ModuleIndex): Range | null {
  const part = parts.find(({ id }) => id === Section.data);
  if (part === undefined) return null;
  const section = new Reader(bytes, part.from, part.to);
  let [from, to] = [Infinity, 0];
  section.list(() => {
    const flags = section.number();
    if (flags === 2) section.number();
    // A segment that is copied by an instruction says not where to.
    const at = flags === 1 ? null : constant(section);
    const length = section.number();
    section.skip(length);
    if (at === null || length === 0) return;
    from = Math.min(from, at);
    to = Math.max(to, at + length);
  });
  return to === 0 ? null : { from, to };
}

function stackOf({ bytes, parts, exports, imports, globals }: ModuleIndex, data: Range | null): Range | null {
  const part = parts.find(({ id }) => id === Section.global);
  if (part === undefined) return null;
  const section = new Reader(bytes, part.from, part.to);
  const imported = imports.filter(({ kind }) => kind === "global").length;
  const named = exports.find(({ name, kind }) => kind === External.global && name === POINTER)?.index;
  let own: number | null = null;
  section.number();
  for (let i = imported; i < globals; i++) {
    const type = section.byte();
    const changes = section.byte() === 1;
    const value = constant(section);
    if (named !== undefined ? i === named : changes && type === I32 && value !== null && canBe(value, data)) {
      own = value;
      break;
    }
  }
  if (own === null || !canBe(own, data)) return null;
  return data === null || own <= data.from ? { from: 0, to: own } : { from: data.to, to: own };
}

const canBe = (value: number, data: Range | null): boolean => value >= LEAST && value % ALIGNED === 0 && (data === null || value <= data.from || value > data.to);
