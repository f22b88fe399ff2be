// The command line.

import { parseArgs } from "node:util";

import { REFERENCE, TIMED } from "../../../modules/table.mjs";
import { SHAPES } from "./shapes.mjs";

export const ENGINES = ["node", "chromium", "firefox", "wasmtime"];

export const USAGE = `\
usage: node benches/suite/run.mjs [options]
  --quick          a picture in about two minutes: fewer rounds, Node only unless --engine says otherwise
  --smoke          only shows that everything works: tiny runs of watched modules, nothing is timed
  --peer NAMES     of ${TIMED.join(", ")}
  --shape NAMES    names of shapes, or parts of them; or "shapes", "programs", "all"
  --engine NAMES   of ${ENGINES.join(", ")}; or "all"
  --reference NAME whose time the others' is divided by (talc)
  --record         keep the record of --quick or of a selection too
  --from FILE      measures nothing: writes docs and charts again from a record
Several names are separated by commas. A run without --peer, --shape, --engine and --quick writes its
record to benches/results, charts to docs/charts, and docs/benchmarks.md.`;

/** Reads the arguments of a run; throws for those that make no sense. */
export function parse(args) {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: "boolean", default: false },
      smoke: { type: "boolean", default: false },
      record: { type: "boolean", default: false },
      from: { type: "string" },
      peer: { type: "string", multiple: true, default: [] },
      shape: { type: "string", multiple: true, default: [] },
      engine: { type: "string", multiple: true, default: [] },
      reference: { type: "string", default: REFERENCE },
      help: { type: "boolean", default: false },
    },
  });
  const list = (given) => given.flatMap((names) => names.split(",")).map((name) => name.trim()).filter(Boolean);
  const [peers, shapes, engines] = [list(values.peer), list(values.shape), list(values.engine)];
  if (values.quick && values.smoke) throw new Error("--quick or --smoke, not both");
  known(peers, TIMED, "allocator");
  known([values.reference], TIMED, "allocator");
  known(engines, [...ENGINES, "all"], "engine");
  return {
    help: values.help,
    from: values.from,
    effort: values.smoke ? "smoke" : values.quick ? "quick" : "full",
    complete: peers.length + shapes.length + engines.length === 0,
    record: values.record,
    reference: values.reference,
    allocators: peers.length > 0 ? TIMED.filter((name) => peers.includes(name)) : TIMED,
    chosenByName: peers,
    shapes: select(shapes),
    engines: engines.includes("all") ? ENGINES : engines.length > 0 ? engines : values.quick || values.smoke ? ["node"] : ENGINES,
    enginesByName: engines.length > 0,
  };
}

function known(names, all, what) {
  const stranger = names.find((name) => !all.includes(name));
  if (stranger !== undefined) throw new Error(`no ${what} is named "${stranger}"; there are ${all.join(", ")}`);
}

function select(names) {
  if (names.length === 0 || names.includes("all")) return SHAPES;
  for (const name of names) {
    if (!SHAPES.some((shape) => fits(shape, name))) {
      throw new Error(`no shape is named "${name}"; there are ${SHAPES.map((shape) => shape.name).join(", ")}`);
    }
  }
  return SHAPES.filter((shape) => names.some((name) => fits(shape, name)));
}

/** A whole name means that shape alone, even if it is a part of another's. */
function fits(shape, name) {
  if (shape.set === name || shape.name === name) return true;
  return shape.name.includes(name) && !SHAPES.some((other) => other.name === name);
}
