import { weightOf } from "../model/trace-sites";
import { Head, Kind, RECORD_WORDS } from "../wire/trace-layout";
import type { Sink } from "./tap";

/** The counters of a program's calls of its allocator. */
export interface Counters {
  readonly allocations: number;
  readonly frees: number;
  readonly reallocations: number;
  /** Requests that the allocator had no memory for. */
  readonly refused: number;
  readonly growths: number;
  readonly lost: number;
}

/** The live blocks of a call site, estimated from samples; the stack innermost first. */
export interface LiveSite {
  readonly stack: readonly string[];
  readonly blocks: number;
  readonly bytes: number;
}

/** Bits by address: most blocks are not sampled, and a look here is cheaper than one into a map. */
const FILTER = 1 << 20;
const place = (address: number): number => (address >>> 3) & (FILTER - 1);

/** Keeps count of operations and of the sampled blocks that live, in memory that does not grow with the recording. */
export class LiveSamples implements Sink {
  private readonly filter = new Uint8Array(FILTER);
  private readonly live = new Map<number, { readonly site: number; readonly size: number }>();
  private readonly counts = { allocations: 0, frees: 0, reallocations: 0, refused: 0, growths: 0, lost: 0 };

  constructor(private readonly rate: number) {}

  append(records: Uint32Array): void {
    const { counts } = this;
    for (let i = 0; i < records.length; i += RECORD_WORDS) {
      const [a, b, c] = [records[i + 1]!, records[i + 2]!, records[i + 3]!];
      switch (Head.kind(records[i]!)) {
        case Kind.Allocate:
        case Kind.Zeroed:
          if (a === 0) counts.refused++;
          else {
            counts.allocations++;
            this.end(a);
          }
          break;
        case Kind.Deallocate:
          counts.frees++;
          this.end(a);
          break;
        case Kind.Reallocate:
          if (a === 0) counts.refused++;
          else {
            counts.reallocations++;
            this.end(c);
            this.end(a);
          }
          break;
        case Kind.Site:
          this.live.set(a, { site: c, size: b });
          this.filter[place(a)] = 1;
          break;
        case Kind.Grow:
          counts.growths++;
          break;
        case Kind.Lost:
          counts.lost += b;
      }
    }
  }

  private end(address: number): void {
    if (this.filter[place(address)] === 1) this.live.delete(address);
  }

  get counters(): Counters {
    return { ...this.counts };
  }

  /** Returns the live blocks by site, the most bytes first. `stacks` are those of the sites, from site 1 on. */
  sites(stacks: readonly (readonly string[])[]): LiveSite[] {
    const totals = new Map<number, { stack: readonly string[]; blocks: number; bytes: number }>();
    for (const { site, size } of this.live.values()) {
      const total = totals.get(site) ?? { stack: stacks[site - 1] ?? [], blocks: 0, bytes: 0 };
      totals.set(site, total);
      const weight = weightOf(size, this.rate);
      total.blocks += weight;
      total.bytes += weight * size;
    }
    return [...totals.values()].sort((x, y) => y.bytes - x.bytes);
  }
}
