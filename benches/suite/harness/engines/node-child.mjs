// The process that `node.mjs` starts.

import { readFileSync } from "node:fs";

import { measure } from "../measure.mjs";

const compiled = new Map();

/**
 * Milliseconds that the processor has worked for this process. What else the machine does meanwhile
 * does not count; nothing but the run itself is at work here.
 */
function clock() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

process.on("message", ({ load, jobs }) => {
  if (load) {
    for (const [key, path] of Object.entries(load)) {
      compiled.set(key, new WebAssembly.Module(readFileSync(path)));
    }
    process.send(true);
  } else {
    process.send(
      jobs.map((job) => {
        const result = measure(compiled.get(job.module), job, clock);
        // The memory of the instance, before the next one is timed.
        globalThis.gc();
        return result;
      }),
    );
  }
});
