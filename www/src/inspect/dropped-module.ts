import type { Callables } from "../dropped";
import { reason, type HeapExports } from "../modules";
import { reportOf } from "../model/report";
import { NoStandIn } from "../model/stand-ins";
import { checkGlue, checkHeader, isGo, MOST_BYTES, wantsGlue } from "../model/wasm-file";
import type { Names, Search } from "../record/find";
import { borrowNames } from "../record/find";
import { rewrite, type Refusal } from "../record/rewrite";
import { Malformed } from "../wire/wasm-binary";
import { memoryLayout, type MemoryLayout } from "../wire/memory-layout";
import { readModule, withNames } from "../wire/wasm-module";
import { en } from "../text/inspect";
import { NoStart } from "./glue";
import { RingSource } from "./ring-tape";
import { startModule } from "./start-module";
import type { Recordable, Tape } from "./tape";

/** A module that was dropped: what is known of it before it runs. */
export interface Prepared {
  readonly name: string;
  readonly size: number;
  readonly glue: string | null;
  /** Imports that this page stands in for, as `module.name`. */
  readonly imports: readonly string[];
  /** The functions of its allocator. */
  readonly search: Search;
  /** The reason why it cannot be recorded; null if it can be. */
  readonly refusal: Refusal | null;
  /** The file that names its functions: its own name, another's, or "" if none does. */
  readonly named: string;
  /** It tells of its own heap, and needs no search: a heap of this crate. */
  readonly described: boolean;
  /** The places of stack and data, as the file tells them. */
  readonly layout: MemoryLayout;
  /** Starts it, from the same bytes each time. `rate` in bytes a sample of call sites; `null` does not record. Throws `Refused`. */
  readonly start: (rate: number | null) => Promise<Running>;
  /** Takes names from another file. Throws `Refused`. */
  readonly lend: (file: File) => Promise<Prepared>;
}

/** A module that was dropped, and runs. */
export interface Running {
  readonly prepared: Prepared;
  /** The exports for its inspector; `null` where it has no memory. */
  readonly exports: HeapExports | null;
  readonly callables: Callables;
  readonly source: Recordable | null;
  /** The recording that began with its first instruction. */
  readonly tape: Tape | null;
  /** Tells why its allocator stopped it, if it did. */
  readonly report: () => string | null;
}

