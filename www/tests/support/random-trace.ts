import { random } from "../../src/model/random";
import { Trace } from "../../src/model/trace";
import { Head, Kind } from "../../src/wire/trace-layout";

/** Makes a trace of a program that allocates, frees, resizes, samples, grows, and of which records are lost now and then. */
export function randomTrace(count: number, seed = 1, { lost = 0 }: { lost?: number } = {}): Trace {
  const part = random(seed);
  const below = (n: number): number => Math.floor(part() * n);
  const trace = new Trace(count);
  trace.kind = 3;
  trace.pages = 17;
  trace.rate = 4096;
  trace.sites = [["leaf", "main"], ["other", "main"]];
  const live: number[] = [];
  const free = Array.from({ length: 4000 }, (_, i) => 1024 + i * 64);
  let [pages, time] = [17, 0];
  while (trace.count < count) {
    const kind = below(100);
    if (part() < lost) {
      const missing = 1 + below(9);
      trace.push(Kind.Lost, 0, missing, 0);
      trace.lost += missing;
    } else if (kind < 45 && free.length > 0) {
      const address = free.splice(below(free.length), 1)[0]!;
      const size = 1 + below(500);
      trace.push(Head.of(kind < 5 ? Kind.Zeroed : Kind.Allocate, below(5)), address, size, 0);
      live.push(address);
      if (part() < 0.1 && trace.count < count) trace.push(Head.of(Kind.Site, below(3)), address, size, 1 + below(2));
    } else if (kind < 80 && live.length > 0) {
      const address = live.splice(below(live.length), 1)[0]!;
      trace.push(Kind.Deallocate, address, 0, 0);
      free.push(address);
    } else if (kind < 95 && live.length > 0 && free.length > 0) {
      const i = below(live.length);
      const from = live[i]!;
      const to = part() < 0.5 ? from : free.splice(below(free.length), 1)[0]!;
      trace.push(Kind.Reallocate, part() < 0.05 ? 0 : to, 1 + below(900), from);
      if (trace.words[trace.count * 4 - 3] === 0) {
        if (to !== from) free.push(to);
      } else {
        live[i] = to;
        if (to !== from) free.push(from);
      }
    } else if (kind < 97) trace.push(Kind.Grow, pages, ++pages, 0);
    else if (kind < 98) trace.push(Kind.Mark, (time += below(4)), 0, 0);
    // A free of a block that nobody knows.
    else trace.push(Kind.Deallocate, 2 ** 31 + below(100) * 8, 0, 0);
  }
  return trace;
}
