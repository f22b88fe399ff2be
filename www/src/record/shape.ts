import { Reader, Writer } from "../wire/wasm-binary";
import { roleInC, roleInRust, signature, type Role } from "./allocators";
import { Op, visitInstructions } from "./instructions";
import { typeOf, type ModuleIndex } from "../wire/wasm-module";

/** Constants and calls of a body. */
interface Shape {
  readonly index: number;
  readonly type: string;
  readonly bytes: number;
  readonly constants: ReadonlySet<number>;
  readonly calls: ReadonlySet<number>;
}

/** Signatures of the functions that are looked at. */
const TYPES = new Set(["i>i", "i>", "ii>i", "iiii>i"]);

/** Reads the bodies of such signatures that contain one of the parts: most are passed over without a look at their instructions. */
function shapes(module: ModuleIndex, ...parts: readonly Uint8Array[]): Shape[] {
  const found: Shape[] = [];
  for (const [own, { from, to }] of module.bodies.entries()) {
    const index = own + module.importedFunctions;
    const declared = typeOf(module, index);
    const type = declared === null ? "" : signature(declared);
    if (!TYPES.has(type) || !parts.some((part) => contains(module.bytes, from, to, part))) continue;
    const constants = new Set<number>();
    const calls = new Set<number>();
    const known = visitInstructions(new Reader(module.bytes, from, to), (op, value) => {
      if (op === Op.constant) constants.add(value);
      else if (op === Op.call) calls.add(value);
      else if (op === Op.multiply) constants.add(NaN);
    });
    if (known) found.push({ index, type, bytes: to - from, constants, calls });
  }
  return found;
}

function contains(bytes: Uint8Array, from: number, to: number, part: Uint8Array): boolean {
  for (let at = bytes.indexOf(part[0]!, from); at >= 0 && at + part.length <= to; at = bytes.indexOf(part[0]!, at + 1)) {
    if (part.every((byte, i) => bytes[at + i] === byte)) return true;
  }
  return false;
}

const all = (shape: Shape, ...values: number[]): boolean => values.every((value) => shape.constants.has(value));
const any = (shape: Shape, ...values: number[]): boolean => values.some((value) => shape.constants.has(value));

const has = ({ bytes, bodies, importedFunctions }: ModuleIndex, { index }: Shape, part: readonly number[]): boolean => {
  const { from, to } = bodies[index - importedFunctions]!;
  return contains(bytes, from, to, Uint8Array.from(part));
};

/** Addresses of the allocator's state: those that both functions name. Small numbers are no addresses. */
const share = (a: Shape, b: Shape): number => [...a.constants].filter((value) => value >= 1024 && value !== 0xffffff && value !== 4096 && b.constants.has(value)).length;

/** The first size that has the last tree, and that size less what is added to a request. */
const LAST = [0x1000000, 0x1000000 - 11];

/**
 * The tree index of dlmalloc: a shift by 31, sizes below 2²⁴, and either 25 less half the index, or what newer compilers
 * make of 62 less twice the leading zeros.
 */
const tree = (shape: Shape): boolean => all(shape, 31, 25, 0xffffff, -8) || (all(shape, 31, 38, 62) && any(shape, ...LAST));

/**
 * Tells the parameters of a function that allocates at an alignment apart: for a small alignment it hands the size to `malloc` as it is.
 * A function of the program's, with `memalign` inlined, may take them in the other order; the alignment is not told then, since that
 * parameter may be another thing. `null` where nothing tells them apart, and anybody may call it.
 */
function aligning(module: ModuleIndex, shape: Shape, call: Uint8Array, exported: boolean): Role | null {
  const handsOn = (param: number): boolean => has(module, shape, [Op.getLocal, param, ...call]);
  if (handsOn(0)) return handsOn(1) ? null : roleInC("malloc");
  return exported && !handsOn(1) ? null : roleInC("memalign");
}

/**
 * Recognises dlmalloc in a module without names: C's (Emscripten, wasi-libc) and that of Rust's std. Its
 * `malloc` is the one function of its signature that computes a tree index, knows the largest small request and
 * the largest request of all; `free` computes a tree index too and shares the addresses of the state;
 * the others call these two. A module in which two functions fit one part is not recognised.
 */
export function dlmalloc(module: ModuleIndex): Map<number, Role> {
  const found = new Map<number, Role>();
  const trees = shapes(module, ...[0xffffff, ...LAST].map((value) => new Writer().byte(Op.constant).signed(value).done()));
  const only = (fits: (shape: Shape) => boolean): Shape | null => {
    const fitting = trees.filter(fits);
    return fitting.length === 1 ? fitting[0]! : null;
  };
  const malloc = only(
    (shape) => shape.type === "i>i" && shape.bytes > 2000 && tree(shape) && all(shape, 11) && any(shape, 244, 245, 236, 237) && any(shape, -64, -65, -65587, -65588),
  );
  if (malloc === null) return found;
  const free = only((shape) => shape.type === "i>" && shape.bytes > 500 && tree(shape) && !shape.calls.has(malloc.index) && share(shape, malloc) > 0);
  if (free === null) return found;
  found.set(malloc.index, roleInC("malloc")).set(free.index, roleInC("free"));
  const call = new Writer().byte(Op.call).number(malloc.index).done();
  const exported = new Set(module.exports.map(({ index }) => index));
  for (const shape of shapes(module, call)) {
    if (!shape.calls.has(malloc.index)) continue;
    const frees = shape.calls.has(free.index);
    // wasm-bindgen's own, if Rust's was inlined into it, is exported and takes its arguments in another order.
    if (shape.type === "iiii>i" && frees && any(shape, -65587, -65588) && !exported.has(shape.index)) found.set(shape.index, roleInRust("realloc"));
    else if (shape.type !== "ii>i") continue;
    else if (all(shape, NaN, 3) && any(shape, 65535, 65536)) found.set(shape.index, roleInC("calloc"));
    else if (!all(shape, 11, 16, -8) || !any(shape, -64, -65, -65587)) continue;
    else if (!frees) {
      const role = aligning(module, shape, call, exported.has(shape.index));
      if (role !== null) found.set(shape.index, role);
    }
    // Of nothing it makes a block of the size that it was given: if it adds to the size, it is a function of
    // the program's with `realloc` inlined.
    else if (has(module, shape, [Op.getLocal, 1, ...call])) found.set(shape.index, roleInC("realloc"));
  }
  return found;
}