/** A file that was read. */
export interface Bytes {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The reason why something could not be done, in a sentence for the page. */
export class Refused extends Error {
  constructor(
    text: string,
    /** Names of imports. */
    readonly detail: readonly string[] = [],
    /** A module that waits for its glue. */
    readonly waiting: Bytes | null = null,
    /** It can be looked at elsewhere: in its own page, or in Node. */
    readonly elsewhere = false,
  ) {
    super(text);
  }
}

interface Script {
  readonly name: string;
  readonly text: string;
}

/** Reads what files are: a module, or a module and its glue. `waiting` is a module from before, whose glue may be among them. Throws `Refused`. */
export async function prepareFiles(files: readonly File[], waiting: Bytes | null): Promise<Prepared> {
  const scripts = files.filter(({ name }) => /\.[mc]?js$/i.test(name));
  const others = files.filter((file) => !scripts.includes(file) && !/\.(ts|map|json|md|html)$/i.test(file.name));
  if (others.length > 1) throw new Refused(en.module.severalModules);
  const wasm = others[0] === undefined ? waiting : await read(others[0]);
  if (wasm === null) throw new Refused(scripts.length > 0 ? en.module.scriptAlone : en.module.noModule);
  const fault = checkHeader(wasm.bytes);
  if (fault !== null) throw new Refused(en.module.fault(wasm.name, fault));
  let module: WebAssembly.Module;
  try {
    module = await WebAssembly.compile(wasm.bytes);
  } catch (error) {
    throw new Refused(en.module.broken(wasm.name, reason(error)));
  }
  if (isGo(WebAssembly.Module.imports(module))) throw new Refused(en.module.go(wasm.name));
  const glue = await glueOf(scripts, wasm);
  const wants = glue === null ? wantsGlue(WebAssembly.Module.imports(module)) : null;
  if (wants !== null) throw new Refused(en.module.wantsGlue(wasm.name, wants.length), wants, wasm);
  return prepare(wasm, module, glue, null);
}

/** The one script that loads no other file: glue for bundlers comes with one that does. */
async function glueOf(files: readonly File[], wasm: Bytes): Promise<Script | null> {
  const scripts = await Promise.all(files.map(async (file) => ({ name: file.name, text: await file.text() })));
  const faults = scripts.map(({ text }) => checkGlue(text));
  const alone = scripts.filter((_, i) => faults[i] === null);
  if (alone.length > 1) throw new Refused(en.module.severalScripts);
  if (alone[0] !== undefined) return alone[0];
  if (scripts[0] === undefined) return null;
  throw new Refused(en.module.glueFault(scripts[0].name, faults[0]!), [], wasm, true);
}

/** Names of functions, and the file that they are from. */
interface Lent {
  readonly names: Names;
  readonly from: string;
}

const NOTHING: Search = { found: [], missing: ["allocate", "free"] };

function prepare(wasm: Bytes, module: WebAssembly.Module, glue: Script | null, lent: Lent | null): Prepared {
  const exported = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  const done = rewrite(wasm.bytes, lent?.names);
  const refusal = done.ok ? null : done.refusal;
  const own = (): boolean => {
    try {
      return readModule(wasm.bytes).names.size > 0;
    } catch (error) {
      if (error instanceof Malformed) return false;
      throw error;
    }
  };
  const prepared: Prepared = {
    name: wasm.name,
    size: wasm.bytes.length,
    glue: glue?.name ?? null,
    imports: glue === null ? WebAssembly.Module.imports(module).map((each) => `${each.module}.${each.name}`) : [],
    search: done.ok ? done : done.refusal.why === "no-allocator" ? done.refusal : NOTHING,
    // One that keeps its own trace is recorded by that.
    refusal: exported.has("BONSAI_TRACE") ? null : refusal,
    named: lent?.from ?? (own() ? wasm.name : ""),
    described: exported.has("BONSAI_HEAP") || exported.has("BONSAI_REPORT"),
    layout: memoryLayout(wasm.bytes),
    start: async (rate) => {
      const rewritten = done.ok && !exported.has("BONSAI_TRACE");
      // Stacks have the names that were lent.
      const bytes = rewritten ? (lent === null ? done.bytes : withNames(done.bytes, lent.names)) : wasm.bytes;
      return run(prepared, { bytes, module: rewritten ? await WebAssembly.compile(bytes) : module }, glue, rate);
    },
    lend: async (file) => prepare(wasm, module, glue, { from: file.name, names: await namesIn(file, wasm) }),
  };
  return prepared;
}

async function run(prepared: Prepared, wasm: { readonly bytes: Uint8Array<ArrayBuffer>; readonly module: WebAssembly.Module }, glue: Script | null, rate: number | null): Promise<Running> {
  try {
    const { seen, callables, source, tape } = await startModule(wasm, glue?.text ?? null, rate);
    const { exports, memory } = seen;
    const global = (key: string): WebAssembly.Global | undefined => (exports[key] instanceof WebAssembly.Global ? exports[key] : undefined);
    const all = memory === null ? null : { memory, BONSAI_HEAP: global("BONSAI_HEAP"), BONSAI_TRACE: global("BONSAI_TRACE") };
    const ring = all?.BONSAI_TRACE === undefined ? null : new RingSource(all);
    return { prepared, exports: all, callables, source: source ?? ring, tape, report: () => reportOf({ ...exports, memory }) };
  } catch (error) {
    if (error instanceof NoStandIn) throw new Refused(en.module.noStandIn(prepared.name, error.message), [], null, true);
    if (glue === null) throw new Refused(en.module.stopped(prepared.name, reason(error)));
    throw new Refused(error instanceof NoStart ? en.module.glueFault(glue.name, error.fault) : en.module.glueFailed(glue.name, reason(error)), [], null, true);
  }
}

/** Larger files of names are not read. */
const MOST_NAMES = 64 * 2 ** 20;

async function namesIn(file: File, wasm: Bytes): Promise<Names> {
  if (file.size > Math.max(MOST_NAMES, MOST_BYTES)) throw new Refused(en.module.lend.large(file.name, file.size));
  const bytes = new Uint8Array(await file.arrayBuffer());
  let names: ReturnType<typeof borrowNames>;
  try {
    names = borrowNames(readModule(wasm.bytes), checkHeader(bytes) === null ? readModule(bytes) : new TextDecoder().decode(bytes));
  } catch (error) {
    if (error instanceof Malformed) throw new Refused(en.module.lend.fault(file.name, wasm.name, "none"));
    throw error;
  }
  if (typeof names === "string") throw new Refused(en.module.lend.fault(file.name, wasm.name, names));
  return names;
}

async function read(file: File): Promise<Bytes> {
  if (file.size > MOST_BYTES) {
    throw new Refused(en.module.fault(file.name, { why: "large", size: file.size, most: MOST_BYTES }));
  }
  try {
    return { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
  } catch (error) {
    throw new Refused(en.module.unreadable(file.name, reason(error)));
  }
}
