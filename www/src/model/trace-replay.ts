import { Step, type Steps } from "./trace-plan";

/** The calls of an allocator in a module of its own; addresses are the module's, 0 is a refusal. */
export interface Calls {
  readonly memory: { readonly buffer: ArrayBufferLike };
  allocate(size: number, align: number): number;
  allocate_zeroed(size: number, align: number): number;
  deallocate(address: number, size: number, align: number): void;
  reallocate(address: number, size: number, align: number, newSize: number): number;
}

export interface Replayed {
  /** Milliseconds in the allocator, with the calls into the module. */
  readonly time: number;
  readonly operations: number;
  /** Pages that the module grew by; linear memory never shrinks, so also the most at any time. */
  readonly pages: number;
  readonly growths: number;
  readonly refused: number;
}

const PAGE = 65536;

/** Operations between two looks at the clock, and two chances for the page to draw. */
const CHUNK = 50_000;

/**
 * Does what a trace did, on another allocator; its operations come in parts. `pause` is awaited between chunks; if it
 * says so, the replay ends there and is null.
 *
 * Growths are seen at the length of memory, so several within one operation count as one.
 */
export async function replay(
  parts: Iterable<Steps> | AsyncIterable<Steps>,
  calls: Calls,
  pause: (done: number) => Promise<boolean> = () => Promise.resolve(true),
  now: () => number = () => performance.now(),
): Promise<Replayed | null> {
  const slots: Slots = { address: [], size: [], align: [] };
  const before = calls.memory.buffer.byteLength;
  const tally = { refused: 0, growths: 0 };
  let [time, operations] = [0, 0];
  for await (const part of parts) {
    for (let from = 0; from < part.count; from += CHUNK) {
      const to = Math.min(part.count, from + CHUNK);
      const start = now();
      chunk(part, calls, from, to, slots, tally);
      time += now() - start;
      if (!(await pause(operations + to))) return null;
    }
    operations += part.count;
  }
  const pages = (calls.memory.buffer.byteLength - before) / PAGE;
  return { time, operations, pages, ...tally };
}

/** By number of the block. */
interface Slots {
  readonly address: number[];
  readonly size: number[];
  readonly align: number[];
}

function chunk(plan: Steps, calls: Calls, from: number, to: number, slots: Slots, tally: { refused: number; growths: number }): void {
  let buffer = calls.memory.buffer;
  for (let i = from; i < to; i++) {
    const slot = plan.slot[i]!;
    const step = plan.step[i]!;
    const size = Math.max(1, plan.size[i]!);
    const address = slots.address[slot] ?? 0;
    if (step === Step.Free) {
      if (address !== 0) calls.deallocate(address, slots.size[slot]!, slots.align[slot]!);
      slots.address[slot] = 0;
    } else if (step === Step.Reallocate) {
      if (address === 0) continue;
      // An address above 2 GiB comes as a negative number.
      const moved = calls.reallocate(address, slots.size[slot]!, slots.align[slot]!, size) >>> 0;
      if (moved === 0) tally.refused++;
      else {
        slots.address[slot] = moved;
        slots.size[slot] = size;
      }
    } else {
      const align = plan.align[i]!;
      const block = (step === Step.Zeroed ? calls.allocate_zeroed(size, align) : calls.allocate(size, align)) >>> 0;
      if (block === 0) tally.refused++;
      slots.address[slot] = block;
      slots.size[slot] = size;
      slots.align[slot] = align;
    }
    // Growth gives the memory a new buffer.
    if (calls.memory.buffer !== buffer) {
      buffer = calls.memory.buffer;
      tally.growths++;
    }
  }
}
