import { readFileSync } from "node:fs";
import type { Ground } from "../../src/model/tour";
import type { Subject } from "../../src/model/session";
import { handlesOf, HeapSubject, type HandleClasses, type Handles } from "../../src/subjects";
import { file } from "./files";

/** The compiled module of the workbench for that allocator; for tests in Node. */
export const workbench = (allocator: string): WebAssembly.Module =>
  new WebAssembly.Module(readFileSync(file(`workbench-${allocator}`, ".wasm")));

/** An instance of the handles' package of its own. */
export async function handles(): Promise<Handles> {
  const glue = (await import(`${file("handles", ".js").href}?${Math.random()}`)) as HandleClasses & {
    initSync: (from: { module: Uint8Array }) => void;
  };
  glue.initSync({ module: readFileSync(file("handles", "_bg.wasm")) });
  return handlesOf(glue);
}

export const subject = (make: Handles, ground: Ground): Subject =>
  ground.kind === "heap" ? new HeapSubject(workbench(ground.heap)) : make(ground);
