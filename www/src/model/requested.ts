import { Kind } from "../wire/trace-layout";
import { Live, recordAt, type Trace } from "./trace";

/**
 * What was asked for each block of a heap, in bytes by address, at the moments at which the heap was
 * looked at while it was recorded. An allocator does not keep that; its trace says it.
 *
 * A block that was there before the recording is not known, nor is any from before records were
 * lost: one of these may have said that the block is gone, and that another stands there.
 */
export class Requested {
  /** The number of records at each moment. */
  private readonly points = new Map<number, number>();
  private live = new Live();
  /** The number of records that `live` has applied. */
  private records = 0;

  constructor(private readonly trace: Trace) {}

  /** The heap was looked at, and what it did until then is recorded. */
  note(moment: number): void {
    if (!this.points.has(moment)) this.points.set(moment, this.trace.count);
  }

  /** The records up to a moment that was noted. */
  recordsAt(moment: number): number | undefined {
    return this.points.get(moment);
  }

  /**
   * Nothing is known of moments that were not noted. Valid until another moment is asked for; O(records
   * since the one that was asked for last, or since the start if that was later).
   */
  at(moment: number): ReadonlyMap<number, number> {
    return this.liveAt(moment).sizes;
  }

  /** The thread that asked for each block, where the trace tells threads; otherwise as {@link at}. */
  threadsAt(moment: number): ReadonlyMap<number, number> {
    return this.liveAt(moment).threads;
  }

  private liveAt(moment: number): Live {
    const records = this.points.get(moment) ?? 0;
    if (records < this.records) {
      this.live = new Live();
      this.records = 0;
    }
    for (; this.records < records; this.records++) {
      const record = recordAt(this.trace, this.records);
      if (record.kind === Kind.Lost) this.live = new Live();
      else this.live.apply(record);
    }
    return this.live;
  }
}
