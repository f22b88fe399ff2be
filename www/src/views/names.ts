import { State, type Snapshot } from "../model/snapshot";
import { inspector as en } from "../text/inspector";

const NAMES: Record<State, string> = {
  [State.Live]: en.state.live,
  [State.Free]: en.state.free,
  [State.Meta]: en.state.meta,
  [State.Gap]: en.state.gap,
  [State.Fresh]: en.state.fresh,
  [State.Unknown]: en.state.unknown,
  [State.Slab]: en.state.slab,
  [State.Waiting]: en.state.waiting,
  [State.Data]: en.state.data,
  [State.Unused]: en.state.unused,
  [State.Stack]: en.state.stack,
  [State.Static]: en.state.static,
};

export const stateName = (state: number): string => NAMES[state as State];

/** Names the slab that a block is part of; empty if it stands alone. */
export function belongs(snapshot: Snapshot, index: number): string {
  const slab = snapshot.slabs[snapshot.blocks.slab[index] ?? -1];
  return slab === undefined ? "" : en.block.slab(snapshot.classes[slab.class]!);
}
