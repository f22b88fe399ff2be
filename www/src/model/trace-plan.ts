import { Head, Kind, RECORD_WORDS } from "../wire/trace-layout";
import type { Trace } from "./trace";

export const Step = { Allocate: 0, Zeroed: 1, Free: 2, Reallocate: 3 } as const;

/**
 * A trace as operations on blocks that have numbers (slots) instead of addresses, so that any
 * allocator can do them. What records are missing is tolerated and counted, as docs/trace-format.md says.
 */
export class Plan {
  readonly step: Uint8Array;
  readonly slot: Uint32Array;
  readonly size: Uint32Array;
  readonly align: Uint32Array;
  count = 0;
  slots = 0;
  /** The most bytes that were asked for and live at once. */
  peak = 0;
  /** Bytes live at the end. */
  live = 0;
  unknownFrees = 0;
  unknownReallocations = 0;
  impliedFrees = 0;
  refused = 0;

  private readonly blocks = new Map<number, number>();
  private readonly free: number[] = [];
  private readonly sizes: number[] = [];

  private constructor(capacity: number) {
    this.step = new Uint8Array(capacity);
    this.slot = new Uint32Array(capacity);
    this.size = new Uint32Array(capacity);
    this.align = new Uint32Array(capacity);
  }

  /** O(records). */
  static of(trace: Trace): Plan {
    // An implied free comes on top of the record that implies it.
    const plan = new Plan(trace.count * 2);
    const { words } = trace;
    for (let i = 0; i < trace.count * RECORD_WORDS; i += RECORD_WORDS) {
      const kind = Head.kind(words[i]!);
      const align = 2 ** Head.align(words[i]!);
      const [address, size, from] = [words[i + 1]!, words[i + 2]!, words[i + 3]!];
      if (kind === Kind.Allocate) plan.allocate(Step.Allocate, address, size, align);
      else if (kind === Kind.Zeroed) plan.allocate(Step.Zeroed, address, size, align);
      else if (kind === Kind.Deallocate) plan.deallocate(address);
      else if (kind === Kind.Reallocate) plan.reallocate(from, address, size, align);
      if (plan.live > plan.peak) plan.peak = plan.live;
    }
    return plan;
  }

  private push(step: number, slot: number, size: number, align: number): void {
    const i = this.count++;
    this.step[i] = step;
    this.slot[i] = slot;
    this.size[i] = size;
    this.align[i] = align;
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
