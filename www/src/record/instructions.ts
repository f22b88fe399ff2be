import { Malformed, type Reader } from "../wire/wasm-binary";

/** The immediates that follow an instruction, as far as they can be passed over. */
const Follow = { none: 0, index: 1, twoIndices: 2, memory: 3, constant: 4, wide: 5, f32: 6, f64: 7, block: 8, table: 9, types: 10 } as const;

const FOLLOW = new Uint8Array(256).fill(255);
const put = (from: number, to: number, follow: number): void => {
  FOLLOW.fill(follow, from, to + 1);
};
put(0x00, 0x01, Follow.none);
put(0x02, 0x04, Follow.block);
put(0x05, 0x05, Follow.none);
put(0x0a, 0x0b, Follow.none);
put(0x0c, 0x0d, Follow.index);
put(0x0e, 0x0e, Follow.table);
put(0x0f, 0x0f, Follow.none);
put(0x10, 0x10, Follow.index);
put(0x11, 0x11, Follow.twoIndices);
put(0x12, 0x12, Follow.index);
put(0x13, 0x13, Follow.twoIndices);
put(0x1a, 0x1b, Follow.none);
put(0x1c, 0x1c, Follow.types);
put(0x20, 0x26, Follow.index);
put(0x28, 0x3e, Follow.memory);
put(0x3f, 0x40, Follow.index);
put(0x41, 0x41, Follow.constant);
put(0x42, 0x42, Follow.wide);
put(0x43, 0x43, Follow.f32);
put(0x44, 0x44, Follow.f64);
put(0x45, 0xc4, Follow.none);

/** Opcodes that are looked for or written. */
export const Op = {
  if: 0x04,
  end: 0x0b,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  select: 0x1b,
  getLocal: 0x20,
  setLocal: 0x21,
  teeLocal: 0x22,
  getGlobal: 0x23,
  setGlobal: 0x24,
  load: 0x28,
  loadByte: 0x2d,
  store: 0x36,
  storeWide: 0x37,
  storeByte: 0x3a,
  memorySize: 0x3f,
  constant: 0x41,
  constantWide: 0x42,
  constantFloat: 0x44,
  equalsZero: 0x45,
  equal: 0x46,
  notEqual: 0x47,
  atLeast: 0x4f,
  lessFloat: 0x63,
  leadingZeros: 0x67,
  add: 0x6a,
  subtract: 0x6b,
  multiply: 0x6c,
  and: 0x71,
  or: 0x72,
  xor: 0x73,
  shiftLeft: 0x74,
  shiftRight: 0x76,
  orWide: 0x84,
  shiftLeftWide: 0x86,
  subtractFloat: 0xa1,
  wideOfUnsigned: 0xad,
  floatOfUnsigned: 0xb8,
} as const;

/** An instruction: its opcode, and its index, offset or constant if it has one. */
export type Visit = (op: number, value: number) => void;

/**
 * Visits the instructions of a body, which begins with its locals. Returns false where an instruction is not
 * known here (vectors, atomics, exceptions, garbage collection): what follows it was not visited.
 */
export function visitInstructions(body: Reader, visit: Visit): boolean {
  body.list(() => {
    body.number();
    if (body.byte() < 0x65) body.skipNumber();
  });
  while (!body.done) {
    const op = body.byte();
    let value = 0;
    switch (FOLLOW[op]) {
      case Follow.none:
        break;
      case Follow.index:
        value = body.number();
        break;
      case Follow.twoIndices:
        value = body.number();
        body.number();
        break;
      case Follow.memory: {
        // Bit 6 of the alignment: an index of a memory follows.
        if ((body.number() & 0x40) !== 0) body.number();
        const at = body.at;
        try {
          value = body.number();
        } catch (error) {
          if (!(error instanceof Malformed)) throw error;
          body.at = at;
          body.skipNumber();
        }
        break;
      }
      case Follow.constant:
        value = body.signed();
        break;
      case Follow.wide:
        body.skipNumber();
        break;
      case Follow.f32:
        body.skip(4);
        break;
      case Follow.f64:
        body.skip(8);
        break;
      case Follow.block:
        body.skipNumber();
        break;
      case Follow.table:
        body.list(() => body.number());
        body.number();
        break;
      case Follow.types:
        body.list(() => body.byte());
        break;
      default:
        if (op !== 0xfc || !skipNumeric(body)) return false;
    }
    visit(op, value);
  }
  return true;
}

/** Passes over what follows 0xfc: saturating conversions, and operations on whole memories and tables. */
function skipNumeric(body: Reader): boolean {
  const op = body.number();
  if (op <= 7) return true;
  if (op > 17) return false;
  const indices = [8, 10, 12, 14].includes(op) ? 2 : 1;
  for (let i = 0; i < indices; i++) body.number();
  return true;
}
