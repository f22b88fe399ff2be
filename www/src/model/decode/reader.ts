import { fail } from "./damage";

/** Checked reads over one buffer. Made anew for each read: growth detaches the old buffer. */
export class Reader {
  readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(buffer: ArrayBufferLike) {
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
  }

  get length(): number {
    return this.bytes.length;
  }

  word(address: number): number {
    if (address % 4 !== 0) fail("align", address, address);
    if (address + 4 > this.length) fail("beyond", address, address);
    return this.view.getUint32(address, true);
  }

  /** Refuses a range that is not all in memory. */
  hold(address: number, length: number): void {
    if (address + length > this.length) fail("beyond", address, address + length);
  }
}

/** Notices that a list runs in a circle soon after its first round, in no memory (Brent's way). */
export class Circle {
  private mark = -1;
  private steps = 0;
  private limit = 1;

  refuse(at: number): void {
    if (at === this.mark) fail("cycle", at, at);
    if (++this.steps < this.limit) return;
    this.mark = at;
    this.steps = 0;
    this.limit *= 2;
  }
}
