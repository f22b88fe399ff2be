import { Trace } from "../model/trace";
import { OpfsStore } from "./store-opfs";
import { TraceWriter } from "./trace-writer";
import { RECORD_WORDS } from "../wire/trace-layout";

/** Records that stay in memory: 64 MiB. */
const MOST = 4_000_000;

/** A trace whose beginning is in memory: once it is long, all of it goes to the browser's file system, and `count` stays. */
export class SpillingTrace extends Trace {
  /** Writes the file; null while all of it is in memory. */
  file: TraceWriter | null = null;

  constructor(private readonly most = MOST) {
    super();
  }

  /** The number of records, those in the file included. */
  get total(): number {
    return this.file?.total ?? this.count;
  }

  override push(head: number, a: number, b: number, c: number): void {
    if (this.file === null && this.count < this.most) super.push(head, a, b, c);
    else this.append(Uint32Array.of(head, a, b, c));
  }

  override append(records: Uint32Array): void {
    if (this.file === null && this.count + records.length / RECORD_WORDS <= this.most) {
      super.append(records);
      return;
    }
    if (this.file === null) {
      const { kind, pages, rate, sites } = this;
      this.file = new TraceWriter(new OpfsStore(), { kind, pages, rate }, sites);
      this.file.append(this.words.subarray(0, this.count * RECORD_WORDS));
    }
    this.file.append(records);
  }
}
