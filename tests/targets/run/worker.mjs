// One thread over a shared memory, in a worker of Node's or of a browser's: it calls the module's functions when it is asked to.
const inNode = globalThis.process?.versions?.node !== undefined;
const port = inNode ? (await import("node:worker_threads")).parentPort : globalThis;
const heard = (act) => (inNode ? port.on("message", act) : port.addEventListener("message", ({ data }) => act(data)));

const STACK = 1 << 16;
let module, memory, own;

/** An instance with a stack and thread-local storage of its own, at these addresses. */
function thread(stack, tls) {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  exports.__stack_pointer.value = stack + STACK;
  exports.__wasm_init_tls(tls);
  return exports;
}

/** Threads that come and go: each gets its room from the heap, works, and gives it back. */
function short({ threads, seed, rounds }) {
  const size = own.__tls_size.value + own.__tls_align.value;
  for (let number = 0; number < threads; number++) {
    const [stack, tls] = [own.room(STACK), own.room(size)];
    const outcome = thread(stack, tls).churn(seed + number, rounds);
    own.give_room(tls, size);
    own.give_room(stack, STACK);
    if (outcome !== 0) return outcome;
  }
  return 0;
}

heard((asked) => {
  if (asked.begin) {
    ({ module, memory } = asked.begin);
    own = thread(asked.begin.stack, asked.begin.tls);
    port.postMessage({ answer: 0 });
    return;
  }
  if (asked.gate) {
    // All begin in the same moment: a worker that waits would be woken at another one.
    Atomics.add(asked.gate, 0, 1);
    while (Atomics.load(asked.gate, 0) < asked.together);
  }
  const at = own.__tls_base.value;
  if (asked.storage !== undefined) own.__tls_base.value = asked.storage;
  const answer = asked.short ? short(asked.short) : own[asked.call](...asked.args);
  own.__tls_base.value = at;
  port.postMessage({ answer });
});
