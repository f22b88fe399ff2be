import { Trace } from "../model/trace";
import { SiteTable } from "../model/trace-sites";
import { siteTaker } from "../record/stack";
import type { Tap } from "../record/tap";

/** A recording that runs: the records so far, and how more of them come. */
export interface Tape {
  readonly trace: Trace;
  /** Takes what waits. Returns the reason why the recording cannot go on, or "". */
  drain(): string;
  stop(): void;
  /** Makes the samples of the calls that follow this recording's. */
  called(): void;
}

/** A module whose operations can be recorded. */
export interface Recordable {
  /** Begins a recording; `rate` in bytes a sample of call sites, 0 for none. Returns the reason, if it cannot begin. */
  start(rate: number): Tape | string;
}

const PAGE = 65536;

/** Records a module that was rewritten. */
export class TapSource implements Recordable {
  /** `make` makes the trace that records go to. */
  constructor(
    private readonly tap: Tap,
    private readonly make: () => Trace = () => new Trace(),
  ) {}

  start(rate: number): Tape {
    const { tap } = this;
    const sites = new SiteTable(true);
    const trace = this.make();
    trace.pages = tap.memory.buffer.byteLength / PAGE;
    trace.rate = rate;
    trace.sites = sites.stacks;
    tap.start(trace, rate, rate === 0 ? null : siteTaker(sites));
    return {
      trace,
      drain: () => {
        tap.drain();
        return "";
      },
      stop: () => { tap.stop(); },
      called: () => undefined,
    };
  }
}
