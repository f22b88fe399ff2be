/** The engine's own WebAssembly, for modules that are ours: somebody may have replaced it to see what a page compiles. */

const KEY = Symbol.for("bonsai_alloc.engine");
const realm = globalThis as { [KEY]?: typeof WebAssembly };

/** Returns the engine's own, as far as it was kept. */
export const engine = (): typeof WebAssembly => realm[KEY] ?? WebAssembly;

/** Keeps the engine's own before it is replaced; returns what forgets it. */
export function keepEngine(): () => void {
  if (realm[KEY] !== undefined) return () => undefined;
  const own = Object.create(null, Object.getOwnPropertyDescriptors(WebAssembly)) as typeof WebAssembly;
  Object.defineProperty(realm, KEY, { configurable: true, value: own });
  return () => { Reflect.deleteProperty(realm, KEY); };
}
