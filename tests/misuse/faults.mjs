// Faults of memory, made in a correct program's way: growth refused, foreign pages, memory that
// cannot grow or ends at 4 GiB. figures.mjs prints what each allocator makes of them, and
// faults.test.mjs holds ours to it.
//
// The program is that of tests/faults.rs.

const PAGE = 65_536;
const FOREIGN = 0xf0;

/** An instance of a `hosted` module, and its memory, whose growths are ours to grant. */
class Run {
  #exports;
  #memory;
  #foreign = [];
  #refused = [0, 0];
  /** Pages that somebody else grows in the instant before the next growth. */
  foreignNext = 0;
  /** The number of times that the program tried to grow memory, and the pages by which it did. */
  attempts = 0;
  grown = 0;

  constructor({ module, pages }, room = 400, initial = pages) {
    this.#memory = new WebAssembly.Memory({ initial, maximum: initial + room });
    const host = { memory: this.#memory, grow: (count) => this.#grow(count >>> 0) };
    this.#exports = new WebAssembly.Instance(module, { host }).exports;
  }

  /** Refuses growths from the one after `granted` more on, `count` of them. */
  refuse(granted, count) {
    const first = this.attempts + granted;
    this.#refused = [first, first + count];
  }

  #grow(pages) {
    if (this.foreignNext > 0) this.foreign(this.foreignNext);
    this.foreignNext = 0;
    const attempt = this.attempts++;
    if (attempt >= this.#refused[0] && attempt < this.#refused[1]) return -1;
    const before = this.#more(pages);
    if (before >= 0) this.grown += pages;
    return before;
  }

  #more(pages) {
    try {
      return this.#memory.grow(pages);
    } catch {
      return -1;
    }
  }

