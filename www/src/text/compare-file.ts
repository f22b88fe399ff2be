import type { Contender } from "../model/compare";
import type { Conclusion, FileResult, Ranking, When } from "../model/file-compare";
import { bytes, spell, plural } from "./format";

/** The names of allocators as the room Compare writes them. */
type Names = Readonly<Record<Contender, { readonly name: string }>>;

const PAGE = 65536;

const list = (names: readonly string[]): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]!}`;

/** Below this, a factor in two digits says nothing: 1.0 times. */
const HARDLY = 1.05;

/** A factor, in two digits: 1.3 times, 12 times. */
const times = (factor: number): string => `${factor < 9.95 ? factor.toFixed(1) : String(Math.round(factor))} times`;

const pages = (grown: number): string => `${bytes(grown)} (${plural(grown / PAGE, "page", "pages")})`;

/** Texts of the comparison on one file. */
export const file = (names: Names) => {
  const named = (who: readonly Contender[]): string => list(who.map((each) => names[each].name));
  const verb = (who: readonly Contender[], one: string, many: string): string => (who.length === 1 ? one : many);

  const choice = ({ choice: both, memory, time }: Conclusion, of: string): string => {
    if (both.length > 0) return `On ${of}, ${named(both)} ${verb(both, "is", "are")} the choice: nobody takes less memory, and nobody is faster.`;
    return `On ${of}, it is a choice between memory and time: ${named(memory.best)} ${verb(memory.best, "takes", "take")} least memory, ${named(time.best)} ${verb(time.best, "is", "are")} fastest.`;
  };
  const others = (ranking: Ranking, of: number): readonly Contender[] | null => (ranking.best.length === of ? null : ranking.best);
  const memory = ({ memory: rank }: Conclusion, of: number, parses: number): string => {
    const best = others(rank, of);
    const span = `after ${plural(parses, "parse", "parses")}`;
    if (best === null) return `Memory: all grew by ${pages(rank.value)} ${span}.`;
    const more = (rank.lastValue - rank.value) / PAGE;
    const little = rank.lastValue < HARDLY * rank.value;
    const rest = rank.value === 0 ? "" : little ? `, ${plural(more, "page", "pages")} more` : `, ${times(rank.lastValue / rank.value)} as much`;
    return `Memory: ${named(best)} grew by ${pages(rank.value)} ${span}; ${names[rank.last].name} by ${pages(rank.lastValue)}${rest}.`;
  };
  const time = ({ time: rank }: Conclusion, of: number): string => {
    const best = others(rank, of);
    if (best === null) return `Time: about ${spell(rank.value)} a parse on all of them; the runs cannot tell them apart.`;
    const alike = best.length === 1 ? "" : "; the runs cannot tell these apart";
    const longer = rank.lastValue < HARDLY * rank.value ? spell(rank.lastValue) : `${times(rank.lastValue / rank.value)} as long`;
    return `Time: ${spell(rank.value)} a parse on ${named(best)}${alike}. ${names[rank.last].name} takes ${longer}.`;
  };
  const free = ({ free: rank }: Conclusion, of: number, when: When): string => {
    const best = others(rank, of);
    const then = when === "parse" ? "With the document in memory" : "Once the document is freed";
    if (best === null || bytes(rank.value) === bytes(rank.lastValue)) return `${then}, the largest free piece has ${bytes(rank.value)} on all of them.`;
    return `${then}, the largest free piece has ${bytes(rank.value)} on ${named(best)} and ${bytes(rank.lastValue)} on ${names[rank.last].name}: a larger request makes memory grow.`;
  };

  return {
    bar: "File, allocators and time",
    on: "on",
    when: "show",
    whens: { parse: "after the parse", clear: "after the document was freed" },
    again: "Run again",
    running: (name: string): string => `${name} is parsed on each allocator…`,
    nobody: "Choose an allocator, or several.",
    failed: (name: string, why: string): string => `${name} could not be parsed: ${why}`,
    lost: (name: string): string => `This link is of ${name}, a file that a link cannot carry. Open it here to go on.`,
    noModule: "A module of its own cannot be put on another allocator. Record it in the room Inspect, and compare allocators on its trace.",
    table: "The file on each allocator",
    columns: {
      who: "Allocator",
      grown: "Memory grown",
      live: "Live",
      free: "Largest free",
      time: "Time a parse",
      map: (when: When, row: number): string => `Heap ${when === "parse" ? "after the parse" : "after the document was freed"}, ${bytes(row)} a row, one scale for all`,
    },
    constant: "all of it at the first parse",
    first: (grown: number, parses: number): string => `${bytes(grown)} at the first of ${plural(parses, "parse", "parses")}`,
    overhead: (meta: number): string => `${bytes(meta)} overhead`,
    headers: "headers counted",
    used: "handed out, freed or not",
    range: (low: number, high: number): string => `${spell(low)} – ${spell(high)}`,
    stopped: (parses: number): string => `stopped after ${plural(parses, "parse", "parses")}: memory ran out`,
    mapOf: (name: string): string => `Blocks of ${name} in address order`,
    tools: "The window of all maps",
    how: "The same Rust program parses the file on each allocator, in a module of its own. Memory and maps are of the first parse in a fresh module; times are the median of five turns, from the fastest to the slowest below it. Each turn frees the last document. ● marks the best, and who cannot be told from it. Zoom and pan move all maps.",
    conclusion: (concluded: Conclusion | null, results: readonly FileResult[], of: string, when: When): readonly string[] => {
      const stopped = results.filter((each) => each.stopped !== "");
      const out = stopped.map(({ who, parses }) => `${names[who].name} ran out of memory after ${plural(parses, "parse", "parses")}.`);
      if (concluded === null) return [results.length < 2 ? "One allocator alone: choose another to compare it with." : "Fewer than two came to the end: nothing to compare.", ...out];
      const whole = results.filter((each) => each.stopped === "");
      const about = [memory(concluded, whole.length, whole[0]!.parses), time(concluded, whole.length), free(concluded, whole.length, when)];
      return [choice(concluded, of), ...about, ...out];
    },
  };
};
