import { closeSync, openSync, writeSync } from "node:fs";
import { deflateRawSync } from "node:zlib";
import { findHeaps } from "../headless";
import { SiteTable } from "../model/trace-sites";
import { writeDump, type About } from "./dump";
import { fileName } from "./caller";
import { intercept, type SeenInstance } from "./intercept";
import { LiveSamples } from "./live";
import { report } from "./report";
import { siteTaker } from "./stack";

/**
 * `node --import @bonsai-alloc/heap-inspector/node app.mjs`: reports the heaps of all modules of a program. How
 * is told by environment variables, which docs/recording.md lists.
 */

const { env } = process;
const number = (text: string | undefined, otherwise: number): number => {
  const value = Number(text ?? "");
  return text === undefined || text === "" || !Number.isFinite(value) || value < 0 ? otherwise : value;
};
const RATE = number(env["BONSAI_RATE"], 16_384);
const RECORD = env["BONSAI_RECORD"] !== "0";
const SIGNAL = env["BONSAI_SIGNAL"] ?? "SIGUSR2";
/** The beginning of the names of dumps; none are written without it. */
const DUMP = env["BONSAI_DUMP"] ?? "";
/** Modules of fewer bytes are Node's own more often than not. */
const LEAST = number(env["BONSAI_LEAST"], 0);
/** Call sites that a dump keeps. */
const SITES = 200;
const EVERY = 250;

interface Watched {
  readonly seen: SeenInstance;
  readonly name: string;
  readonly live: LiveSamples | null;
  readonly sites: SiteTable;
}

const watched: Watched[] = [];

function watch(seen: SeenInstance): void {
  if (seen.memory === null || (seen.size ?? LEAST) < LEAST) return;
  const sites = new SiteTable();
  const live = seen.tap === null ? null : new LiveSamples(RATE);
  const each: Watched = { seen, name: `module ${watched.length + 1}${seen.from === "" ? "" : ` (${fileName(seen.from)})`}`, live, sites };
  watched.push(each);
  if (seen.tap === null || live === null) return;
  seen.tap.start(live, RATE, RATE === 0 ? null : siteTaker(sites));
  seen.tap.onRefused = () => {
    tell("refused", each);
  };
}

/** Reasons that are told once a module: a program that goes on would tell them for ever. */
const ONCE = ["refused", "trap"];
const told = new Set<string>();

function tell(reason: About["reason"], only: Watched | null = null): void {
  for (const each of only === null ? watched : [only]) {
    const { seen, live, sites, name } = each;
    const { memory, tap } = seen;
    const key = `${reason} ${name}`;
    if (memory === null || (ONCE.includes(reason) && told.has(key))) continue;
    told.add(key);
    // Within a request that was refused the module runs: what it wrote so far is taken, and no more.
    if (reason === "refused") tap?.take();
    else tap?.drain();
    const about = {
      name,
      reason,
      time: Date.now(),
      bytes: memory.buffer.byteLength,
      counters: live?.counters ?? null,
      sites: live?.sites(sites.stacks).slice(0, SITES) ?? [],
      rate: RATE,
    };
    // Modules without a heap and without a recording have nothing to tell.
    if (live === null && findHeaps(memory).length === 0) continue;
    process.stderr.write(`\n${report(memory.buffer, about)}`);
    if (DUMP !== "") dump(memory.buffer, about, `${DUMP}-${process.pid}-${watched.indexOf(each) + 1}-${reason}.bonsai`);
  }
}

function dump(buffer: ArrayBufferLike, about: About, path: string): void {
  try {
    const file = openSync(path, "w");
    try {
      for (const part of writeDump(buffer, about, (bytes) => deflateRawSync(bytes, { level: 1 }))) writeSync(file, part);
    } finally {
      closeSync(file);
    }
    process.stderr.write(`Dump: ${path}\n`);
  } catch (error) {
    process.stderr.write(`The dump could not be written to ${path}: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

const isTrap = (error: unknown): boolean => error instanceof WebAssembly.RuntimeError || (error instanceof RangeError && /stack/i.test(error.message));

intercept(WebAssembly, { record: () => RECORD, onInstance: watch });
const grow = Object.getOwnPropertyDescriptor(WebAssembly.Memory.prototype, "grow")!;
Object.defineProperty(WebAssembly.Memory.prototype, "grow", {
  ...grow,
  value: function (this: WebAssembly.Memory, ...pages: unknown[]): unknown {
    try {
      return Reflect.apply(grow.value as () => number, this, pages);
    } catch (error) {
      for (const each of watched) if (each.seen.memory === this) tell("refused", each);
      throw error;
    }
  },
});
setInterval(() => {
  for (const { seen } of watched) seen.tap?.drain();
}, EVERY).unref();
process.on("exit", () => {
  tell("exit");
});
process.on("uncaughtExceptionMonitor", (error) => {
  if (isTrap(error)) tell("trap");
});
if (SIGNAL !== "") {
  process.on(SIGNAL as NodeJS.Signals, () => {
    tell("signal");
  });
}
