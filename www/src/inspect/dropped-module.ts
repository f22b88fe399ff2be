import { Callables, loadGlue, startAlone } from "../dropped";
import { reason, type HeapExports } from "../modules";
import { reportOf } from "../model/report";
import { NoStandIn } from "../model/stand-ins";
import { checkGlue, checkHeader, MOST_BYTES, signatures, wantsGlue } from "../model/wasm-file";
import { en } from "../text/inspect";

/** A module that was dropped, and runs. */
export interface Running {
  readonly name: string;
  readonly size: number;
  readonly glue: string | null;
  /** The exports for its inspector; `null` where it has no memory. */
  readonly exports: HeapExports | null;
  /** Imports that this page stands in for, as `module.name`. */
  readonly imports: readonly string[];
  readonly callables: Callables;
  /** Tells why its allocator stopped it, if it did. */
  readonly report: () => string | null;
  /** Starts it again, from the same bytes. */
  readonly again: () => Promise<Running>;
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
  ) {
    super(text);
  }
}

interface Script {
  readonly name: string;
  readonly text: string;
}

/** Starts what files are: a module, or a module and its glue. `waiting` is a module from before, whose glue may be among them. Throws `Refused`. */
export async function startFiles(files: readonly File[], waiting: Bytes | null): Promise<Running> {
  const scripts = files.filter(({ name }) => /\.m?js$/i.test(name));
  const others = files.filter((file) => !scripts.includes(file) && !/\.(ts|map|json|md|html)$/i.test(file.name));
  if (scripts.length > 1) throw new Refused(en.module.severalScripts);
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
  const script = scripts[0] === undefined ? null : { name: scripts[0].name, text: await scripts[0].text() };
  if (script !== null) {
    const glueFault = checkGlue(script.text);
    if (glueFault !== null) throw new Refused(en.module.glueFault(script.name, glueFault), [], wasm);
    return start(wasm, module, script);
  }
  const wants = wantsGlue(WebAssembly.Module.imports(module));
  if (wants !== null) throw new Refused(en.module.wantsGlue(wasm.name, wants.length), wants, wasm);
  return start(wasm, module, null);
}

async function start(wasm: Bytes, module: WebAssembly.Module, glue: Script | null): Promise<Running> {
  const { name, bytes } = wasm;
  let exports: Record<string, unknown>;
  let callables: Callables;
  try {
    if (glue === null) {
      exports = await startAlone(bytes, module);
      const known = signatures(bytes);
      callables = new Callables(exports, (each) => known.get(each) ?? null);
    } else {
      const loaded = await loadGlue(glue.text, module);
      exports = loaded.exports;
      const own = Object.entries(loaded.glue).filter(([each]) => each !== "default" && each !== "initSync");
      callables = new Callables(Object.fromEntries(own), () => null);
    }
  } catch (error) {
    if (error instanceof NoStandIn) throw new Refused(en.module.noStandIn(name, error.message));
    throw new Refused(glue === null ? en.module.stopped(name, reason(error)) : en.module.glueFailed(glue.name, reason(error)), [], glue === null ? null : wasm);
  }
  const memory = Object.values(exports).find((each) => each instanceof WebAssembly.Memory) ?? null;
  const global = (key: string): WebAssembly.Global | undefined =>
    exports[key] instanceof WebAssembly.Global ? exports[key] : undefined;
  return {
    name,
    size: bytes.length,
    glue: glue?.name ?? null,
    exports: memory === null ? null : { memory, BONSAI_HEAP: global("BONSAI_HEAP"), BONSAI_TRACE: global("BONSAI_TRACE") },
    imports: glue === null ? WebAssembly.Module.imports(module).map((each) => `${each.module}.${each.name}`) : [],
    callables,
    report: () => reportOf({ ...exports, memory }),
    again: () => start(wasm, module, glue),
  };
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
