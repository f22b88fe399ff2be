import { Blocks, State, type Found, type FreeList, type HeapKind, type Slab } from "./snapshot";
import type { Seen } from "./births";

/**
 * A snapshot packed to be kept: runs of equal blocks as numbers of a few bytes each. A heap of
 * small blocks of one age takes a few bytes a slab; one without two equal neighbours some four
 * bytes a block, a fifth of the snapshot. Packing and unpacking are one pass over the blocks.
 *
 * Addresses are not kept: blocks tile the heap. Nor are the buddy's units: a slab's range and the
 * blocks in it say all of it.
 */
export interface Picture {
  readonly kind: HeapKind;
  readonly memory: number;
  readonly committed: number | null;
  readonly growths: number | null;
  readonly start: number;
  readonly end: number;
  readonly granule: number;
  readonly base: number;
  readonly units: boolean;
  readonly classes: readonly number[];
  readonly lists: readonly FreeList[];
  readonly found: Found | undefined;
  readonly count: number;
  /** Runs of equal blocks: size * 16 + state, how many, and of live ones since when. */
  readonly runs: Uint8Array;
  /** The address and the length of each slab. */
  readonly slabs: Uint32Array;
}

/** Returns the cost of a picture, in bytes. */
export const pictureBytes = (picture: Picture): number =>
  256 + picture.runs.byteLength + picture.slabs.byteLength + 32 * picture.lists.length;

export function pack({ snapshot, born }: Seen): Picture {
  const { blocks } = snapshot;
  const writer = new Writer();
  for (let i = 0; i < blocks.count; ) {
    const size = blocks.size[i]!;
    const state = blocks.state[i]!;
    const since = born[i]!;
    let next = i + 1;
    while (
      next < blocks.count &&
      blocks.size[next] === size &&
      blocks.state[next] === state &&
      born[next] === since
    ) {
      next++;
    }
    writer.number(size * 16 + state);
    writer.number(next - i);
    if (state === State.Live) writer.number(since);
    i = next;
  }
  const slabs = new Uint32Array(2 * snapshot.slabs.length);
  snapshot.slabs.forEach((slab, i) => {
    slabs[2 * i] = slab.address;
    slabs[2 * i + 1] = slab.size;
  });
  const { kind, memory, committed, growths, start, end, granule, base, classes, lists, found } = snapshot;
  const units = snapshot.units !== null;
  const runs = writer.taken();
  return { kind, memory, committed, growths, start, end, granule, base, units, classes, lists, found, count: blocks.count, runs, slabs };
}

export function unpack(picture: Picture): Seen {
  const blocks = new Blocks(Math.max(1, picture.count));
  const born = new Uint32Array(picture.count);
  const reader = new NumberReader(picture.runs);
  let address = picture.start;
  while (!reader.done) {
    const head = reader.number();
    const size = Math.floor(head / 16);
    const state = (head % 16) as State;
    const count = reader.number();
    const since = state === State.Live ? reader.number() : 0;
    for (let i = 0; i < count; i++) {
      born[blocks.count] = since;
      blocks.push(address, size, state);
      address += size;
    }
  }
  const units = picture.units ? new Blocks(Math.max(1, blocks.count)) : null;
  const slabs: Slab[] = [];
  const classOf = new Map(picture.classes.map((size, i) => [size, i]));
  for (let i = 0; i < blocks.count; ) {
    const at = blocks.address[i]!;
    const index = slabs.length;
    if (picture.slabs[2 * index] !== at) {
      units?.push(at, blocks.size[i]!, blocks.state[i] as State);
      i++;
      continue;
    }
    const bytes = picture.slabs[2 * index + 1]!;
    units?.push(at, bytes, State.Slab, index);
    const slab = { address: at, size: bytes, class: 0, used: 0, capacity: 0, overhead: 0 };
    for (; i < blocks.count && blocks.address[i]! < at + bytes; i++) {
      blocks.slab[i] = index;
      const size = blocks.size[i]!;
      if (blocks.state[i] === State.Meta) slab.overhead += size;
      else {
        slab.class = classOf.get(size) ?? 0;
        slab.capacity++;
        if (blocks.state[i] === State.Live) slab.used++;
      }
    }
    slabs.push(slab);
  }
  const { kind, memory, committed, growths, start, end, granule, base, classes, lists, found } = picture;
  const snapshot = { kind, memory, committed, growths, start, end, granule, base, classes, lists, found, blocks, units, slabs };
  return { snapshot, born };
}

/** Numbers up to 2^53 in seven bits a byte, low ones first; the last byte has its high bit clear. */
class Writer {
  private bytes = new Uint8Array(1024);
  private length = 0;

  number(value: number): void {
    if (this.length + 8 > this.bytes.length) {
      const wider = new Uint8Array(2 * this.bytes.length);
      wider.set(this.bytes);
      this.bytes = wider;
    }
    let rest = value;
    // Nearly all are small; beyond 31 bits shifts would cut them.
    for (; rest >= 2 ** 31; rest = Math.floor(rest / 128)) this.bytes[this.length++] = (rest % 128) | 128;
    for (; rest >= 128; rest >>>= 7) this.bytes[this.length++] = (rest & 127) | 128;
    this.bytes[this.length++] = rest;
  }

  taken(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}

class NumberReader {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  number(): number {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = this.bytes[this.at++] ?? 0;
      value += (byte & 127) * unit;
      if (byte < 128) return value;
    }
  }
}
