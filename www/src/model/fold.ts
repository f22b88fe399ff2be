import { Blocks, State } from "./snapshot";

/**
 * Folds of the address map: memory in the middle of a heap that is somebody else's, such as the ring of a recording, takes
 * a place of a fiftieth of the rest. Positions are addresses less what is folded before them.
 */
interface Cut {
  /** The address behind the part that stays, where the folded part begins. */
  readonly from: number;
  readonly to: number;
}

/** Shorter gaps are drawn as long as they are. */
const LEAST = 256 * 1024;
/** The part of the rest that a folded gap keeps. */
const KEPT = 50;
/** The kept part is a multiple of this, so that rows begin at round addresses. */
const UNIT = 4096;

export class Fold {
  private constructor(private readonly cuts: readonly Cut[]) {}

  static readonly NONE = new Fold([]);

  /** Folds the gaps of a heap that are longer than all the rest of it. O(blocks). */
  static of({ state, size, address, count }: Blocks): Fold {
    let rest = 0;
    const gaps: number[] = [];
    for (let i = 0; i < count; i++) {
      if (state[i] === State.Gap && size[i]! >= LEAST) gaps.push(i);
      else rest += size[i]!;
    }
    const kept = Math.max(UNIT, Math.ceil(rest / KEPT / UNIT) * UNIT);
    const cuts = gaps.filter((i) => size[i]! > Math.max(rest / 4, 2 * kept)).map((i) => ({ from: address[i]! + kept, to: address[i]! + size[i]! }));
    return cuts.length === 0 ? Fold.NONE : new Fold(cuts);
  }

  /** Folds all that is before an address, which gets the position 0: maps of several heaps begin alike. */
  static before(address: number): Fold {
    return new Fold([{ from: 0, to: address }]);
  }

  get folded(): boolean {
    return this.cuts.length > 0;
  }

  position(address: number): number {
    let position = address;
    for (const { from, to } of this.cuts) {
      if (address <= from) break;
      position -= Math.min(address, to) - from;
    }
    return position;
  }

  address(position: number): number {
    let address = position;
    for (const { from, to } of this.cuts) {
      if (address < from) break;
      address += to - from;
    }
    return address;
  }

  /** The blocks at their positions, by the same indices. O(blocks). */
  blocks(blocks: Blocks): Blocks {
    if (!this.folded) return blocks;
    const moved = new Blocks(Math.max(1, blocks.count));
    for (let i = 0; i < blocks.count; i++) {
      const at = this.position(blocks.address[i]!);
      moved.push(at, Math.max(0, this.position(blocks.end(i)) - at), blocks.state[i] as State, blocks.slab[i]);
    }
    return moved;
  }
}
