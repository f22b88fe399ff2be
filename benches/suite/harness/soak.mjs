// What a soak does, what it makes of it, and its report.

import { ALLOCATORS } from "../../../modules/table.mjs";
import { SEED, SHAPES } from "./shapes.mjs";

/** Operations between two looks at memory: every phase has some. */
const SLICE = 25_000;
/** Slices between two looks at all of the heap. */
const CHECK = 16;
/** Operations in which memory may grow: the smaller heaps have seen the most that is live at once only then. */
const WARM_UP = 40_000_000;

/** Returns the end of a soak of so many operations after its warm-up. */
export const warmed = (operations) => ({ operations: WARM_UP + operations, warm: WARM_UP / (WARM_UP + operations) });
/**
 * Memory may then grow by this part of its pages. What is asked for is drawn at random, so that now and then
 * more is live at once than ever before, or lies less well: in a buddy the largest blocks decide, and there are few of those.
 */
export function margin(allocator, minutes) {
  if (allocator === "buddy") return 0.1;
  return minutes ? 0.05 : 0.02;
}
/** Seeds of a program's input; then they come again. */
const SEEDS = 24;

const PROGRAMS = SHAPES.filter(({ set }) => set === "programs");

/** One instance, and what was seen of it. */
export class Soak {
  #exports;
  #programs;
  #slices = 0;
  #checksums = new Map();
  #samples = [];
  #operations = 0;
  #runs = 0;
  #live = 0;
  #warm = 1 / 2;

  /** Of an instance; with real programs if it has them. */
  constructor({ exports }, programs) {
    this.#exports = exports;
    this.#programs = programs;
  }

