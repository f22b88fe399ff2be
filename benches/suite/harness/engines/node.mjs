// V8 in a Node process of its own: nothing that the driver does shares its heap or its threads.

import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const CHILD = fileURLToPath(new URL("node-child.mjs", import.meta.url));

// Without the baseline compiler the first run is as fast as the last.
const FLAGS = ["--expose-gc", "--no-liftoff"];

export async function node() {
  const child = fork(CHILD, [], { execArgv: FLAGS, serialization: "advanced" });
  // One question at a time.
  let waiting;
  child.on("message", (answer) => waiting.resolve(answer));
  child.on("exit", (code, signal) => waiting?.reject(new Error(`the Node process ended (${signal ?? code})`)));
  const ask = (message) =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject };
      child.send(message);
    });
  return {
    name: "node",
    version: `Node ${process.versions.node} (V8 ${process.versions.v8})`,
    clock: "CPU time of the process",
    load: (modules) => ask({ load: modules }),
    run: (jobs) => ask({ jobs }),
    stop: async () => {
      waiting = undefined;
      child.disconnect();
      await once(child, "exit");
    },
  };
}
