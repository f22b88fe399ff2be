// One run of one shape. This file runs in Node and in browsers' workers alike.

/**
 * A fresh instance, so that a run starts from the memory that a program starts from; the compiled
 * code is shared by all instances of a module, so it is as warm as earlier runs made it.
 */
export function measure(module, { shape, steps, seed }, clock = () => performance.now()) {
  let exports;
  try {
    ({ exports } = new WebAssembly.Instance(module, {}));
    const initial = exports.memory.buffer.byteLength / 65536;
    const start = clock();
    const checksum = exports.run(shape, steps, seed);
    const ms = clock() - start;
    const result = {
      ms,
      initial,
      checksum: BigInt.asUintN(64, checksum).toString(16),
      pages: exports.memory.buffer.byteLength / 65536,
    };
    if (exports.watched_live !== undefined) {
      result.watched = {};
      for (const [name, value] of Object.entries(exports)) {
        if (name.startsWith("watched_")) result.watched[name.slice(8)] = value() >>> 0;
      }
    }
    return result;
  } catch (error) {
    return { error: error.message, damaged: exports?.damaged?.() === 1 };
  }
}
