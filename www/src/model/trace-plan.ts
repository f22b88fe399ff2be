import { Head, Kind, RECORD_WORDS } from "../wire/trace-layout";
import type { Trace } from "./trace";

export const Step = { Allocate: 0, Zeroed: 1, Free: 2, Reallocate: 3 } as const;

/** Operations on blocks that have numbers (slots) instead of addresses, so that any allocator can do them. */
export interface Steps {
  readonly step: Uint8Array;
  readonly slot: Uint32Array;
  readonly size: Uint32Array;
  readonly align: Uint32Array;
  /** The number of operations. */
  readonly count: number;
}

/** The figures of a plan. */
export interface Totals {
  readonly count: number;
  readonly slots: number;
  /** The most bytes that were asked for and live at once. */
  readonly peak: number;
  /** Bytes live at the end. */
  readonly live: number;
  readonly unknownFrees: number;
  readonly unknownReallocations: number;
  readonly impliedFrees: number;
  readonly refused: number;
}

/** A trace as operations, all at once. */
export interface Plan extends Steps, Totals {}
export const Plan = {
  /** O(records). */
  of(trace: Trace): Plan {
    const planner = new Planner();
    const steps = planner.next(trace.words.subarray(0, trace.count * RECORD_WORDS));
    const { count, slots, peak, live, unknownFrees, unknownReallocations, impliedFrees, refused } = planner;
    return { ...steps, count, slots, peak, live, unknownFrees, unknownReallocations, impliedFrees, refused };
  },
};

const NOTHING: Steps = { step: new Uint8Array(), slot: new Uint32Array(), size: new Uint32Array(), align: new Uint32Array(), count: 0 };

/**
 * Makes operations of a trace, part by part. What records are missing is tolerated and counted, as docs/trace-format.md
 * says.
 */
export class Planner implements Totals {
  count = 0;
  slots = 0;
  peak = 0;
  live = 0;
  unknownFrees = 0;
  unknownReallocations = 0;
  impliedFrees = 0;
  refused = 0;

  private steps = NOTHING;
  private filled = 0;
  private readonly blocks = new Map<number, number>();
  private readonly free: number[] = [];
  private readonly sizes: number[] = [];

  /** Returns the operations of the next records. O(records). */
  next(words: Uint32Array): Steps {
    // An implied free comes on top of the record that implies it.
    const most = (words.length / RECORD_WORDS) * 2;
    this.steps = { step: new Uint8Array(most), slot: new Uint32Array(most), size: new Uint32Array(most), align: new Uint32Array(most), count: 0 };
    this.filled = 0;
    for (let i = 0; i < words.length; i += RECORD_WORDS) {
      const kind = Head.kind(words[i]!);
      const align = 2 ** Head.align(words[i]!);
      const [address, size, from] = [words[i + 1]!, words[i + 2]!, words[i + 3]!];
      if (kind === Kind.Allocate) this.allocate(Step.Allocate, address, size, align);
      else if (kind === Kind.Zeroed) this.allocate(Step.Zeroed, address, size, align);
      else if (kind === Kind.Deallocate) this.deallocate(address);
      else if (kind === Kind.Reallocate) this.reallocate(from, address, size, align);
      if (this.live > this.peak) this.peak = this.live;
    }
    this.count += this.filled;
    return { ...this.steps, count: this.filled };
  }

  private push(step: number, slot: number, size: number, align: number): void {
    const i = this.filled++;
    this.steps.step[i] = step;
    this.steps.slot[i] = slot;
    this.steps.size[i] = size;
    this.steps.align[i] = align;
  }

  private allocate(step: number, address: number, size: number, align: number): void {
    if (address === 0) {
      this.refused++;
      return;
    }
    this.displace(address);
    const slot = this.free.pop() ?? this.slots++;
    this.keep(address, slot, size);
    this.push(step, slot, size, align);
  }

  private deallocate(address: number): void {
    const slot = this.take(address);
    if (slot === undefined) this.unknownFrees++;
    else this.release(slot);
  }

  private reallocate(from: number, address: number, size: number, align: number): void {
    if (address === 0) {
      this.refused++;
      return;
    }
    const slot = this.take(from);
    if (slot === undefined) {
      this.unknownReallocations++;
      this.allocate(Step.Allocate, address, size, align);
      return;
    }
    this.displace(address);
    this.keep(address, slot, size);
    this.push(Step.Reallocate, slot, size, align);
  }

  private displace(address: number): void {
    const slot = this.take(address);
    if (slot === undefined) return;
    this.impliedFrees++;
    this.release(slot);
  }

  private release(slot: number): void {
    this.free.push(slot);
    this.push(Step.Free, slot, 0, 1);
  }

  private keep(address: number, slot: number, size: number): void {
    this.blocks.set(address, slot);
    this.sizes[slot] = size;
    this.live += size;
  }

  private take(address: number): number | undefined {
    const slot = this.blocks.get(address);
    if (slot === undefined) return undefined;
    this.blocks.delete(address);
    this.live -= this.sizes[slot]!;
    return slot;
  }
}
