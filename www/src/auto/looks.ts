import { Reader } from "../formats/foreign";
import { decode, type Decoded } from "../model/decode";
import { pack, unpack } from "../model/picture";
import type { Look } from "./messages";

/** Reads the heap of a memory again and again. Null where none was found. */
export function reader(descriptor: number | null): (memory: WebAssembly.Memory) => Decoded | null {
  if (descriptor !== null) return (memory) => decode(memory.buffer, descriptor);
  const found = new Reader();
  return (memory) => {
    const snapshot = found.read(memory);
    return snapshot === null ? null : { ok: true, snapshot };
  };
}

/** Packs what was read, to be posted. */
export function packed(decoded: Decoded | null): Look {
  if (decoded === null) return null;
  if (!decoded.ok) return { damage: decoded.damage };
  return { picture: pack({ snapshot: decoded.snapshot, born: new Uint32Array(decoded.snapshot.blocks.count) }) };
}

export function unpacked(look: Look): Decoded | null {
  if (look === null) return null;
  return "damage" in look ? { ok: false, damage: look.damage } : { ok: true, snapshot: unpack(look.picture).snapshot };
}
