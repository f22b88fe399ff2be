// One thread of a module: instantiates it over the shared memory, with a stack and thread-local
// storage of its own, and runs a load between the others' start and end.

import { parentPort, workerData } from "node:worker_threads";

const { module, memory, gate, stack, tls, load, seed, rounds } = workerData;
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
exports.__stack_pointer.value = stack;
exports.__wasm_init_tls(tls);
exports[load](seed, rounds >> 3); // until the engine has optimised it
parentPort.postMessage("ready");
Atomics.wait(gate, 0, 0);
const start = process.hrtime.bigint();
exports[load](seed + 1, rounds);
const end = process.hrtime.bigint();
parentPort.postMessage({ start, end });
