import { reason } from "../modules";
import { fileKind, FIRST_BYTES } from "../model/file-kind";
import { LongTrace } from "../model/long-trace";
import { kindOf, type Source } from "../model/samples";
import type { Trace } from "../model/trace";
import { MOST_BYTES, open } from "../model/trace-file";
import { readDump, type Dump } from "../record/dump";
import { en } from "../text/inspect";
import { prepareFiles, Refused, type Bytes, type Prepared } from "./dropped-module";

/** Longer texts are not parsed. */
const MOST = 64 * 2 ** 20;

/** Files that were opened, as what they are. */
export type Opened =
  | { readonly is: "text"; readonly source: Source }
  | { readonly is: "module"; readonly prepared: Prepared }
  | { readonly is: "trace"; readonly name: string; readonly trace: Trace }
  | { readonly is: "long"; readonly name: string; readonly long: LongTrace }
  | { readonly is: "dump"; readonly name: string; readonly dump: Dump };

/** Opens files of any kind, by their first bytes. `waiting` is a module whose glue may be among them. Throws `Refused`. */
export async function openFiles(files: readonly File[], waiting: Bytes | null): Promise<Opened> {
  const kinds = await Promise.all(files.map(kindsOf));
  if (kinds.includes("module")) return { is: "module", prepared: await prepareFiles(files, waiting) };
  const file = files[0]!;
  if (kinds[0] === "trace") return openTrace(file);
  return kinds[0] === "dump" ? openDump(file) : openText(file);
}

async function openText(file: File): Promise<Opened> {
  if (file.size > MOST) throw new Refused(en.program.tooLarge(file.name, file.size, MOST));
  let text: string;
  try {
    text = await file.text();
  } catch (error) {
    throw new Refused(en.program.unreadable(file.name, reason(error)));
  }
  return { is: "text", source: { name: file.name, kind: kindOf(file.name, text), text } };
}

async function openTrace(file: File): Promise<Opened> {
  let bytes: Uint8Array;
  try {
    if (file.size > MOST_BYTES) {
      const long = await LongTrace.open(file);
      if (long instanceof LongTrace) return { is: "long", name: file.name, long };
      throw new Refused(en.trace.file(file.name, long!));
    }
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused(en.trace.unreadable(file.name, reason(error)));
  }
  const opened = open(bytes);
  if (!opened.ok) throw new Refused(en.trace.file(file.name, opened.damage));
  return { is: "trace", name: file.name, trace: opened.trace };
}

async function openDump(file: File): Promise<Opened> {
  let dump: Awaited<ReturnType<typeof readDump>>;
  try {
    dump = await readDump(file);
  } catch (error) {
    throw new Refused(en.program.unreadable(file.name, reason(error)));
  }
  if (typeof dump === "string") throw new Refused(en.dump.fault(file.name, dump));
  return { is: "dump", name: file.name, dump };
}

/** A file that cannot be read is of the kind that its name says; what opens it tells why it cannot. */
async function kindsOf(file: File): Promise<ReturnType<typeof fileKind>> {
  try {
    return fileKind(file.name, new Uint8Array(await file.slice(0, FIRST_BYTES).arrayBuffer()));
  } catch {
    return fileKind(file.name, new Uint8Array());
  }
}