  /** Somebody else grows memory, and writes to it. */
  foreign(pages) {
    const start = this.#more(pages) * PAGE;
    if (start < 0) throw new Error("the memory of this test is too small");
    new Uint8Array(this.#memory.buffer, start, pages * PAGE).fill(FOREIGN);
    this.#foreign.push([start, pages]);
  }

  get live() {
    return this.#exports.live();
  }

  size(index) {
    return this.#exports.size_of(index);
  }

  allocate(size, align = 8) {
    return this.#exports.allocate(size, align) !== 0;
  }

  hold(size) {
    return this.#exports.hold(size) !== 0;
  }

  resize(index, size) {
    return this.#exports.resize(index, size) !== 0;
  }

  free(index) {
    this.#exports.free(index);
  }

  freeAll() {
    while (this.live > 0) this.free(this.live - 1);
  }

  /** Fails where a block, or a page of somebody else's, does not hold what was written to it. */
  verify() {
    expect(this.#exports.intact(), "blocks damaged");
    const untouched = ([start, pages]) =>
      Buffer.from(this.#memory.buffer, start, pages * PAGE).equals(Buffer.alloc(pages * PAGE, FOREIGN));
    expect(this.#foreign.every(untouched), "foreign pages overwritten");
  }

  /** Expects blocks that fit where a block was, or where memory may grow. */
  wants(size) {
    expect(this.allocate(size), "refuses what fits");
  }

  /** The last block is freed, and another of its size had. */
  replace() {
    if (this.live === 0) return;
    const size = this.size(this.live - 1);
    this.free(this.live - 1);
    this.wants(size);
  }

  end() {
    this.verify();
    this.freeAll();
    this.verify();
  }

  reserve(bytes) {
    return this.#exports.reserve(bytes) !== 0;
  }

  fill() {
    return this.#exports.fill();
  }
}

/** A fault of an allocator, other than a trap. */
class Wrong extends Error {}

function expect(truth, otherwise) {
  if (!truth) throw new Wrong(otherwise);
}

/** Blocks of any size come, grow and go; `before` is called before each call. How many were refused. */
function program(run, before = () => {}) {
  let refused = 0;
  for (let step = 0; step < 60; step++) {
    before(step);
    if (!run.allocate(1 + ((step * step * 13) % 40_000), 1 << (step % 9))) refused++;
    before(step);
    if (step % 3 === 2 && run.live > 0) {
      const index = step % run.live;
      if (!run.resize(index, Math.floor((run.size(index) * 5) / 2))) refused++;
    }
    if (step % 4 === 3 && run.live > 0) run.free((step * 7) % run.live);
  }
  return refused;
}

/** The results of runs: their number, those that went wrong, and notes. */
class Outcome {
  runs = 0;
  wrong = new Map();
  notes = [];

  /** Makes a run; whether nothing went wrong. */
  try(run) {
    this.runs++;
    try {
      run();
      return true;
    } catch (error) {
      if (!(error instanceof Wrong || error instanceof WebAssembly.RuntimeError)) throw error;
      const what = error instanceof Wrong ? error.message : "traps";
      this.wrong.set(what, (this.wrong.get(what) ?? 0) + 1);
      return false;
    }
  }

  toString() {
    const often = (count) => (this.runs > 1 ? ` in ${count} of ${this.runs} runs` : "");
    const wrong = [...this.wrong].map(([what, count]) => what + often(count));
    return [wrong.length > 0 ? wrong.join(", ") : "survived", ...this.notes].join("; ");
  }
}

/** One growth is refused, or all from one on: for every one there is in the program. */
function refusedGrowth(hosted) {
  const outcome = new Outcome();
  for (const count of [1, Infinity]) {
    for (let nth = 0, reached = true; reached; nth++) {
      const run = new Run(hosted);
      run.refuse(nth, count);
      outcome.try(() => {
        const refused = program(run);
        if (run.attempts <= nth) expect(refused === 0, "refuses what fits");
        run.replace();
        run.refuse(0, 0);
        run.wants(100_000);
        run.end();
      });
      reached = run.attempts > nth;
    }
  }
  outcome.notes = [`${outcome.runs} runs`];
  return outcome;
}

/** Somebody else grows before calls, and in the instant before growths; and that ten times. */
function foreignGrowth(hosted) {
  const outcome = new Outcome();
  const pages = (foreign) => {
    const run = new Run(hosted, 10_000);
    const after = [];
    const soon = (step) => {
      if (step % 3 === 0) run.foreign(1 + (step % 2));
      if (step % 3 === 1) run.foreignNext = 1 + (step % 3);
    };
    outcome.try(() => {
      for (let round = 0; round < 10; round++) {
        expect(program(run, foreign ? soon : undefined) === 0, "refuses what fits");
        run.end();
        after.push(run.grown);
      }
    });
    return `${after.at(0)} pages after one round, ${after.at(-1)} after ten`;
  };
  const disturbed = pages(true);
  outcome.notes = [disturbed, `undisturbed ${pages(false)}`];
  return outcome;
}

/** So many pages and no more: all of it is used, in smaller and smaller blocks. */
function fixedMemory(hosted) {
  const outcome = new Outcome();
  const parts = [1, 2, 17].map((pages) => {
    const run = new Run(hosted, pages);
    let bytes = 0;
    outcome.try(() => {
      for (const size of [40_000, 3000, 200, 16, 1]) {
        while (run.allocate(size, 1)) bytes += size;
      }
      run.replace();
      run.end();
    });
    return `${Math.round((100 * bytes) / (pages * PAGE))} %`;
  });
  outcome.notes = [`${parts.join(", ")} of them used`];
  return outcome;
}

/** A program runs twice, out of memory in its middle, and all that was lent comes back. */
function twice(run, outcome, most) {
  const refused = [];
  outcome.try(() => {
    for (let round = 0; round < 2; round++) {
      refused.push(program(run));
      run.replace();
      run.verify();
      while (run.live > most) run.free(run.live - 1);
    }
    run.end();
    run.wants(100_000);
    run.end();
  });
  outcome.notes.push(`${refused.join(" and ")} of 80 requests refused`);
  return outcome;
}

/** The last pages below 4 GiB; all that is before them is somebody else's. */
function lastPages(hosted) {
  return twice(new Run(hosted, 15, 65_521), new Outcome(), 0);
}

/** All of 4 GiB, most of it in blocks that nobody touches; the program runs in what the last ones leave. */
function allOfMemory(hosted) {
  const outcome = new Outcome();
  const run = new Run(hosted, 65_536 - hosted.pages);
  let bytes = 0;
  const held = outcome.try(() => {
    for (let size = 2 ** 30; size >= PAGE; size /= 2) {
      while (run.hold(size - 64)) bytes += size;
    }
    while (run.live > 0 && bytes > 2 ** 32 - 25 * PAGE) {
      bytes -= run.size(run.live - 1) + 64;
      run.free(run.live - 1);
    }
  });
  outcome.notes.push(`${(bytes / 2 ** 30).toFixed(2)} GiB held`);
  return held ? twice(run, outcome, run.live) : outcome;
}

/** A thousand times all memory is used, and freed in one order or another. */
function exhaustion(hosted) {
  const outcome = new Outcome();
  const run = new Run(hosted, 3);
  const had = [];
  outcome.try(() => {
    for (let round = 0; round < 1000; round++) {
      while (run.allocate(9000));
      had.push(run.live);
      expect(run.live >= had[0], "fewer blocks than before");
      expect(!run.resize(0, 4 * PAGE), "grants what cannot be");
      run.verify();
      for (let at = 0; run.live > 0; at++) {
        run.free([run.live - 1, 0, (at * 7) % run.live][round % 3]);
      }
    }
    run.end();
  });
  outcome.notes = [`${had[0]} blocks at first, ${had.at(-1)} in round ${had.length}`];
  return outcome;
}

/** Rust's collections ask for more than there is; the instance must be as good as before. */
function tryReserve(hosted) {
  const outcome = new Outcome();
  const run = new Run(hosted, 64);
  const filled = [];
  outcome.try(() => {
    for (let round = 0; round < 100; round++) {
      for (const bytes of [65 * PAGE, 2 ** 30, 2 ** 31 - 1]) {
        expect(!run.reserve(bytes), "grants what cannot be");
      }
      filled.push(run.fill());
      expect(filled.at(-1) >= filled[0], "fewer strings than before");
      expect(run.reserve(16 * PAGE), "refuses what fits");
      expect(program(run) === 0, "refuses what fits");
      run.end();
    }
  });
  outcome.notes = [`${filled[0]} strings at first, ${filled.at(-1)} in round ${filled.length}`];
  return outcome;
}

/** The faults, by their names in docs/checked.md, and the functions that make them. */
export const FAULTS = {
  "a growth refused, and all from it on, for every growth": refusedGrowth,
  "foreign pages before calls and growths": foreignGrowth,
  "1, 2 and 17 pages and no more": fixedMemory,
  "the last 15 pages below 4 GiB, all before them foreign": lastPages,
  "all of 4 GiB": allOfMemory,
  "all memory used and freed a thousand times": exhaustion,
  "`try_reserve` of more than there is": tryReserve,
};
