// Runs a WASI program with threads in Node: node wasi-threads.mjs MODULE. Each thread is a worker, which runs this file too.
//
// What WASI functions the program imports is written here: Node's own do not know a memory that is shared.
import { randomFillSync } from "node:crypto";
import { readFileSync, writeSync } from "node:fs";
import { Worker, isMainThread, workerData } from "node:worker_threads";

const GOOD = 0;
const NO_SUCH_FILE = 8;

class Exit extends Error {
  constructor(code) {
    super(`the program ended with ${code}`);
    this.code = code;
  }
}

function wasi(memory) {
  const view = () => new DataView(memory.buffer);
  /** Writes that there are none of something, and that they take no room. */
  const none = (count, room) => {
    view().setUint32(count, 0, true);
    view().setUint32(room, 0, true);
    return GOOD;
  };
  return {
    args_get: () => GOOD,
    args_sizes_get: none,
    environ_get: () => GOOD,
    environ_sizes_get: none,
    fd_prestat_get: () => NO_SUCH_FILE,
    fd_prestat_dir_name: () => NO_SUCH_FILE,
    fd_close: () => GOOD,
    fd_fdstat_get: () => NO_SUCH_FILE,
    fd_seek: () => NO_SUCH_FILE,
    fd_write(file, pieces, count, written) {
      let bytes = 0;
      for (let piece = pieces; piece < pieces + 8 * count; piece += 8) {
        const [at, length] = [view().getUint32(piece, true), view().getUint32(piece + 4, true)];
        bytes += writeSync(file, new Uint8Array(memory.buffer, at, length).slice());
      }
      view().setUint32(written, bytes, true);
      return GOOD;
    },
    clock_time_get(_clock, _precision, at) {
      view().setBigUint64(at, process.hrtime.bigint(), true);
      return GOOD;
    },
    random_get(at, length) {
      new Uint8Array(memory.buffer, at, length).set(randomFillSync(new Uint8Array(length)));
      return GOOD;
    },
    sched_yield: () => GOOD,
    // Only threads that wait for others call it; they look again.
    poll_oneoff: () => GOOD,
    proc_exit(code) {
      throw new Exit(code);
    },
  };
}

/** A thread's instance over the memory of all. Threads take their numbers from `last`. */
function instance({ module, memory, last }) {
  const spawn = (argument) => {
    const number = Atomics.add(last, 0, 1) + 1;
    new Worker(new URL(import.meta.url), { workerData: { module, memory, last, number, argument } });
    return number;
  };
  const imports = { env: { memory }, wasi_snapshot_preview1: wasi(memory), wasi: { "thread-spawn": spawn } };
  return new WebAssembly.Instance(module, imports).exports;
}

if (isMainThread) {
  const module = new WebAssembly.Module(readFileSync(process.argv[2]));
  // What the program is linked with (targets.test.mjs).
  const [initial, maximum] = process.argv.slice(3).map(Number);
  const memory = new WebAssembly.Memory({ initial, maximum, shared: true });
  try {
    instance({ module, memory, last: new Int32Array(new SharedArrayBuffer(4)) })._start();
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    process.exitCode = error.code;
  }
} else {
  instance(workerData).wasi_thread_start(workerData.number, workerData.argument);
}
