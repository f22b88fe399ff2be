/** Samples after which the distance is looked at again. */
const WINDOW = 32;
/** Milliseconds between stacks that show how little they take: Firefox's clock goes in milliseconds. */
const LONG = 16;
/** A pause counts as no more than this many stacks, so that an idle hour does not pay for a busy second. */
const PAUSE = 64;
/** The most that a record has room for. */
const MOST = 31;

/**
 * Keeps the time for stacks to a fourth of a program's: where they take more, samples become half as many, and where
 * they take far less, twice as many again.
 */
export class Pace {
  /** Samples are 2 to the power of this times as far apart as was asked for. */
  factor = 0;
  private count = 0;
  /** Milliseconds for stacks, and between them, in this window; and the same of all windows. */
  private cost = 0;
  private between = 0;
  private stacks = 0;
  private costs = 0;
  private last = NaN;

  /** Hears that a stack was taken; times in milliseconds. */
  took(from: number, to: number): void {
    this.cost += to - from;
    this.costs += to - from;
    this.stacks++;
    const pause = (PAUSE * this.costs) / this.stacks;
    if (!Number.isNaN(this.last)) this.between += Math.min(from - this.last, pause);
    this.last = to;
    if (++this.count < WINDOW) return;
    if (this.cost * 3 > this.between) this.factor = Math.min(MOST, this.factor + 1);
    else if (this.between < LONG) return;
    else if (this.cost * 12 < this.between) this.factor = Math.max(0, this.factor - 1);
    this.count = this.cost = this.between = 0;
  }
}
