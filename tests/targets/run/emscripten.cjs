// Runs what emcc linked, in Node: node emscripten.cjs PROGRAM.js. Its loader of 2022 takes Node for a browser where
// there is `fetch`.
delete globalThis.fetch;
require(require("node:path").resolve(process.argv[2]));
