// Panics in a module: calls of the functions that end in one.

/** Functions of core, alloc and std that panic, in either way of mangling names. */
const PANICS = /\d(?:panicking|rust_panic|handle_alloc_error|capacity_overflow|\w+_fail(?:ed)?)(?=\d|E|$)/;
/** Those of them that call each other are no sites of ours. */
const LIBRARY = /^_(?:ZN|R[A-Za-z]*)(?:[A-Za-z]*Cs[0-9A-Za-z]*_)?(?:\d*)(?:4core|3std|5alloc|7___rustc)/;

/**
 * The places of a module's text, as wasm-dis writes it, where a function that is not the standard library's own calls
 * one that panics: `[{ caller, callee }]`. Throws if functions have no names, because then none could be found.
 */
export function panics(text) {
  const found = [];
  let caller;
  let named = false;
  for (const line of text.split("\n")) {
    const begun = /^ \(func \$(\S+)/.exec(line)?.[1];
    if (begun !== undefined) {
      caller = begun;
      named ||= begun.startsWith("_");
    }
    const callee = /\((?:return_)?call \$([^\s)]+)/.exec(line)?.[1];
    if (callee !== undefined && caller !== undefined && PANICS.test(callee) && !LIBRARY.test(caller)) found.push({ caller, callee });
  }
  if (!named) throw new Error("the module's functions have no names");
  return found;
}
