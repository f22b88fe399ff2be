import { Reader } from "../formats/foreign";
import type { Contender } from "../model/compare";
import { decode } from "../model/decode";
import type { Parser } from "../model/file-compare";
import type { Source } from "../model/samples";
import { loadProgram } from "../modules";

/** This page's program in a fresh module on that allocator, for one file. */
export async function loadParser(who: Contender, { kind, text }: Source): Promise<Parser> {
  const program = await loadProgram(who);
  const { memory, BONSAI_HEAP } = program.exports;
  const reader = BONSAI_HEAP === undefined ? new Reader() : null;
  return {
    get memory() {
      return memory.buffer.byteLength;
    },
    parse: () => { program.parse(kind, text); },
    clear: () => { program.clear(); },
    look: () => {
      if (reader !== null) return reader.read(memory);
      const decoded = decode(memory.buffer, Number(BONSAI_HEAP!.value));
      return decoded.ok ? decoded.snapshot : null;
    },
  };
}
