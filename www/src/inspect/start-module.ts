import { Callables } from "../dropped";
import { standIns } from "../model/stand-ins";
import { signatures } from "../model/wasm-file";
import { intercept, type SeenInstance } from "../record/intercept";
import { SpillingTrace } from "../record/spilling-trace";
import { en } from "../text/inspect";
import { runGlue, type Wasm } from "./glue";
import { TapSource, type Tape } from "./tape";

/** An instance that was started, and all that can be called of it. */
export interface Started {
  readonly seen: SeenInstance;
  readonly callables: Callables;
  /** Records it; null if it was not rewritten. */
  readonly source: TapSource | null;
  /** The recording that began with it, if one was asked for. */
  readonly tape: Tape | null;
}

/**
 * Starts a module with its glue, or with stand-ins for what it imports. `rate` in bytes a sample of call sites; `null` does not record. A
 * recording begins before the module's first instruction.
 */
export async function startModule(wasm: Wasm, glue: string | null, rate: number | null): Promise<Started> {
  let seen: SeenInstance | null = null;
  let source: TapSource | null = null;
  let tape: Tape | null = null;
  // Glue makes the instance itself: it is seen as it is made.
  const undo = intercept(WebAssembly, {
    record: () => false,
    onInstance: (instance) => {
      if (seen !== null || (instance.module !== wasm.module && instance.size !== null && instance.size !== wasm.bytes.length)) return;
      seen = instance;
      if (instance.tap === null) return;
      source = new TapSource(instance.tap, () => new SpillingTrace());
      if (rate !== null) tape = source.start(rate);
    },
  });
  const made = (names: Record<string, unknown>, known: (name: string) => ReturnType<ReturnType<typeof signatures>["get"]> | null): Started => {
    if (seen === null) throw new Error(en.module.noInstance);
    return { seen, callables: new Callables(names, (name) => known(name) ?? null), source, tape };
  };
  try {
    if (glue !== null) {
      const names = await runGlue(glue, wasm);
      return made(Object.fromEntries(Object.entries(names).filter(([name]) => name !== "default" && name !== "initSync")), () => null);
    }
    const exports = await startAlone(wasm);
    const known = signatures(wasm.bytes);
    return made(exports, (name) => known.get(name) ?? null);
  } finally {
    undo();
  }
}

/** Starts a module with stand-ins. Throws `NoStandIn`. */
async function startAlone({ bytes, module }: Wasm): Promise<WebAssembly.Exports> {
  if (WebAssembly.Module.imports(module).length === 0) return (await WebAssembly.instantiate(module)).exports;
  const given = standIns(bytes);
  const { exports } = await WebAssembly.instantiate(module, given.imports);
  const memory = Object.values(exports).find((each) => each instanceof WebAssembly.Memory) ?? given.memory;
  if (memory !== null) given.serve(memory);
  // What a library of WASI does before its first call.
  const initialize = exports["_initialize"] as (() => void) | undefined;
  initialize?.();
  return exports;
}
