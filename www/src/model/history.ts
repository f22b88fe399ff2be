import type { Figures } from "./metrics";

/** What was seen of a heap, moment by moment. */
export interface Moment extends Figures {
  /** What the program had just done, in a word or two. */
  readonly label: string;
}

/** The last `limit` moments and what must not be forgotten of those before them. */
export class History {
  readonly moments: Moment[] = [];
  /** Moments that are no longer in `moments`. */
  forgotten = 0;
  highLive = 0;
  highCommitted = 0;

  constructor(private readonly limit = 400) {}

  add(moment: Moment): void {
    this.moments.push(moment);
    this.highLive = Math.max(this.highLive, moment.live);
    this.highCommitted = Math.max(this.highCommitted, moment.committed);
    if (this.moments.length > this.limit) {
      this.moments.shift();
      this.forgotten++;
    }
  }

  get last(): Moment | undefined {
    return this.moments[this.moments.length - 1];
  }
}
