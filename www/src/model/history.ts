import { births, type Seen } from "./births";
import { figures, type Figures } from "./metrics";
import { pack, pictureBytes, unpack, type Picture } from "./picture";
import type { Snapshot } from "./snapshot";

/** The figures of a heap at one moment. */
export interface Moment extends Figures {
  /** Counts the moments from 1 on. */
  readonly id: number;
  /** The program's last action, in a word or two. */
  readonly label: string;
  /** Milliseconds since the first moment. */
  readonly time: number;
  /** The most that was live, and committed, at any moment up to this one. */
  readonly highLive: number;
  readonly highCommitted: number;
}

export interface HistoryLimits {
  /** The most moments that are kept with their figures. */
  readonly moments: number;
  /** The most bytes of the pictures, which time travel needs. */
  readonly bytes: number;
}

const LIMITS: HistoryLimits = { moments: 2000, bytes: 48 * 2 ** 20 };

/**
 * The moments seen of one heap. Each has its figures; as many as the budget allows have a picture
 * too, packed. Over the budget those go that stand closest together, so that what is left still
 * spans the whole time; the newest and the oldest stay.
 */
export class History {
  readonly moments: Moment[] = [];
  /** Moments that are no longer in `moments`. */
  forgotten = 0;
  /** The bytes of the pictures. */
  bytes = 0;
  private readonly pictures = new Map<number, Picture>();
  private newest: Seen | null = null;
  private begin = 0;
  /** The picture that was looked at last. */
  private unpacked: { readonly id: number; readonly seen: Seen } | null = null;

  constructor(private readonly limits: HistoryLimits = LIMITS) {}

  /** Takes a snapshot in; `time` in milliseconds of any clock. */
  add(snapshot: Snapshot, label: string, time: number): Moment {
    const last = this.last;
    if (last === undefined) this.begin = time;
    const now = figures(snapshot);
    const moment: Moment = {
      ...now,
      id: (last?.id ?? 0) + 1,
      label,
      time: time - this.begin,
      highLive: Math.max(last?.highLive ?? 0, now.live),
      highCommitted: Math.max(last?.highCommitted ?? 0, now.committed),
    };
    this.newest = { snapshot, born: births(this.newest, snapshot, moment.id) };
    this.moments.push(moment);
    const picture = pack(this.newest);
    this.pictures.set(moment.id, picture);
    this.bytes += pictureBytes(picture);
    if (this.moments.length > this.limits.moments) {
      this.drop(this.moments.shift()!.id);
      this.forgotten++;
    }
    this.thin();
    return moment;
  }

  get last(): Moment | undefined {
    return this.moments[this.moments.length - 1];
  }

  /** The number of moments that can be looked at as they were. */
  get pictured(): number {
    return this.pictures.size;
  }

  has(id: number): boolean {
    return this.pictures.has(id);
  }

  /** The heap as it was at a moment; `null` if its picture is gone. Unpacks it, once. */
  at(id: number): Seen | null {
    if (id === this.last?.id) return this.newest;
    const picture = this.pictures.get(id);
    if (picture === undefined) return null;
    if (this.unpacked?.id !== id) this.unpacked = { id, seen: unpack(picture) };
    return this.unpacked.seen;
  }

  /** Returns true if a heap is another than at the last moment, block by block. */
  differs(snapshot: Snapshot): boolean {
    const last = this.newest?.snapshot;
    if (last?.blocks.count !== snapshot.blocks.count || last.start !== snapshot.start) return true;
    const [a, b] = [last.blocks, snapshot.blocks];
    for (let i = 0; i < a.count; i++) if (a.size[i] !== b.size[i] || a.state[i] !== b.state[i]) return true;
    return last.committed !== snapshot.committed || last.growths !== snapshot.growths;
  }

  moment(id: number): Moment | undefined {
    const first = this.moments[0];
    return first === undefined ? undefined : this.moments[id - first.id];
  }

  /** The moment with a picture that is nearest to one. */
  nearest(id: number): number {
    let best = this.last?.id ?? 0;
    for (const other of this.pictures.keys()) {
      if (Math.abs(other - id) < Math.abs(best - id)) best = other;
    }
    return best;
  }

  private thin(): void {
    while (this.bytes > this.limits.bytes && this.pictures.size > 1) {
      const ids = [...this.pictures.keys()];
      // The one whose neighbours are nearest to each other is missed least. Only the ends left:
      // the newest is what is on the screen.
      let least = 0;
      for (let i = 1; i < ids.length - 1; i++) {
        if (least === 0 || ids[i + 1]! - ids[i - 1]! < ids[least + 1]! - ids[least - 1]!) least = i;
      }
      this.drop(ids[least]!);
    }
  }

  private drop(id: number): void {
    const picture = this.pictures.get(id);
    if (picture === undefined) return;
    this.bytes -= pictureBytes(picture);
    this.pictures.delete(id);
  }
}
