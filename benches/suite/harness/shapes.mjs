// What is run. A shape's number within its module is its place in that module's list.
//
// steps    how much of it one run is; the checksum and the pages depend on it, so --quick leaves it
// time     whether its time is part of the geometric mean
// pages    whether its peak is
// smoke    the steps of a run that only shows that things work

const BLOCKS = { set: "shapes", unit: "step", time: true, pages: true, smoke: 4_000 };
const PROGRAM = { set: "programs", unit: "run", time: true, pages: true, smoke: 1 };

const MODULES = {
  shapes: [
    { name: "random-10k", about: "random sizes to 10,000 B", ...BLOCKS, steps: 400_000 },
    { name: "random-10k-realloc", about: "the same, a third resized", ...BLOCKS, steps: 300_000 },
    { name: "random-10k-aligned", about: "the same, a quarter over-aligned", ...BLOCKS, steps: 400_000 },
    { name: "random-100k", about: "random sizes to 100,000 B", ...BLOCKS, steps: 200_000 },
    { name: "churn", about: "8 to 1,024 B, 10,000 live", ...BLOCKS, steps: 400_000 },
    { name: "random-512", about: "random sizes to 512 B, 5,000 live", ...BLOCKS, steps: 400_000 },
    { name: "vecs", about: "growing vectors", ...BLOCKS, steps: 200_000 },
    { name: "btree-strings", about: "strings in a BTreeMap", ...BLOCKS, steps: 60_000 },
    { name: "hash-strings", about: "strings in a HashMap", ...BLOCKS, steps: 100_000 },
    { name: "boxes", about: "boxes, last in first out", ...BLOCKS, steps: 800_000, smoke: 16_000 },
    { name: "trees", about: "binary trees", ...BLOCKS, steps: 500_000 },
    { name: "waves", about: "waves of mixed sizes, few survive", ...BLOCKS, steps: 300_000 },
    { name: "random-actions", about: "talc's recipe", ...BLOCKS, steps: 300_000 },
    {
      name: "ratchet",
      about: "odd big buffers among small blocks: pages after 1,000 rounds",
      ...BLOCKS,
      unit: "round",
      steps: 1_000,
      smoke: 100,
      time: false,
      pages: false,
    },
    {
      name: "pushes",
      about: "a Vec pushed to 32 MiB",
      ...BLOCKS,
      unit: "byte",
      steps: 32 << 20,
      smoke: 1 << 20,
      time: false,
      pages: false,
    },
    {
      name: "zeroed",
      about: "64 blocks of 4 MiB, zeroed",
      ...BLOCKS,
      unit: "block",
      steps: 64,
      smoke: 2,
      time: false,
      pages: false,
    },
    { name: "mixed-trees", about: "syntax trees of mixed nodes, built and dropped", ...BLOCKS, steps: 200_000 },
    { name: "arenas", about: "a parser's strings and vectors, dropped with each file", ...BLOCKS, steps: 400_000 },
    { name: "nested-vecs", about: "growing vectors of vectors of vectors", ...BLOCKS, steps: 400_000 },
    { name: "documents", about: "documents replaced by documents", ...BLOCKS, steps: 600, smoke: 50 },
  ],
  programs: [
    { name: "serde_json", about: "1,000 records written, read, edited", ...PROGRAM, steps: 1_000, smoke: 20 },
    { name: "pulldown-cmark", about: "a long document to HTML", ...PROGRAM, steps: 20 },
    { name: "regex", about: "five expressions over a log", ...PROGRAM, steps: 400, smoke: 20 },
    { name: "miniz_oxide", about: "text deflated and inflated", ...PROGRAM, steps: 2_000, smoke: 50 },
    { name: "wat", about: "a text module of 150 functions encoded", ...PROGRAM, steps: 150, smoke: 10 },
    { name: "rhai", about: "a script compiled and run", ...PROGRAM, steps: 150, smoke: 20 },
    { name: "maps", about: "an index of documents in BTreeMap, HashMap, Rc", ...PROGRAM, steps: 1_000, smoke: 50 },
    { name: "lightningcss", about: "the page's style sheet minified", ...PROGRAM, steps: 6 },
    { name: "naga", about: "a shader translated to SPIR-V and GLSL", ...PROGRAM, steps: 20 },
    { name: "sqlparser", about: "tables and reports parsed and written", ...PROGRAM, steps: 20 },
    { name: "minijinja", about: "a page made of a record of benchmarks", ...PROGRAM, steps: 6 },
    { name: "usvg", about: "charts read, their shapes made paths", ...PROGRAM, steps: 20 },
  ],
};

export const SHAPES = Object.values(MODULES).flatMap((shapes) =>
  shapes.map((shape, number) => ({ ...shape, number })),
);

/** The seed of everything that is drawn. */
export const SEED = 20_261_122;
