export type DamageCode =
  | "no-descriptor" // the address of the descriptor is not in memory
  | "magic"
  | "version"
  | "kind"
  | "short" // fewer words than the kind needs
  | "beyond" // an address or length that leaves memory
  | "align" // a block that is no multiple of its size, a list entry between two blocks
  | "order" // a byte of the map that can't be a block
  | "class" // a slab of a class that does not exist
  | "count" // counts that contradict each other
  | "cycle" // a list longer than what it can hold
  | "changed"; // what is wrong may be none: threads changed the heap while it was read

export interface Damage {
  readonly code: DamageCode;
  /** The address of the wrong value, or the one that it points to. */
  readonly address: number;
  /** The wrong value. */
  readonly found: number;
}

/** Ends a reading. */
export class Wrong extends Error {
  constructor(readonly damage: Damage) {
    super(damage.code);
  }
}

export function fail(code: DamageCode, address: number, found: number): never {
  throw new Wrong({ code, address, found });
}
