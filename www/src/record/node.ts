import type { EventEmitter } from "node:events";
import { closeSync, openSync, writeSync } from "node:fs";
import { isMainThread, threadId } from "node:worker_threads";
import { deflateRawSync } from "node:zlib";
import { findHeaps } from "../headless";
import { SiteTable } from "../model/trace-sites";
import { File } from "../wire/trace-layout";
import { writeDump, type About } from "./dump";
import { fileName } from "./caller";
import { intercept, type SeenInstance } from "./intercept";
import { countsOf, LiveSamples } from "./live";
import { heading, report } from "./report";
import { bytesFrom, signalFrom, switchFrom } from "./settings";
import { siteTaker } from "./stack";
import { FileStore } from "./store-file";
import type { Sink } from "./tap";
import { TraceWriter } from "./trace-writer";
import { unrecorded } from "./unrecorded";

/**
 * `node --import @bonsai-alloc/heap-inspector/node app.mjs`: reports the heaps of all modules of a program. How
 * is told by environment variables, which docs/recording.md lists.
 */

const { env } = process;
const RATE = bytesFrom("BONSAI_RATE", 16_384);
const RECORD = switchFrom("BONSAI_RECORD");
const SIGNAL = signalFrom("BONSAI_SIGNAL", "SIGUSR2");
/** The beginning of the names of dumps; none are written without it. */
const DUMP = env["BONSAI_DUMP"] ?? "";
/** The beginning of the names of recordings; none are written without it. */
const TRACE = env["BONSAI_TRACE"] ?? "";
/** Modules of fewer bytes are not looked at. */
const LEAST = bytesFrom("BONSAI_LEAST", 0);
/** The part of file names that is this program's or thread's own: threads of a process count their modules by themselves. */
const OWNER = isMainThread ? `${process.pid}` : `${process.pid}-thread${threadId}`;
/** Call sites that a dump keeps. */
const SITES = 200;
const PAGE = 65536;
const EVERY = 250;
/** Node's own libraries: the parsers of `fetch` and of CommonJS modules are modules too. */
const isOwn = (from: string): boolean => from.startsWith("node:internal/deps/");

interface Watched {
  readonly seen: SeenInstance;
  readonly name: string;
  readonly live: LiveSamples | null;
  readonly sites: SiteTable;
  /** The file that each operation goes to. */
  readonly trace: { readonly path: string; readonly writer: TraceWriter } | null;
}

const watched: Watched[] = [];

function watch(seen: SeenInstance): void {
  if (seen.memory === null || (seen.size ?? LEAST) < LEAST || isOwn(seen.from)) return;
  const sites = new SiteTable();
  const live = seen.tap === null ? null : new LiveSamples(RATE);
  const trace = seen.tap === null || TRACE === "" ? null : traceFile(`${TRACE}-${OWNER}-${watched.length + 1}.bontrace`, seen.memory, sites);
  const each: Watched = { seen, name: `module ${watched.length + 1}${seen.from === "" ? "" : ` (${fileName(seen.from)})`}`, live, sites, trace };
  watched.push(each);
  if (seen.tap === null || live === null) return;
  seen.tap.start(trace === null ? live : both(trace.writer, live), RATE, RATE === 0 ? null : siteTaker(sites));
  seen.tap.onRefused = () => {
    tell("refused", each);
  };
}

function traceFile(path: string, memory: WebAssembly.Memory, { stacks }: SiteTable): Watched["trace"] {
  try {
    return { path, writer: new TraceWriter(new FileStore(path, File.bytes), { kind: 0, pages: memory.buffer.byteLength / PAGE, rate: RATE }, stacks) };
  } catch (error) {
    process.stderr.write(`The recording could not be written to ${path}: ${reasonOf(error)}\n`);
    return null;
  }
}

/** Takes each operation, writes it, and counts it for the report. */
const both = (writer: TraceWriter, live: LiveSamples): Sink => ({
  append: (records) => {
    writer.append(records);
    live.append(records);
    live.count(countsOf(records));
  },
});

let ended = false;

/** Reports, and ends the recordings, once; their files are complete when this returns. */
function end(): void {
  if (ended) return;
  ended = true;
  tell("exit");
  for (const { trace } of watched) {
    if (trace === null) continue;
    const { path, writer } = trace;
    writer.finish().catch(() => undefined);
    process.stderr.write(
      writer.failure === "" ? `Recording: ${path}${writer.lost === 0 ? "" : `, in which ${writer.lost} records are missing`}\n` : `The recording could not be written to ${path}: ${writer.failure}\n`,
    );
  }
}

/**
 * Ends as on exit at a signal that would kill the program, and lets it be killed. While the program listens to the signal
 * itself this does not: what it does then, and what libraries see of listeners, is as without this.
 */
function endAt(signal: NodeJS.Signals): void {
  const listener = (): void => {
    end();
    process.off(signal, listener);
    process.kill(process.pid, signal);
  };
  const emitter: Pick<EventEmitter, "on" | "prependListener"> = process;
  let others = false;
  process.on(signal, listener);
  // In front of Node's own, which begins to catch a signal at its first listener.
  emitter.prependListener("newListener", (name: string | symbol, added: unknown) => {
    if (name !== signal || added === listener) return;
    others = true;
    process.off(signal, listener);
  });
  emitter.on("removeListener", (name: string | symbol, removed: unknown) => {
    if (name !== signal || (removed === listener && others) || ended || process.listenerCount(signal) > 0) return;
    others = false;
    process.on(signal, listener);
  });
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Reasons that are told once a module: a program that goes on would tell them for ever. */
const ONCE = ["refused", "trap"];
/** The number of times that each was told, by reason and module. */
const told = new Map<string, number>();

function tell(reason: About["reason"], only: Watched | null = null): void {
  for (const each of only === null ? watched : [only]) {
    const { seen, live, sites, name } = each;
    const { memory, tap } = seen;
    const key = `${reason} ${name}`;
    const before = told.get(key) ?? 0;
    if (memory === null || (ONCE.includes(reason) && before > 0)) continue;
    told.set(key, before + 1);
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
      ...(live === null ? { unrecorded: unrecorded(seen, RECORD) } : {}),
    };
    if (seen.refusal?.why === "wide-memory") {
      process.stderr.write(`\n${heading(about)}\nIts memory is of 64 bits: neither its heap is read, nor is it recorded.\n`);
      continue;
    }
    process.stderr.write(`\n${report(memory.buffer, about)}`);
    // Without a heap and without a recording a dump has nothing to tell.
    if (DUMP !== "" && (live !== null || findHeaps(memory).length > 0)) dump(memory.buffer, about, `${DUMP}-${OWNER}-${watched.indexOf(each) + 1}-${reason}${before === 0 ? "" : `-${before + 1}`}.bonsai`);
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
    process.stderr.write(`The dump could not be written to ${path}: ${reasonOf(error)}\n`);
  }
}

const isTrap = (error: unknown): boolean => error instanceof WebAssembly.RuntimeError || (error instanceof RangeError && /stack/i.test(error.message));

intercept(WebAssembly, { record: (from) => RECORD && !isOwn(from), onInstance: watch });
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
process.on("exit", end);
process.on("uncaughtExceptionMonitor", (error) => {
  if (isTrap(error)) tell("trap");
});
// Threads hear of no signals.
if (isMainThread) for (const signal of ["SIGINT", "SIGTERM"] as const) if (signal !== SIGNAL) endAt(signal);
if (SIGNAL !== "") {
  process.on(SIGNAL, () => {
    tell("signal");
  });
}
