// What `Heap` is to reach, and whether a record shows that it does. Nothing stands here but the goals, and how a record shows them.

import { REFERENCE } from "../../../modules/table.mjs";
import { geomean } from "./statistics.mjs";

const OWN = "heap";
const BOUND = "bound";
const DEFAULT = "dlmalloc";
/** Peers by what they are held against. */
const ANY_SHAPE = ["talc", "dlmalloc", "rlsf"];
const PROGRAM = ["talc", "wasmalloc"];

/** The lower bound cheats where it wastes more pages than `Heap` may have at worst. */
const CHEATS = 1.15;

/** By more than this a goal is missed, however uncertain the value is. */
const DOUBT = 0.05;

/**
 * Each goal: its name, a limit (`least` or `most`), how a value is written, and how to find it among the shapes of an
 * engine, or in the whole record: `{ value, where, uncertainty }`, or nothing where that was not measured.
 */
const GOALS = [
  {
    name: "Speed by talc's, geometric mean of the shapes",
    least: 1.7,
    write: times,
    ofEngine: (shapes) => {
      const ratios = timed(shapes).map((shape) => timeBy(shape, OWN, REFERENCE)?.value);
      return whole(ratios) && { value: 1 / geomean(ratios) };
    },
  },
  {
    name: "Speed by wasmalloc's, geometric mean of the shapes",
    least: 1.15,
    write: times,
    ofEngine: (shapes) => {
      const ratios = timed(shapes).map((shape) => timeBy(shape, OWN, "wasmalloc")?.value);
      return whole(ratios) && { value: 1 / geomean(ratios) };
    },
  },
  {
    name: "Time by the fastest of talc, dlmalloc and rlsf, worst shape",
    most: 1,
    write: times,
    ofEngine: (shapes) => worst(timed(shapes), (shape) => timeByFastest(shape, OWN, ANY_SHAPE)),
  },
  {
    name: "Time of real programs by dlmalloc's, geometric mean",
    most: 0.94,
    write: times,
    ofEngine: (shapes) => {
      const ratios = programs(shapes).map((shape) => timeBy(shape, OWN, DEFAULT)?.value);
      return whole(ratios) && { value: geomean(ratios) };
    },
  },
  {
    name: "Time of real programs by the faster of talc and wasmalloc, geometric mean",
    most: 0.99,
    write: times,
    ofEngine: (shapes) => {
      const ratios = programs(shapes).map((shape) => timeByFastest(shape, OWN, PROGRAM)?.value);
      return whole(ratios) && { value: geomean(ratios) };
    },
  },
  {
    name: "Time of real programs by the faster of talc and wasmalloc, worst program",
    most: 1.02,
    write: times,
    ofEngine: (shapes) => worst(programs(shapes), (shape) => timeByFastest(shape, OWN, PROGRAM)),
  },
  {
    name: "Time by the lower bound's, worst of the shapes where that does not cheat",
    most: 1.25,
    write: times,
    ofEngine: (shapes) => worst(honest(shapes), (shape) => timeBy(shape, OWN, BOUND)),
  },
  {
    name: "Speed of 64 zeroed blocks of 4 MiB by std's default's",
    least: 4,
    write: times,
    ofEngine: (shapes) => {
      const found = find(shapes, "zeroed", (shape) => timeBy(shape, DEFAULT, OWN));
      return found && { value: found.value, uncertainty: found.uncertainty };
    },
  },
  {
    name: "Peak pages by the best of dlmalloc, talc and rlsf, geometric mean of the shapes",
    most: 1.02,
    write: times,
    ofMemory: (shapes) => {
      const ratios = counted(shapes).map((shape) => shape.figures[OWN]?.frugal);
      return whole(ratios) && { value: geomean(ratios) };
    },
  },
  {
    name: "Peak pages by the best of dlmalloc, talc and rlsf, worst shape",
    most: 1.1,
    write: times,
    ofMemory: (shapes) => worst(counted(shapes), (shape) => wrap(shape.figures[OWN]?.frugal)),
  },
  {
    name: "Peak pages of real programs by dlmalloc's, geometric mean",
    most: 1,
    write: times,
    ofMemory: (shapes) => {
      const ratios = programs(shapes).map(({ figures, peerPages }) => figures[OWN]?.pages / peerPages[DEFAULT]);
      return whole(ratios) && { value: geomean(ratios) };
    },
  },
  {
    name: "Pages by dlmalloc's after 1,000 rounds of odd big buffers",
    most: 1.1,
    write: times,
    ofMemory: (shapes) =>
      find(shapes, "ratchet", ({ figures, peerPages }) => wrap(figures[OWN]?.pages / peerPages[DEFAULT])),
  },
  {
    name: "Pages of a Vec pushed to 32 MiB",
    most: 560,
    write: (value) => String(value),
    ofMemory: (shapes) => find(shapes, "pushes", ({ figures }) => wrap(figures[OWN]?.pages)),
  },
  {
    name: "Code added to a module",
    most: 3000,
    write: (value) => `${value.toLocaleString("en")} B`,
    ofRecord: ({ size }) => wrap(size?.net[OWN]),
  },
];

