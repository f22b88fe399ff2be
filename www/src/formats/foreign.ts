import { Blocks, State, type Found, type Snapshot } from "../model/snapshot";
import { ALLOCATORS, begins, find } from "./find";
import type { MemoryLayout } from "../wire/memory-layout";
import type { Heap } from "./format";
import { Memory, type Source } from "./memory";

/**
 * Reads a memory that nobody described: the heaps in it, and what the rest is. The first reading
 * searches. Later ones read the same heaps again, in time proportional to their blocks, as long as
 * all of them are certain and consistent. Of memory that grew, only what is new is searched.
 */
export class Reader {
  /** `layout` is of the module's file, if that is known. */
  constructor(private readonly layout: MemoryLayout | null = null) {}

  private heaps: Heap[] = [];
  private length = 0;
  private rest: Rest | null = null;

  /** One moment, or null where no heap was found; memory without a heap is searched each time. */
  read(source: Source): Snapshot | null {
    const memory = new Memory(source);
    this.heaps = this.again(memory) ?? find(source);
    if (this.length !== memory.length) this.rest = null;
    this.length = memory.length;
    if (this.heaps.length === 0) return null;
    this.rest ??= new Rest();
    this.rest.memory = memory;
    return snapshot(memory, this.heaps, this.rest, this.layout);
  }

  private again(memory: Memory): Heap[] | null {
    const heaps: Heap[] = [];
    for (const heap of this.heaps) {
      const now = heap.certain ? heap.again(memory) : null;
      if (now === null) return null;
      heaps.push(now);
    }
    if (heaps.length === 0 || memory.length < this.length) return null;
    return memory.length > this.length && begins(memory, heaps, this.length) ? null : heaps;
  }
}

export { ALLOCATORS };

const PAGE = 65536;
/** Uses of memory that is no heap. */
const OUTSIDE: ReadonlySet<number> = new Set([State.Data, State.Stack, State.Static]);

/** The use of the pages outside of heaps, looked at once as long as memory does not grow. */
class Rest {
  private readonly used = new Map<number, boolean>();
  memory: Memory | null = null;

  /** Something was written in a part of a page. */
  isUsed(from: number, to: number): boolean {
    let used = this.used.get(from);
    if (used === undefined) {
      used = this.isWritten(from, to);
      this.used.set(from, used);
    }
    return used;
  }

  private isWritten(from: number, to: number): boolean {
    const memory = this.memory!;
    const end = Math.ceil(to / 16) * 16;
    for (let at = Math.floor(from / 16) * 16; (at = memory.seek(at, end, 1, 0xffff_ffff)) < end; at += 16) {
      for (let word = Math.max(from, at); word < Math.min(to, at + 16); word += 4) if (memory.word(word) !== 0) return true;
    }
    return false;
  }
}

function snapshot(memory: Memory, heaps: readonly Heap[], rest: Rest, layout: MemoryLayout | null): Snapshot {
  const inHeaps = merged(heaps);
  const blocks = new Blocks(inHeaps.count + 64);
  const heapPages = new Set<number>();
  let at = 0;
  for (let i = 0; i <= inHeaps.count; i++) {
    const to = i < inHeaps.count ? inHeaps.address[i]! : memory.length;
    outside(at, to, i === 0);
    if (i === inHeaps.count) break;
    const size = inHeaps.size[i]!;
    blocks.push(to, size, inHeaps.state[i] as State);
    at = to + size;
    for (let page = Math.floor(to / PAGE); page * PAGE < at; page++) heapPages.add(page);
  }
  const found: Found = { heaps: heaps.map(told), pages: pages() };
  return {
    kind: "foreign",
    found,
    committed: null,
    growths: null,
    memory: memory.length,
    start: 0,
    end: memory.length,
    blocks,
    units: null,
    granule: 1,
    base: 0,
    slabs: [],
    classes: [],
    lists: [],
  };

  /** Before the first heap are data and stack; behind it, what was written is somebody's. */
  function outside(from: number, to: number, first: boolean): void {
    const { stack = null, data = null } = layout ?? {};
    for (let part = from; part < to; ) {
      const inside = stack !== null && part >= stack.from && part < stack.to ? stack : data !== null && part >= data.from && part < data.to ? data : null;
      const next = [stack?.from, data?.from].filter((edge) => edge !== undefined && edge > part) as number[];
      const end = Math.min(to, inside?.to ?? (Math.floor(part / PAGE) + 1) * PAGE, ...next);
      const state = inside === null ? (first || rest.isUsed(part, end) ? State.Data : State.Unused) : inside === stack ? State.Stack : State.Static;
      blocks.extend(part, end - part, state);
      part = end;
    }
  }

  /** Each page counts once: as heap where a block is in it, else as data where something was written. */
  function pages(): Found["pages"] {
    const all = Math.ceil(memory.length / PAGE);
    const data = new Set<number>();
    for (let i = 0; i < blocks.count; i++) {
      if (!OUTSIDE.has(blocks.state[i]!)) continue;
      for (let page = Math.floor(blocks.address[i]! / PAGE); page * PAGE < blocks.end(i); page++) {
        if (!heapPages.has(page)) data.add(page);
      }
    }
    return { all, data: data.size, heap: heapPages.size, unused: all - data.size - heapPages.size };
  }
}

function told({ allocator, certain, sized, blocks }: Heap): Found["heaps"][number] {
  let live = 0;
  for (let i = 0; i < blocks.count; i++) if (blocks.state[i] === State.Live) live++;
  return { allocator, certain, sized, live };
}

/** The blocks of all heaps by address, without what is between pieces. */
function merged(heaps: readonly Heap[]): Blocks {
  const all = new Blocks(heaps.reduce((sum, { blocks }) => sum + blocks.count, 1));
  const at = heaps.map(() => 0);
  for (;;) {
    let next = -1;
    heaps.forEach(({ blocks }, i) => {
      while (blocks.state[at[i]!] === State.Gap) at[i]!++;
      if (at[i]! >= blocks.count) return;
      if (next < 0 || blocks.address[at[i]!]! < heaps[next]!.blocks.address[at[next]!]!) next = i;
    });
    if (next < 0) return all;
    const { blocks } = heaps[next]!;
    const i = at[next]!++;
    all.push(blocks.address[i]!, blocks.size[i]!, blocks.state[i] as State);
  }
}
