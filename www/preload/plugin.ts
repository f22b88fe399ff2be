import type { Plugin, Rolldown } from "vite";

/** The room that is entered first, and what it loads by itself before its heap is drawn. */
const FIRST = ["inspect-room", "heap-timeline", "pane-splitter"];
/** The files of the program that it runs. */
const PROGRAM = "src/wasm/demo-heap/";

/**
 * Names in the page's head what the first heap needs. Otherwise each file would be asked for when the one before has come:
 * the page, its script, the room, the program's glue, its module; a phone's network takes a sixth of a second for each.
 * An address that names another room, or another program, does without.
 */
export const preload = (): Plugin => ({
  name: "preload",
  apply: "build",
  transformIndexHtml: {
    order: "post",
    handler: (_, { bundle }) => {
      if (bundle === undefined) return;
      const outputs = Object.values(bundle);
      const chunks = outputs.filter((output) => output.type === "chunk");
      const scripts = [...imported(chunks, chunks.filter(({ name, isDynamicEntry }) => isDynamicEntry && FIRST.includes(name)))];
      const files = outputs
        .filter((output) => output.type === "asset" && output.originalFileNames.some((name) => name.includes(PROGRAM)))
        .map(({ fileName }) => fileName);
      const [glue, wasm] = [".js", ".wasm"].map((end) => files.find((name) => name.endsWith(end)));
      if (scripts.length < FIRST.length) throw new Error(`of ${FIRST.join(", ")}, not all are chunks of their own`);
      // Without built modules, the page says so itself.
      const program = glue === undefined || wasm === undefined ? [] : [["preload", glue, "script"], ["preload", wasm, "fetch"]];
      return [{ tag: "script", injectTo: "head-prepend", children: script(scripts, program) }];
    },
  },
});

/** The files of chunks and of all that they import. */
function imported(chunks: readonly Rolldown.OutputChunk[], of: readonly Rolldown.OutputChunk[], found = new Set<string>()): Set<string> {
  for (const { fileName, imports } of of) {
    if (found.has(fileName)) continue;
    found.add(fileName);
    imported(chunks, chunks.filter((chunk) => imports.includes(chunk.fileName)), found);
  }
  return found;
}

const script = (scripts: readonly string[], program: readonly (readonly string[])[]): string => {
  // The module is the largest file: it comes first, for a browser asks for six at a time.
  const room = scripts.map((name) => ["modulepreload", name, ""]);
  return `(() => {
const add = (all) => { for (const [rel, name, as] of all) document.head.append(Object.assign(document.createElement("link"), { rel, as, crossOrigin: "", href: "./" + name })); };
const place = location.hash.slice(1);
if (!/^(inspect\\b.*)?$/.test(place)) return;
if (!/\\b(on|module|file)=/.test(place)) add(${JSON.stringify(program)});
add(${JSON.stringify(room)});
})();`;
};
