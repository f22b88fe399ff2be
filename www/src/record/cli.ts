import { openAsBlob } from "node:fs";
import { readDump } from "./dump";
import { report } from "./report";

/** `npx heap-inspector report FILE`: prints what a dump holds. */

const USAGE = "Usage: heap-inspector report FILE.bonsai\n";
const FAULTS = {
  foreign: "is not a dump: node --import @bonsai-alloc/heap-inspector/node writes them",
  version: "is a dump of another version: use the heap-inspector that wrote it",
  cut: "is cut off: its end is missing",
  damaged: "is damaged: write it again",
} as const;

const [command, path, ...more] = process.argv.slice(2);
if (command !== "report" || path === undefined || more.length > 0) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  try {
    const dump = await readDump(await openAsBlob(path));
    if (typeof dump === "string") throw new Error(FAULTS[dump]);
    process.stdout.write(report(dump.memory, dump.about));
  } catch (error) {
    process.stderr.write(`${path}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