const ours = (shapes) => shapes.filter(({ set }) => set === "shapes");
const programs = (shapes) => shapes.filter(({ set }) => set === "programs");
const timed = (shapes) => ours(shapes).filter(({ inTimeMean }) => inTimeMean);
const counted = (shapes) => ours(shapes).filter(({ inPagesMean }) => inPagesMean);
const honest = (shapes) => timed(shapes).filter(({ figures }) => figures[BOUND]?.frugal <= CHEATS);

const wrap = (value) => (Number.isFinite(value) ? { value } : undefined);
/** A mean over some of the shapes would be one of a choice. */
const whole = (values) => values.length > 0 && values.every((value) => value !== undefined && !Number.isNaN(value));

function find(shapes, name, measure) {
  const shape = shapes.find((one) => one.name === name);
  return shape && measure(shape);
}

/** One allocator's time by another's, and how uncertain that is. Both were measured against the reference, in the same rounds. */
function timeBy({ figures }, allocator, by) {
  const [one, other] = [figures[allocator], figures[by]];
  if (one?.ratio === undefined || other?.ratio === undefined) return undefined;
  return { value: one.ratio / other.ratio, uncertainty: Math.hypot(one.uncertainty, other.uncertainty) };
}

/** One allocator's time by that of whichever of the others was fastest; of those that were measured. */
function timeByFastest(shape, allocator, others) {
  const all = others.map((other) => timeBy(shape, allocator, other)).filter((one) => one !== undefined);
  return all.length === 0 ? undefined : all.reduce((most, one) => (one.value > most.value ? one : most));
}

/** The largest value, and the shape that has it. */
function worst(shapes, measure) {
  const all = shapes.map((shape) => ({ ...measure(shape), where: shape.name }));
  if (!whole(all.map(({ value }) => value))) return undefined;
  return all.reduce((most, one) => (one.value > most.value ? one : most));
}

function times(value) {
  return value.toFixed(2);
}

/**
 * Whether a value reaches its goal. What misses it by less than two standard errors is neither: another run
 * may find it on the other side. But a machine that is busy is no excuse for more than that.
 */
function judge({ least, most }, { value, uncertainty = 0 }) {
  const miss = least === undefined ? value / most - 1 : 1 - value / least;
  if (miss <= 0) return { verdict: "met" };
  return { verdict: miss <= Math.min(2 * uncertainty, DOUBT) ? "within the error" : "missed", miss };
}

/**
 * Every goal: `{ name, goal, results: [{ engine, text, verdict, miss, where, uncertainty, value }] }`. `engine` is undefined
 * where it makes no difference; no results mean that the record does not have what it takes.
 */
export function assess(record) {
  return GOALS.map((goal) => {
    const found = [];
    if (goal.ofEngine) {
      for (const { name, shapes } of record.engines) found.push({ engine: name, ...goal.ofEngine(shapes) });
    } else {
      // Pages are the same in every engine.
      found.push({ engine: undefined, ...(goal.ofRecord?.(record) ?? goal.ofMemory?.(record.engines[0].shapes)) });
    }
    const results = found
      .filter(({ value }) => value !== undefined)
      .map((result) => ({ ...result, text: goal.write(result.value), ...judge(goal, result) }));
    const limit = goal.least === undefined ? `at most ${goal.write(goal.most)}` : `at least ${goal.write(goal.least)}`;
    return { name: goal.name, goal: limit, results };
  });
}

/** Shapes at which the lower bound cheats, so that nobody is held against it. */
export function cheated(record) {
  const { shapes } = record.engines[0];
  const rest = honest(shapes);
  return timed(shapes).filter((shape) => shape.figures[BOUND]?.frugal !== undefined && !rest.includes(shape)).map(({ name }) => name);
}
