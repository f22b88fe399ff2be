import type { Reader } from "../formats/foreign";
import { decode, type Decoded } from "../model/decode";
import { find, type Inspectable } from "../model/inspectable";

/** A heap that is read again and again: in a module's memory, described or searched for, or decoded elsewhere. */
export class HeapSource {
  readonly memory: WebAssembly.Memory | null = null;
  /** The source exports no memory. */
  readonly bare: boolean;
  /** Names of the allocators that were looked for in vain, once their code is there. */
  looked: readonly string[] | null = null;
  /** Null where the module has none: its heap is searched for. */
  private readonly descriptor: number | null = null;
  private reader: Reader | null = null;

  /** `there` is called when a heap can be searched for. */
  static of(source: Inspectable, there: () => void): HeapSource {
    return new HeapSource(source, null, there);
  }

  /** A heap that is decoded in a worker: `read` gives its last moment, null before there is one. */
  static elsewhere(read: () => Decoded | null): HeapSource {
    return new HeapSource(null, read, () => undefined);
  }

  private constructor(source: Inspectable | null, private readonly given: (() => Decoded | null) | null, there: () => void) {
    const found = source === null ? null : find(source);
    this.bare = found?.is === "no-memory";
    if (found === null || found.is === "no-memory") return;
    this.memory = found.memory;
    if (found.is === "heap") this.descriptor = found.descriptor;
    else {
      void import("../formats/foreign").then(({ Reader, ALLOCATORS }) => {
        this.reader = new Reader(found.layout);
        this.looked = ALLOCATORS;
        there();
      });
    }
  }

  /** Reads a new buffer each time: growth detaches the one before. Null where no heap is found. */
  read(): Decoded | null {
    const { memory } = this;
    if (memory === null) return this.given?.() ?? null;
    if (this.descriptor !== null) return decode(memory.buffer, this.descriptor);
    const snapshot = this.reader?.read(memory) ?? null;
    return snapshot === null ? null : { ok: true, snapshot };
  }

  /** Bytes of memory as they are now. */
  peek(from: number, length: number): Uint8Array {
    const buffer = this.memory?.buffer;
    return buffer === undefined || from + length > buffer.byteLength ? new Uint8Array() : new Uint8Array(buffer, from, length).slice();
  }
}
