import { course, type Trace } from "./trace";

/** An event of Chrome's trace format: a counter (`C`) or the name of the process (`M`). */
interface ChromeEvent {
  readonly name: string;
  readonly ph: "C" | "M";
  /** Microseconds. */
  readonly ts: number;
  readonly pid: number;
  readonly tid: number;
  readonly args: Readonly<Record<string, number | string>>;
}

export interface ChromeTrace {
  readonly displayTimeUnit: "ms";
  readonly traceEvents: readonly ChromeEvent[];
}

/** Counters over time, as Perfetto and chrome://tracing open them: a few thousand points, whatever
 * the length of the trace. Perfetto puts the argument's name behind the counter's. */
export function chromeTrace(trace: Trace, program: string, points = 4000): ChromeTrace {
  const { live, blocks, pages, time } = course(trace, points);
  const common = { pid: 1, tid: 1 };
  const events: ChromeEvent[] = [{ name: "process_name", ph: "M", ts: 0, ...common, args: { name: program } }];
  for (let i = 0; i < live.length; i++) {
    const ts = Math.round(time[i]! * 1000);
    events.push(
      { name: "live", ph: "C", ts, ...common, args: { bytes: live[i]! } },
      { name: "blocks", ph: "C", ts, ...common, args: { live: blocks[i]! } },
      { name: "linear memory", ph: "C", ts, ...common, args: { bytes: pages[i]! * 65536 } },
    );
  }
  return { displayTimeUnit: "ms", traceEvents: events };
}
