import type { Maker, Replacements } from "../record/replace";

/**
 * Gives a worker that was started from a blob the address of its own script back: what it loads by relative addresses, and what it
 * reads in `location`, are those of the script.
 */
export function rebase(realm: typeof globalThis, replaced: Replacements, script: string): void {
  const absolute = (url: unknown): unknown => (typeof url === "string" && URL.canParse(url, script) ? new URL(url, script).href : url);
  const first = (name: "importScripts" | "fetch"): void => {
    const own = (realm as unknown as Partial<Record<string, (...args: unknown[]) => unknown>>)[name];
    // `importScripts` takes several; of `fetch` only the first is an address.
    if (own !== undefined) replaced.call(realm, name, (args) => own.apply(realm, name === "fetch" ? [absolute(args[0]), ...args.slice(1)] : args.map(absolute)));
  };
  first("importScripts");
  first("fetch");
  for (const name of ["Request", "EventSource"]) {
    const own = (realm as unknown as Partial<Record<string, Maker>>)[name];
    if (own !== undefined) replaced.construct(realm, name, ([url, ...more], made) => Reflect.construct<unknown[], object>(own, [absolute(url), ...more], made));
  }
  if (typeof realm.XMLHttpRequest === "function") {
    const { open } = XMLHttpRequest.prototype as { readonly open: (...args: unknown[]) => void };
    replaced.call(XMLHttpRequest.prototype, "open", ([method, url, ...more], request) => {
      Reflect.apply(open, request, [method, absolute(url), ...more]);
    });
  }
  replaced.put(realm, "location", new URL(script));
}
