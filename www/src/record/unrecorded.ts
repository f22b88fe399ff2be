import type { SeenModule } from "./intercept";

const BUILD = "Build it with names: clang's -g, wasm-opt -g, asc --debug, Emscripten's --profiling-funcs, Rust's strip = false";

/** Returns the reason why a module is not recorded, and the way out, as the end of a sentence. */
export function unrecorded({ refusal }: SeenModule, recording: boolean): string {
  if (!recording) return "recording was off (BONSAI_RECORD=0).";
  if (refusal === null) return "it was compiled elsewhere: in another thread, or before this was loaded.";
  switch (refusal.why) {
    case "malformed":
      return `its code could not be read: ${refusal.what} at byte ${refusal.offset}.`;
    case "no-memory":
      return "it has no memory of its own.";
    case "wide-memory":
      return "its memory is of 64 bits.";
    case "rewritten":
      return "it was rewritten to be recorded before. Give the file as it was built.";
    case "no-allocator":
      return `neither names nor exports tell the functions of its allocator, and its code is not dlmalloc's. ${BUILD}.`;
  }
}
