import type { Operation } from "./scenario";
import { State } from "./snapshot";
import type { Moment, Step, Tour } from "./tour";

const ask = (size: number, times = 1): Operation[] =>
  Array.from({ length: times }, () => ({ do: "allocate", size, align: 8 }) as const);
const free = (...blocks: number[]): Operation[] => blocks.map((block) => ({ do: "free", block }) as const);
const every = (step: number, below: number, from = 0): number[] =>
  Array.from({ length: Math.ceil((below - from) / step) }, (_, i) => from + i * step);

const alone = (...operations: Operation[][]): Operation[][] => [operations.flat()];
const both = (...operations: Operation[][]): Operation[][] => [operations.flat(), operations.flat()];

/** Returns the outcome of the last operation of a lane's step. */
const last = (moment: Moment | undefined): Moment["outcomes"][number] | undefined => moment?.outcomes.at(-1);
const served = (moment: Moment | undefined): boolean => last(moment)?.did === "allocated";
const servedOrNot = ([lane]: readonly Moment[]): string => (served(lane) ? "served" : "refused");
/** Returns the number of splits, or of merges, of the last operation. */
const times = (moment: Moment | undefined): number => {
  const outcome = last(moment);
  if (outcome?.did === "allocated") return outcome.split.length - 1;
  return outcome?.did === "freed" ? outcome.merged.length - 1 : 0;
};
/** The size of the free block in which the freed one lies now. */
const became = (moment: Moment | undefined): string => {
  const outcome = last(moment);
  return outcome?.did === "freed" ? String(outcome.merged.at(-1)) : "";
};

const fragmentation: Tour = {
  id: "fragmentation",
  lanes: [{ id: "buddy", ground: { kind: "buddy", region: 4096, smallest: 128 }, from: 0 }],
  steps: [
    step("first", alone(ask(500)), ["500", "512", "4096"], ([lane]) => String((lane?.after.live ?? 0) - (lane?.before.live ?? 0))),
    step("fill", alone(ask(500, 7)), ["nothing", "96", "512"], ([lane]) => {
      const free = lane?.after.free ?? 0;
      return free === 0 ? "nothing" : String(free);
    }),
    step("holes", alone(free(1, 3, 5, 7)), ["512", "1024", "2048"], ([lane]) => String(lane?.after.largestFree)),
    step("refused", alone(ask(1000)), ["served", "refused"], servedOrNot),
    step("small", alone(ask(500)), ["served", "refused"], servedOrNot),
    step("neighbour", alone(free(4)), ["512", "1024", "1536"], ([lane]) => became(lane)),
    step("again", alone(ask(1000)), ["0", "1", "2"], ([lane]) => (served(lane) ? String(times(lane)) : "refused")),
    step("all", alone(free(0, 2, 6, 9, 10)), ["1", "4", "8"], ([lane]) => String(lane?.after.freeBlocks)),
  ],
};

const merging: Tour = {
  id: "merging",
  lanes: [{ id: "buddy", ground: { kind: "buddy", region: 1024, smallest: 64 }, from: 0 }],
  steps: [
    step("split", alone(ask(60)), ["1", "4", "15"], ([lane]) => String(lane?.after.freeBlocks)),
    step("second", alone(ask(60)), ["64", "128", "512"], ([lane]) => {
      const outcome = last(lane);
      return outcome?.did === "allocated" ? String(outcome.split[0]) : "refused";
    }),
    step("more", alone(ask(60, 2)), ["64", "128", "256"], ([lane]) => {
      const outcome = lane?.outcomes[0];
      return outcome?.did === "allocated" ? String(outcome.split[0]) : "refused";
    }),
    step("beside", alone(free(1, 2)), ["yes", "no"], ([lane]) => (times(lane) > 0 ? "yes" : "no")),
    step("buddy", alone(free(3)), ["64", "128", "256"], ([lane]) => became(lane)),
    step("cascade", alone(free(0)), ["1", "2", "4"], ([lane]) => String(times(lane))),
  ],
};


const slabs: Tour = {
  id: "slabs",
  lanes: [
    { id: "slab", ground: { kind: "slab", blockSize: 48, count: 16 }, from: 0 },
    { id: "buddy", ground: { kind: "buddy", region: 1024, smallest: 64 }, from: 0 },
  ],
  steps: [
    step("one", both(ask(40)), ["slab", "buddy", "same"], ([slab, buddy]) => least(slab?.after.live, buddy?.after.live)),
    step("fill", both(ask(40, 15)), ["slab", "buddy", "same"], ([slab, buddy]) =>
      least(slab?.after.committed, buddy?.after.committed),
    ),
    step("holes", both(free(...every(2, 16, 1))), ["48-64", "96-128", "384-512"], ([slab, buddy]) =>
      [slab?.after.largestFree, buddy?.after.largestFree].join("-"),
    ),
    step("reuse", both(ask(40, 8)), ["both", "slab", "buddy", "neither"], who),
    step("large", both(free(...every(2, 16, 0)), ask(100)), ["both", "slab", "buddy", "neither"], who),
    step("empty", both(free(...every(1, 24, 16)), ask(100)), ["both", "slab", "buddy", "neither"], who),
  ],
};

