import { captureStack, type SiteTable } from "../model/trace-sites";
import { HOOK_NAME } from "./hook";
import type { TakeSite } from "./tap";

/** Returns what takes the stack of an operation, from the function that asked the allocator on. */
export function siteTaker(sites: SiteTable): TakeSite {
  const take = (): number => sites.take(callers(captureStack(take)));
  return take;
}

/** Leaves out the hook's lines, and the next, which is the allocator's function. */
function callers(stack: string): string {
  const hook = stack.lastIndexOf(HOOK_NAME);
  const allocator = hook < 0 ? -1 : stack.indexOf("\n", hook);
  const next = allocator < 0 ? -1 : stack.indexOf("\n", allocator + 1);
  return next < 0 ? stack : stack.slice(next + 1);
}
