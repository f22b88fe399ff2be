// Pages are the same in every run of the same module: those of the peers that memory is compared with
// are kept, so that a run without these peers need not run them.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { FRUGAL } from "../../../modules/table.mjs";
import { target } from "../../../modules/build.mjs";
import { SEED } from "./shapes.mjs";

const PATH = join(target, "pages.json");

export class KeptPages {
  #kept;
  #digests;

  constructor(modules) {
    this.#kept = existsSync(PATH) ? JSON.parse(readFileSync(PATH, "utf8")) : {};
    const digest = (path) => createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 16);
    this.#digests = Object.fromEntries(Object.entries(modules).map(([module, path]) => [module, digest(path)]));
  }

  /** The pages of the peers at a shape: from these results, or kept, or from a run of their own. */
  async complete(engine, shape, results) {
    const pages = {};
    for (const peer of FRUGAL) {
      const module = `${peer}-${shape.set}`;
      const key = `${this.#digests[module]} ${shape.name} ${shape.steps} ${SEED}`;
      this.#kept[key] = results[peer]?.pages ?? this.#kept[key];
      if (this.#kept[key] === undefined) {
        const [run] = await engine.run([{ module, shape: shape.number, steps: shape.steps, seed: SEED }]);
        if (run.error !== undefined) throw new Error(`${peer} failed at ${shape.name}: ${run.error}`);
        this.#kept[key] = run.pages;
      }
      pages[peer] = this.#kept[key];
    }
    return pages;
  }

  save() {
    writeFileSync(PATH, JSON.stringify(this.#kept));
  }
}
