// The programs of compare.mjs in Node.

import { bytes, compare, inModule } from "./compare.mjs";

const module = new WebAssembly.Module(bytes);
compare((programs) => inModule(module, programs), [1, 2, 3], 8);
