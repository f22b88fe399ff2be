import { allocated, bumped, freed, refused, type Happening } from "./explain";
import type { Operation } from "./scenario";
import { isFree, type Blocks } from "./snapshot";

/** A live allocator, as the sandbox and the tours use it. What it cannot do it says with an Error. */
export interface Subject {
  allocate(size: number, align: number): number;
  deallocate(address: number): void;
  /** All of it free, as it was when it was made. */
  reset(): void;
  /** The blocks, in address order. */
  blocks(): Blocks;
}

/** The outcome of an operation; a refusal that has another reason than room is told in the allocator's words. */
export type Outcome = Happening | { readonly did: "rejected"; readonly why: string };

/**
 * Operations on a live allocator, each of which can be undone: the allocator is reset, and all but
 * the last is done again. That costs a call an operation, and is exact, because an allocator that is
 * reset does the same again.
 */
export class Session {
  private readonly history: Operation[] = [];
  private readonly came: Outcome[] = [];
  private done = 0;
  /** Addresses by number of the allocation; -1 where it was refused. */
  private addresses: number[] = [];
  private asked = new Map<number, { readonly size: number; readonly number: number }>();
  private seen: Blocks;

  constructor(
    private readonly subject: Subject,
    /** A bump allocator's requests are told by how far its mark moves. */
    private readonly bump = false,
  ) {
    this.seen = subject.blocks();
  }

  get blocks(): Blocks {
    return this.seen;
  }

  /** All operations, undone ones included. */
  get operations(): readonly Operation[] {
    return this.history;
  }

  /** The number of operations that are done. */
  get at(): number {
    return this.done;
  }

  /** The outcomes of those that are done. */
  get outcomes(): readonly Outcome[] {
    return this.came.slice(0, this.done);
  }

  /** Bytes asked for, by address of what is out, in the order of the allocations. */
  get requested(): ReadonlyMap<number, number> {
    return new Map(Array.from(this.asked, ([address, { size }]) => [address, size]));
  }

  /** The number of the allocation that is live at that address, or -1. */
  numberAt(address: number): number {
    return this.asked.get(address)?.number ?? -1;
  }

  /** The address of what the allocation of that number returned, if it is live; else -1. */
  addressOf(number: number): number {
    const address = this.addresses[number] ?? -1;
    return this.numberAt(address) === number ? address : -1;
  }

  /** Does an operation, in place of those that were undone. */
  perform(operation: Operation): Outcome {
    this.history.length = this.done;
    this.came.length = this.done;
    const outcome = this.apply(operation);
    this.history.push(operation);
    this.came.push(outcome);
    this.done++;
    return outcome;
  }

  /** Does operations that were written down elsewhere, and stands at one moment of them. */
  restore(operations: readonly Operation[], at: number): void {
    for (const operation of operations) this.perform(operation);
    this.go(at);
  }

  undo(): boolean {
    return this.go(this.done - 1);
  }

  redo(): boolean {
    return this.go(this.done + 1);
  }

  /** To the moment after so many operations; false if there is none. */
  go(to: number): boolean {
    if (to < 0 || to > this.history.length || to === this.done) return false;
    if (to < this.done) this.rewind();
    while (this.done < to) {
      this.call(this.history[this.done]!);
      this.done++;
    }
    this.seen = this.subject.blocks();
    return true;
  }

  private rewind(): void {
    this.subject.reset();
    this.addresses = [];
    this.asked.clear();
    this.done = 0;
  }

  private apply(operation: Operation): Outcome {
    const before = this.seen;
    const out = this.asked.size;
    const result = this.call(operation);
    this.seen = this.subject.blocks();
    const after = this.seen;
    if (typeof result === "string") {
      const short = operation.do === "allocate" && !fits(before, operation.size);
      return short ? refused(before, operation.size) : { did: "rejected", why: result };
    }
    switch (operation.do) {
      case "allocate":
        return (this.bump ? bumped : allocated)(before, after, result, operation.size);
      case "free":
        return freed(before, after, result);
      case "reset":
        return { did: "reset", freed: out };
    }
  }

  /** The address that the operation was about, or the allocator's reason to refuse it. */
  private call(operation: Operation): number | string {
    try {
      switch (operation.do) {
        case "allocate": {
          const number = this.addresses.length;
          this.addresses.push(-1);
          const address = this.subject.allocate(operation.size, operation.align);
          this.addresses[number] = address;
          this.asked.set(address, { size: operation.size, number });
          return address;
        }
        case "free": {
          // An allocation that was refused has nothing to free; the allocator says so of address 0.
          const address = Math.max(0, this.addressOf(operation.block));
          this.subject.deallocate(address);
          this.asked.delete(address);
          return address;
        }
        case "reset":
          this.subject.reset();
          this.asked.clear();
          return 0;
      }
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}

/** Returns true if some free block is large enough: a refusal then has another reason than room. */
function fits(blocks: Blocks, size: number): boolean {
  for (let i = 0; i < blocks.count; i++) {
    if (isFree(blocks.state[i]!) && blocks.size[i]! >= size) return true;
  }
  return false;
}
