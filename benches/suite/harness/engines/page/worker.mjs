// Runs what the page asks for, off its main thread.

import { measure } from "./measure.mjs";

let compiled = {};

self.onmessage = ({ data: { modules, jobs } }) => {
  if (modules) {
    compiled = modules;
    self.postMessage(true);
  } else {
    self.postMessage(jobs.map((job) => measure(compiled[job.module], job)));
  }
};
