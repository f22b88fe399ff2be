/** A random workload for the sandbox: it fills up, then allocates and frees in turn. */
export type Operation =
  | { readonly do: "allocate"; readonly size: number }
  | { readonly do: "free"; readonly pick: number };

export interface Room {
  /** Blocks that can be freed. */
  readonly live: number;
  /** Which part of the memory is in use, 0..1. */
  readonly used: number;
  /** The largest size to ask for. */
  readonly largest: number;
}

/** The fuller, the likelier a free; sizes are small more often than large, evenly by doublings. */
export function nextOperation(next: () => number, room: Room): Operation {
  const chance = next();
  const dice = next();
  if (room.live > 0 && chance < 0.15 + 0.7 * room.used) {
    return { do: "free", pick: Math.min(room.live - 1, Math.floor(dice * room.live)) };
  }
  return { do: "allocate", size: Math.max(1, Math.min(room.largest, Math.round(2 ** (dice * Math.log2(room.largest))))) };
}
