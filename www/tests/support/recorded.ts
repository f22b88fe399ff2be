import { Trace, survivors } from "../../src/model/trace";
import { SiteTable } from "../../src/model/trace-sites";
import { rewrite } from "../../src/record/rewrite";
import { siteTaker } from "../../src/record/stack";
import { ownExports, Tap } from "../../src/record/tap";

/** A module that runs, and is recorded from its first instruction, call sites included. */
export interface Recorded {
  readonly exports: WebAssembly.Exports;
  /** Functions of the stacks that were taken. */
  functions(): Set<string>;
  /** The blocks that live by the recording, by address, with what was asked for them. */
  live(): Map<number, number>;
}

/** Rewrites a module, and starts it. Each allocation's call site is taken. */
export function recorded(bytes: Uint8Array<ArrayBuffer>, imports: WebAssembly.Imports = {}): Recorded {
  const done = rewrite(bytes);
  if (!done.ok) throw new Error(done.refusal.why);
  const raw = new WebAssembly.Instance(new WebAssembly.Module(done.bytes), imports).exports;
  const tap = new Tap(raw);
  const sites = new SiteTable();
  const trace = new Trace();
  trace.rate = 1;
  trace.sites = sites.stacks;
  tap.start(trace, 1, siteTaker(sites));
  tap.begin();
  return {
    exports: ownExports(raw),
    functions: () => new Set(sites.stacks.flat()),
    live: () => {
      tap.drain();
      return new Map(survivors(trace).map(({ address, size }) => [address, size]));
    },
  };
}