/** A request that fits only where all that waits has merged with what lies behind it. */
export const NEARLY_ALL = 46_500;

/** The list that served: that of blocks which waited, or the run behind them. */
const source = ([lane]: readonly Moment[]): string => {
  const [before, outcome] = [lane?.before.blocks, last(lane)];
  if (before === undefined || outcome?.did !== "allocated") return "";
  const at = before.find(outcome.address);
  return at >= 0 && before.address[at] === outcome.address && before.state[at] === State.Waiting ? "waited" : "run";
};

const quick: Tour = {
  id: "quick",
  lanes: [{ id: "heap", ground: { kind: "heap", heap: "heap", shown: 4096 }, from: 0 }],
  steps: [
    step("batch", alone(ask(40)), ["one", "many"], ([lane]) => ((lane?.after.waiting ?? 0) > 0 ? "many" : "one")),
    step("row", alone(ask(40, 7)), ["waited", "run"], source),
    step("again", alone(free(1, 5), ask(40)), ["first", "last", "new"], ([lane]) => {
      const [first, second, served] = lane?.outcomes ?? [];
      if (first?.did !== "freed" || second?.did !== "freed" || served?.did !== "allocated") return "";
      if (served.address === first.address) return "first";
      return served.address === second.address ? "last" : "new";
    }),
    step("neighbours", alone(free(0, 2, 3, 4, 6, 7, 8)), ["merge", "wait"], ([lane]) =>
      (lane?.after.waiting ?? 0) > (lane?.before.waiting ?? 0) ? "wait" : "merge",
    ),
    step("other", alone(ask(300)), ["waited", "merged", "run"], ([lane]) => {
      const outcome = last(lane);
      const waiting = lane?.before.waiting ?? 0;
      if (outcome?.did !== "allocated" || source([lane!]) === "waited") return "waited";
      return (lane?.after.waiting ?? 0) < waiting ? "merged" : "run";
    }),
    step("large", alone(free(9), ask(NEARLY_ALL)), ["grows", "merged"], ([lane]) =>
      (lane?.after.committed ?? 0) > (lane?.before.committed ?? 0) ? "grows" : "merged",
    ),
  ],
};

const KIB = 1024;
/** The buffers of the ratchet's rounds, each larger than the last. */
export const BUFFERS = [60 * KIB, 100 * KIB, 160 * KIB, 300 * KIB, 600 * KIB] as const;
const NOTE = 64;

const grew = ([lane]: readonly Moment[]): string =>
  (lane?.after.committed ?? 0) > (lane?.before.committed ?? 0) ? "grows" : "stays";

const ratchet: Tour = {
  id: "ratchet",
  lanes: [
    { id: "rising", ground: { kind: "heap", heap: "buddy" }, from: 0 },
    { id: "kept", ground: { kind: "heap", heap: "buddy" }, from: 5 },
  ],
  steps: [
    step("first", alone(ask(BUFFERS[0]), ask(NOTE)), ["grows", "stays"], grew),
    step("freed", alone(free(0)), ["less", "same"], ([lane]) =>
      (lane?.after.committed ?? 0) < (lane?.before.committed ?? 0) ? "less" : "same",
    ),
    step("again", alone(ask(BUFFERS[0]), free(2)), ["grows", "stays"], grew),
    step("larger", alone(ask(BUFFERS[1]), ask(NOTE), free(3)), ["grows", "stays"], grew),
    step(
      "rounds",
      alone(
        ...[ask(BUFFERS[2]), ask(NOTE), free(5)],
        ...[ask(BUFFERS[3]), ask(NOTE), free(7)],
        ...[ask(BUFFERS[4]), ask(NOTE), free(9)],
      ),
      ["notes", "largest", "more"],
      ([lane]) => {
        const committed = lane?.after.committed ?? 0;
        if (committed <= 64 * KIB) return "notes";
        return committed < 2 * BUFFERS[4] ? "largest" : "more";
      },
    ),
    // One buffer, as large as the largest, serves all rounds.
    step("kept", [[], [...ask(BUFFERS[4]), ...ask(NOTE, 5), ...free(0)]], ["less", "same", "more"], ([rising, kept]) =>
      compare(kept?.after.committed, rising?.after.committed),
    ),
  ],
};

export const TOURS: readonly Tour[] = [merging, slabs, quick, fragmentation, ratchet];

function step(id: string, does: Step["does"], choices: Step["choices"], answer: Step["answer"]): Step {
  return { id, does, choices, answer };
}

/** Which of two lanes' numbers is the smaller one. */
function least(slab = 0, buddy = 0): string {
  if (slab === buddy) return "same";
  return slab < buddy ? "slab" : "buddy";
}

/** Which lanes served the last request. */
function who([slab, buddy]: readonly Moment[]): string {
  if (served(slab)) return served(buddy) ? "both" : "slab";
  return served(buddy) ? "buddy" : "neither";
}

function compare(one = 0, other = 0): string {
  if (one === other) return "same";
  return one < other ? "less" : "more";
}
