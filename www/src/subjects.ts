import { instantiate, workbenchOf, type WorkbenchExports } from "./modules";
import { decode } from "./model/decode";
import type { Core } from "./model/scenario";
import type { Subject } from "./model/session";
import { Blocks, State } from "./model/snapshot";
import { en } from "./text/sandbox";

/** Live allocators for the sandbox and the lessons: cores through their handles, and heaps in modules of their own. */

/** A core over a region of its own. Addresses are the module's; errors are JavaScript Errors. */
export interface Handle extends Subject {
  /** Gives the region back. */
  free(): void;
}

/** A class of the handles' package. */
interface RawHandle {
  allocate(size: number, align: number): number;
  deallocate(address: number): void;
  reset(): void;
  /** A count, and (address, size, state) of each block, in a buffer that the next call may reuse. */
  snapshot(): Uint32Array;
  free(): void;
}

const STATES = [State.Live, State.Free, State.Meta, State.Gap] as const;

class Wrapped implements Handle {
  constructor(private readonly raw: RawHandle) {}

  allocate(size: number, align: number): number {
    return this.raw.allocate(size, align);
  }

  deallocate(address: number): void {
    this.raw.deallocate(address);
  }

  reset(): void {
    this.raw.reset();
  }

  blocks(): Blocks {
    const words = this.raw.snapshot();
    const count = words[0] ?? 0;
    const blocks = new Blocks(Math.max(1, count));
    for (let i = 1; i <= 3 * count; i += 3) {
      blocks.push(words[i]!, words[i + 1]!, STATES[words[i + 2]!] ?? State.Unknown);
    }
    return blocks;
  }

  free(): void {
    this.raw.free();
  }
}

/** The handles' package: makes cores. */
export type Handles = (core: Core) => Handle;

/** The exports of the glue of the handles. */
export interface HandleClasses {
  readonly Buddy: new (regionBytes: number, smallest: number) => RawHandle;
  readonly Slab: new (blockSize: number, count: number) => RawHandle;
  readonly Bump: new (regionBytes: number) => RawHandle;
}

export const handlesOf =
  (glue: HandleClasses): Handles =>
  (core) => {
    switch (core.kind) {
      case "buddy":
        return new Wrapped(new glue.Buddy(core.region, core.smallest));
      case "slab":
        return new Wrapped(new glue.Slab(core.blockSize, core.count));
      case "bump":
        return new Wrapped(new glue.Bump(core.region));
    }
  };

/** A heap in a module of its own, which grows. Its state is read from outside. */
export class HeapSubject implements Subject {
  private exports: WorkbenchExports;
  private readonly layouts = new Map<number, readonly [size: number, align: number]>();

  constructor(private readonly module: WebAssembly.Module) {
    this.exports = workbenchOf(module);
  }

  allocate(size: number, align: number): number {
    const address = this.exports.allocate(size, align) >>> 0;
    if (address === 0) throw new Error(en.sandbox.noRoom(size));
    this.layouts.set(address, [size, align]);
    return address;
  }

  deallocate(address: number): void {
    const layout = this.layouts.get(address);
    if (layout === undefined) throw new Error(en.sandbox.nothingAt(address));
    this.layouts.delete(address);
    this.exports.deallocate(address, ...layout);
  }

  /** Memory never shrinks, so this takes a fresh instance. */
  reset(): void {
    this.layouts.clear();
    this.exports = workbenchOf(this.module);
  }

  blocks(): Blocks {
    const { memory, BONSAI_HEAP } = this.exports;
    const decoded = decode(memory.buffer, Number(BONSAI_HEAP?.value));
    if (!decoded.ok) throw new Error(decoded.damage.code);
    return decoded.snapshot.blocks;
  }
}

export async function loadHandles(): Promise<Handles> {
  const { glue } = await instantiate("handles");
  return handlesOf(glue as unknown as HandleClasses);
}