  get #pages() {
    return this.#exports.memory.buffer.byteLength / 65536;
  }

  /** Goes on until the end, by `{ operations }` or `{ seconds }`; until the part `warm` of it is over, memory may grow. `tell` is told how it goes. */
  run({ operations = Infinity, seconds = Infinity, warm = 1 / 2 }, tell) {
    this.#warm = warm;
    // What the first call allocates for good is not a leak.
    this.#exports.soak(0, SEED);
    this.#exports.soak_end();
    const blocks = this.#exports.soak_blocks();
    const start = performance.now();
    for (let done = 0; done < 1; ) {
      this.#slice();
      const elapsed = (performance.now() - start) / 1000;
      done = Math.max(this.#operations / operations, elapsed / seconds);
      this.#samples.push({ done, seconds: elapsed, operations: this.#operations, runs: this.#runs, pages: this.#pages });
      tell(`${(done * 100).toFixed(0)} %, ${(this.#operations / 1e6).toFixed(1)} million operations, ${this.#pages} pages`);
    }
    this.#exports.soak_end();
    if (this.#exports.soak_sound() !== 1) throw new Error("its check finds its bookkeeping damaged after the end");
    if (this.#exports.soak_live() !== 0) throw new Error("something is live after the end");
    const kept = this.#exports.soak_blocks() - blocks;
    // Programs keep what they compute once.
    if (kept !== 0 && !this.#programs) throw new Error(`${kept} blocks have not come back to the allocator`);
    return this.summary();
  }

  /** Returns the figures so far. */
  summary() {
    const samples = this.#samples;
    const warm = samples.findLast(({ done }) => done <= this.#warm)?.pages ?? this.#pages;
    const pages = this.#pages;
    return { operations: this.#operations, runs: this.#runs, live: this.#live, warm, pages, samples };
  }

  #slice() {
    this.#exports.soak(SLICE, SEED);
    this.#operations += SLICE;
    this.#slices += 1;
    this.#live = Math.max(this.#live, this.#exports.soak_live());
    if (this.#slices % CHECK === 0 && this.#exports.soak_sound() !== 1) throw new Error("its check finds its bookkeeping damaged");
    if (this.#programs) this.#program();
  }

  /** A program, on input that comes again after a while: the same must then come out of it. */
  #program() {
    const at = this.#runs % PROGRAMS.length;
    const variant = Math.floor(this.#runs / PROGRAMS.length) % SEEDS;
    const size = Math.ceil((PROGRAMS[at].steps * (1 + (variant % 4))) / 4);
    const checksum = this.#exports.run(PROGRAMS[at].number, size, SEED + variant);
    this.#runs += 1;
    const key = `${at} ${variant}`;
    const before = this.#checksums.get(key) ?? checksum;
    if (checksum !== before) throw new Error(`${PROGRAMS[at].name} computed something else than with the same input before`);
    this.#checksums.set(key, before);
  }
}

/** Returns the complaint about a soak, if there is one. */
export function judge({ error, warm, pages }, margin) {
  if (error !== undefined) return error;
  const limit = Math.floor(warm * (1 + margin));
  return pages > limit ? `memory has grown on after its warm-up: ${pages} pages, more than ${limit}` : undefined;
}

/** The report. */
export function page(about, results) {
  const margins = new Set(results.map(({ allocator }) => `${100 * margin(allocator, about.minutes)} %`));
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const table = (head, rows) => [line(head), line(head.map((_, at) => (at === 0 ? "---" : "--:"))), ...rows.map(line)].join("\n");
  const count = (number) => number.toLocaleString("en");
  const rows = results.map((result) => {
    const { allocator, operations, runs, live, warm, pages, samples, complaint } = result;
    const grown = samples.find((sample) => sample.pages === pages);
    return [
      ALLOCATORS[allocator].title,
      (samples.at(-1).seconds / 60).toFixed(1),
      count(operations),
      count(runs),
      (live / 65536).toFixed(0),
      warm,
      pages,
      `${(grown.seconds / 60).toFixed(1)}`,
      `${(100 * (pages / warm - 1)).toFixed(0)} %`,
      complaint ?? "bounded",
    ];
  });
  // Twenty points of time are enough to see whether it is flat.
  const points = Array.from({ length: 20 }, (_, at) => (at + 1) / 20);
  const course = points.map((point) => [
    `${(point * 100).toFixed(0)} %`,
    ...results.map(({ samples }) => (samples.findLast(({ done }) => done <= point) ?? samples[0]).pages),
  ]);
  const options = [about.minutes ? `--minutes ${about.minutes}` : "", `--peer ${results.map(({ allocator }) => allocator).join(",")}`];
  return `# Soak
Written by \`node benches/suite/soak.mjs ${options.filter(Boolean).join(" ")} --report\`.

- ${about.date.slice(0, 10)}, commit ${about.commit.slice(0, 12)}${about.changed ? " with changes" : ""}
- ${about.processor}, ${about.cores} cores, ${about.system}; ${about.rustc}
- Node ${process.versions.node} (V8 ${process.versions.v8})

Each heap is the global allocator of one instance that is used from beginning to end. Slices of ${count(SLICE)} operations
(allocations from 8 B to 128 KiB, an eighth of them zeroed and an eighth aligned to 32 up to 4,096 B, resizing, freeing; in phases of small, mixed
and large sizes) ${about.minutes ? `take turns with runs of ${PROGRAMS.map(({ name }) => name).join(", ")}, on input of ${SEEDS} seeds and four sizes` : "follow each other"}.
Blocks live on from slice to slice (what programs keep while they run comes on top of what is counted as live), and are looked at before they are resized or freed, ${about.minutes ? "the same input must give the same result, " : ""}and the heap's own \`check\`
must find it sound again and again. Memory may grow in ${about.minutes ? "the first half" : `the first ${count(WARM_UP)} operations`}, and by ${[...margins].join(" or ")} at most from there to the end.

${table(["", "minutes", "operations", "programs run", "live blocks at most, pages", "pages after warm-up", "at the end", "last grown, minute", "grown after warm-up", ""], rows)}

Pages of the whole linear memory in the course of the soak:

${table(["", ...results.map(({ allocator }) => ALLOCATORS[allocator].title)], course)}
`;
}
