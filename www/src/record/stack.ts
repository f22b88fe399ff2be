import { captureStack, DEPTH, type SiteTable } from "../model/trace-sites";
import { HOOK_NAME } from "./hook";
import type { TakeSite } from "./tap";

/** Returns what takes the stack of an operation, from the function that asked the allocator on. */
export function siteTaker(sites: SiteTable): TakeSite {
  const engine = Error as unknown as Partial<Engine>;
  if (engine.captureStackTrace !== undefined) return frameTaker(sites, engine as Engine);
  const take = (): number => sites.take(callers(captureStack(take)));
  return take;
}

/** V8's way to get a stack as frames, without a text. */
interface Engine {
  stackTraceLimit: number;
  captureStackTrace(target: object, below: unknown): void;
  prepareStackTrace: ((error: Error, frames: readonly Frame[]) => unknown) | undefined;
}

interface Frame {
  getFileName(): string | null;
  getPosition(): number;
}

/** A frame of the stacks that were seen: those of its callers by place, and the site of the stack that ends here. */
class Place {
  readonly callers = new Map<number, Place>();
  site = 0;
}

/** Places in a file that one number holds; files are numbered. */
const FILE = 2 ** 32;

/** A stack that was seen is found by its frames' places: its text, which takes as long as to take the stack, is made once. */
function frameTaker(sites: SiteTable, engine: Engine): TakeSite {
  const root = new Place();
  const files = new Map<string | null, number>();
  const raw = (_: Error, frames: readonly Frame[]): readonly Frame[] => frames;
  const take = (): number => {
    const { prepareStackTrace, stackTraceLimit } = engine;
    engine.prepareStackTrace = raw;
    engine.stackTraceLimit = DEPTH;
    const target: { stack?: unknown } = {};
    engine.captureStackTrace(target, take);
    const { stack } = target;
    engine.prepareStackTrace = prepareStackTrace;
    engine.stackTraceLimit = stackTraceLimit;
    if (!Array.isArray(stack)) return sites.take(callers(String(stack)));
    let place = root;
    for (const frame of stack as readonly Frame[]) {
      const file = frame.getFileName();
      let number = files.get(file);
      if (number === undefined) files.set(file, (number = files.size));
      const key = number * FILE + frame.getPosition();
      let next = place.callers.get(key);
      if (next === undefined) place.callers.set(key, (next = new Place()));
      place = next;
    }
    if (place.site === 0) place.site = sites.take(callers(stack.map((frame) => `    at ${String(frame)}`).join("\n")));
    return place.site;
  };
  return take;
}

/** Leaves out the hook's lines, and the next, which is the allocator's function. */
function callers(stack: string): string {
  const hook = stack.lastIndexOf(HOOK_NAME);
  const allocator = hook < 0 ? -1 : stack.indexOf("\n", hook);
  const next = allocator < 0 ? -1 : stack.indexOf("\n", allocator + 1);
  return next < 0 ? stack : stack.slice(next + 1);
}
