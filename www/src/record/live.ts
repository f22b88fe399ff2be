import { rateOf, weightOf } from "../model/trace-sites";
import { Head, Kind, RECORD_WORDS } from "../wire/trace-layout";
import type { Counts, SampleSink } from "./tap";

/** The counters of a program's calls of its allocator. */
export interface Counters extends Counts {
  readonly lost: number;
}

/** The live blocks of a call site, estimated from samples; the stack innermost first. */
export interface LiveSite {
  readonly stack: readonly string[];
  readonly blocks: number;
  readonly bytes: number;
}

interface Sampled {
  readonly site: number;
  readonly size: number;
  readonly weight: number;
}

/** Counts the operations in records of all of them. */
export function countsOf(records: Uint32Array): Counts {
  let [allocations, frees, reallocations, refused, growths] = [0, 0, 0, 0, 0];
  for (let i = 0; i < records.length; i += RECORD_WORDS) {
    const kind = Head.kind(records[i]!);
    if (kind === Kind.Grow) growths++;
    else if (kind === Kind.Deallocate) frees++;
    else if (kind < Kind.Deallocate || kind === Kind.Reallocate) {
      if (records[i + 1] === 0) refused++;
      else if (kind === Kind.Reallocate) reallocations++;
      else allocations++;
    }
  }
  return { allocations, frees, reallocations, refused, growths };
}

/** Keeps count of operations and of the sampled blocks that live, in memory that does not grow with the recording. */
export class LiveSamples implements SampleSink {
  private readonly live = new Map<number, Sampled>();
  private readonly counts = { allocations: 0, frees: 0, reallocations: 0, refused: 0, growths: 0, lost: 0 };

  constructor(private readonly rate: number) {}

  append(records: Uint32Array): void {
    for (let i = 0; i < records.length; i += RECORD_WORDS) {
      const [head, address, size, other] = [records[i]!, records[i + 1]!, records[i + 2]!, records[i + 3]!];
      const kind = Head.kind(head);
      if (kind === Kind.Site) this.live.set(address, { site: other, size, weight: weightOf(size, rateOf(head, this.rate)) });
      else if (kind === Kind.Lost) this.counts.lost += size;
      else if (kind <= Kind.Reallocate && address !== 0) {
        if (kind === Kind.Reallocate) this.live.delete(other);
        this.live.delete(address);
      }
    }
  }

  count(counts: Counts): void {
    for (const name of Object.keys(counts) as (keyof Counts)[]) this.counts[name] += counts[name];
  }

  addresses(): Iterable<number> {
    return this.live.keys();
  }

  get counters(): Counters {
    return { ...this.counts };
  }

  /** Returns the live blocks by site, the most bytes first. `stacks` are those of the sites, from site 1 on. */
  sites(stacks: readonly (readonly string[])[]): LiveSite[] {
    const totals = new Map<number, { stack: readonly string[]; blocks: number; bytes: number }>();
    for (const { site, size, weight } of this.live.values()) {
      const total = totals.get(site) ?? { stack: stacks[site - 1] ?? [], blocks: 0, bytes: 0 };
      totals.set(site, total);
      total.blocks += weight;
      total.bytes += weight * size;
    }
    return [...totals.values()].sort((x, y) => y.bytes - x.bytes);
  }
}
