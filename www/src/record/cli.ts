import { accessSync, constants, existsSync, openAsBlob, readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { LongTrace } from "../model/long-trace";
import { REPLAYED } from "../model/replayed";
import { isUnfinished, type TraceDamage } from "../model/trace-file";
import type { Calls } from "../model/trace-replay";
import { File, FILE_MAGIC } from "../wire/trace-layout";
import { readDump, type DumpFault } from "./dump";
import { report } from "./report";
import { blockLines } from "./report-blocks";
import { reportTrace, type Peer } from "./report-trace";

/** `npx heap-inspector report FILE`: prints what a dump or a recording holds. */

const USAGE = `Usage: heap-inspector report FILE.bonsai|FILE.bontrace
       heap-inspector --help | --version
Reports a dump or a recording, which node --import @bonsai-alloc/heap-inspector/node writes.
`;
const FAULTS: Readonly<Record<DumpFault | TraceDamage["is"], string>> = {
  unfinished: "is a recording that was not finished: its program was killed before it could write the end. Let it end by itself, or by SIGINT or SIGTERM",
  foreign: "is neither a dump nor a recording: node --import @bonsai-alloc/heap-inspector/node writes them",
  version: "is of another version: use the heap-inspector that wrote it",
  cut: "is cut off: its end is missing",
  damaged: "is damaged: write it again",
  empty: "is empty",
  large: "is too large",
  header: "has a damaged header: write it again",
  long: "is longer than its header says: the program was stopped before it could end its recording",
  record: "has a damaged record: write it again",
  sites: "has damaged call sites: write it again",
};

/** This script. The bundler takes an address made of it in one expression for a file that it knows. */
const HERE = import.meta.url;

/** The allocators of the package, which `vite.component.config.ts` puts beside this script. */
const peers = (): Peer[] =>
  REPLAYED.flatMap((name) => {
    const file = new URL(`./allocators/${name}.wasm`, HERE);
    if (!existsSync(file)) return [];
    const module = new WebAssembly.Module(readFileSync(file));
    return [{ name, start: () => new WebAssembly.Instance(module).exports as unknown as Calls }];
  });

/** A recording is empty until its first segment is full. */
const begins = async (file: Blob, path: string): Promise<boolean> =>
  file.size === 0 ? path.endsWith(".bontrace") : isUnfinished(new Uint8Array(await file.slice(0, File.bytes).arrayBuffer()));

async function reportFile(path: string): Promise<string> {
  const file = await openAsBlob(path);
  if ((await file.slice(0, FILE_MAGIC.length).text()) === FILE_MAGIC) {
    const trace = await LongTrace.open(file);
    if (trace instanceof LongTrace) return reportTrace(trace, basename(path), peers());
    throw new Error(FAULTS[trace?.is ?? "damaged"]);
  }
  if (await begins(file, path)) throw new Error(FAULTS.unfinished);
  const dump = await readDump(file);
  if (typeof dump === "string") throw new Error(FAULTS[dump]);
  return report(dump.memory, dump.about) + blockLines(dump.memory, peers()).map((line) => `${line}\n`).join("");
}

const FILE_ERRORS: Readonly<Record<string, string>> = { ENOENT: "there is no such file", EACCES: "it may not be read" };

/** Throws with a sentence where there is no file to read. */
function checkFile(path: string): void {
  try {
    if (statSync(path).isDirectory()) throw new Error("is a directory: give one of the files in it");
    accessSync(path, constants.R_OK);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    throw code in FILE_ERRORS ? new Error(FILE_ERRORS[code]) : error;
  }
}

const version = (): string => (JSON.parse(readFileSync(new URL("./package.json", HERE), "utf8")) as { version: string }).version;

function refuse(why: string): void {
  process.stderr.write(`heap-inspector: ${why}\n${USAGE}`);
  process.exitCode = 2;
}

const [command, path, ...more] = process.argv.slice(2);
if (command === "--help" || command === "-h") process.stdout.write(USAGE);
else if (command === "--version") process.stdout.write(`${version()}\n`);
else if (command === undefined) refuse("give a command");
else if (command !== "report") refuse(`there is no command ${command}`);
else if (path === undefined || more.length > 0) refuse("report takes one file");
else {
  try {
    checkFile(path);
    process.stdout.write(await reportFile(path));
  } catch (error) {
    process.stderr.write(`${path}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
