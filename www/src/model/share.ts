import { CONTENDERS, MOST_SEED, STEPS, WORKLOADS, type Contender, type Settings } from "./compare";
import { WHEN, type When } from "./file-compare";
import { BLOCK, MOMENT, ZOOM } from "./looks";
import { MOST_OPERATIONS, readCore, readOperations, whole, writeCore, writeOperations, type Fault, type Scenario } from "./scenario";

/**
 * What the page shows, as the hash of its address: `#view?v=1&name=value&…`. The view alone is a link
 * too. Whatever comes from an address is checked; what is wrong with it is told, and not guessed.
 */
export const VERSION = 1;
/** Longer than any link that this page writes. */
const LONGEST = 16 * MOST_OPERATIONS;

export type LinkFault =
  | { readonly why: "version"; readonly found: string }
  | { readonly why: "view"; readonly found: string }
  | { readonly why: "long" }
  | { readonly why: "part"; readonly name: string; readonly found: string }
  | { readonly why: "missing"; readonly name: string }
  | { readonly why: "operations"; readonly fault: Fault };

export type Link<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: LinkFault };

/** A hash's view and the rest, each as it stands there. */
export function splitHash(hash: string): { readonly view: string; readonly query: string } {
  const text = hash.replace(/^#/, "");
  const mark = text.indexOf("?");
  return mark < 0 ? { view: text, query: "" } : { view: text.slice(0, mark), query: text.slice(mark + 1) };
}

export const joinHash = (view: string, query: string): string => (query === "" ? `#${view}` : `#${view}?${query}`);

/** The parts of a query by name, or what is wrong with it as a whole. */
function parts(query: string): Link<URLSearchParams> {
  if (query.length > LONGEST) return failed({ why: "long" });
  const found = new URLSearchParams(query);
  const version = found.get("v");
  if (version === null) return failed({ why: "missing", name: "v" });
  return version === String(VERSION) ? done(found) : failed({ why: "version", found: short(version) });
}

const done = <T>(value: T): Link<T> => ({ ok: true, value });
const failed = (fault: LinkFault): { readonly ok: false; readonly fault: LinkFault } => ({ ok: false, fault });
const wrong = (name: string, found: string | null): { readonly ok: false; readonly fault: LinkFault } =>
  failed(found === null ? { why: "missing", name } : { why: "part", name, found: short(found) });
/** Enough of a foreign text to recognize it by. */
const short = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

// The room Inspect

/** Texts up to this length go into a link; a longer one is named, and has to be opened again. */
export const MOST_TEXT = 2000;

export interface InspectPlace {
  /** A sample, a module of the page, a text, or the name of what a link cannot carry. */
  readonly source:
    | { readonly is: "sample"; readonly id: string }
    | { readonly is: "module"; readonly id: string }
    | { readonly is: "text"; readonly name: string; readonly kind: string; readonly text: string }
    | { readonly is: "file"; readonly name: string };
  readonly allocator: string;
  /** The allocator beside it, or "". */
  readonly beside: string;
  readonly panel: string;
  readonly colouring: string;
  /** The tab of the drawer, or "". */
  readonly below: string;
  /** The deeds with the text since its module started, a letter a moment: `p` parsed, `c` cleared. "" where a link cannot tell. */
  readonly did: string;
  /** See `Looks`. */
  readonly moment: string;
  readonly zoom: string;
  readonly block: string;
}

/** The most moments that a link repeats. */
export const MOST_DEEDS = 60;
const DEEDS = new RegExp(`^p[pc]{0,${MOST_DEEDS - 1}}$`);
/** The first deed with every text of the page. */
const PARSED = "p";

/** The values of each part; the first is what it is where a link says nothing. */
export interface InspectNames {
  readonly samples: readonly string[];
  readonly modules: readonly string[];
  readonly kinds: readonly string[];
  readonly allocators: readonly string[];
  readonly panels: readonly string[];
  readonly colourings: readonly string[];
  readonly below: readonly string[];
}

/** Writes what a room looks at; a first sample goes without saying. */
function writeSource(said: URLSearchParams, source: InspectPlace["source"], names: InspectNames): void {
  if (source.is === "sample") {
    if (source.id !== names.samples[0]) said.set("sample", source.id);
  } else if (source.is === "module") said.set("module", source.id);
  else if (source.is === "text" && source.text.length <= MOST_TEXT) {
    said.set("name", source.name);
    said.set("as", source.kind);
    said.set("text", source.text);
  } else said.set("file", source.name);
}

function readSource(given: URLSearchParams, names: InspectNames): Link<InspectPlace["source"]> {
  const text = given.get("text");
  if (text !== null) {
    const kind = given.get("as") ?? names.kinds[0]!;
    if (!names.kinds.includes(kind)) return wrong("as", kind);
    return text.length > MOST_TEXT ? failed({ why: "long" }) : done({ is: "text", name: given.get("name") ?? "", kind, text });
  }
  const file = given.get("file");
  if (file !== null) return done({ is: "file", name: short(file) });
  const module = given.get("module");
  if (module !== null) return names.modules.includes(module) ? done({ is: "module", id: module }) : wrong("module", module);
  const id = given.get("sample") ?? names.samples[0]!;
  return names.samples.includes(id) ? done({ is: "sample", id }) : wrong("sample", id);
}

export function writeInspect(place: InspectPlace, names: InspectNames): string {
  const { source } = place;
  const said = new URLSearchParams();
  const add = (name: string, value: string, usual: string | undefined): void => {
    if (value !== "" && value !== usual) said.set(name, value);
  };
  writeSource(said, source, names);
  add("on", place.allocator, names.allocators[0]);
  add("beside", place.beside, "");
  add("panel", place.panel, names.panels[0]);
  add("colour", place.colouring, names.colourings[0]);
  add("below", place.below, "");
  add("did", place.did, PARSED);
  add("moment", place.moment, "");
  add("zoom", place.zoom, "");
  add("block", place.block, "");
  const query = said.toString();
  return query === "" ? "" : `v=${VERSION}&${query}`;
}

/** The query of one of the page’s own modules, with all else as usual. */
export const linkToModule = (id: string): string => `v=${VERSION}&module=${id}`;

export function readInspect(query: string, names: InspectNames): Link<InspectPlace> {
  const found = query === "" ? done(new URLSearchParams()) : parts(query);
  if (!found.ok) return found;
  const given = found.value;
  /** One of what a part may be. */
  const one = (name: string, of: readonly string[], usual = of[0] ?? ""): string | null => {
    const text = given.get(name) ?? usual;
    return text === usual || of.includes(text) ? text : null;
  };
  const like = (name: string, pattern: RegExp, usual = ""): string | null => {
    const text = given.get(name) ?? usual;
    return text === usual || pattern.test(text) ? text : null;
  };
  const chosen: Record<string, string | null> = {
    on: one("on", names.allocators),
    beside: one("beside", names.allocators, ""),
    panel: one("panel", names.panels),
    colour: one("colour", names.colourings),
    below: one("below", names.below, ""),
    did: like("did", DEEDS, PARSED),
    moment: like("moment", MOMENT),
    zoom: like("zoom", ZOOM),
    block: like("block", BLOCK),
  };
  for (const [name, value] of Object.entries(chosen)) if (value === null) return wrong(name, given.get(name));
  const source = readSource(given, names);
  if (!source.ok) return source;
  return done({
    source: source.value,
    allocator: chosen["on"]!,
    beside: chosen["beside"]!,
    panel: chosen["panel"]!,
    colouring: chosen["colour"]!,
    below: chosen["below"]!,
    did: chosen["did"]!,
    moment: chosen["moment"]!,
    zoom: chosen["zoom"]!,
    block: chosen["block"]!,
  });
}

// The sandbox

export function writeScenario(scenario: Scenario): string {
  const { core, operations, at } = scenario;
  const rest = at === operations.length ? "" : `&at=${at}`;
  return `v=${VERSION}&on=${writeCore(core)}&do=${writeOperations(operations)}${rest}`;
}

export function readScenario(query: string): Link<Scenario> {
  const found = parts(query);
  if (!found.ok) return found;
  const [on, what, where] = ["on", "do", "at"].map((name) => found.value.get(name));
  const core = on === undefined || on === null ? null : readCore(on);
  if (core === null) return wrong("on", on ?? null);
  const operations = readOperations(what ?? "");
  if ("why" in operations) return failed({ why: "operations", fault: operations });
  const at = where === null || where === undefined ? operations.length : whole(where);
  if (!(at <= operations.length)) return wrong("at", where ?? null);
  return done({ core, operations, at });
}

// The tours

export interface TourPlace {
  readonly tour: string;
  /** From 0. */
  readonly step: number;
}

export const writeTour = ({ tour, step }: TourPlace): string => `v=${VERSION}&tour=${tour}&step=${step + 1}`;

/** `steps` tells how many steps each tour has. */
export function readTour(query: string, steps: ReadonlyMap<string, number>): Link<TourPlace> {
  const found = parts(query);
  if (!found.ok) return found;
  const tour = found.value.get("tour");
  const count = tour === null ? undefined : steps.get(tour);
  if (tour === null || count === undefined) return wrong("tour", tour);
  const text = found.value.get("step");
  const step = whole(text ?? "1");
  if (!(step >= 1 && step <= count)) return wrong("step", text);
  return done({ tour, step: step - 1 });
}

// The comparison on one file

export interface FileComparison {
  readonly source: InspectPlace["source"];
  readonly who: readonly Contender[];
  readonly when: When;
}

export function writeFileComparison({ source, who, when }: FileComparison, names: InspectNames): string {
  const said = new URLSearchParams();
  writeSource(said, source, names);
  said.set("who", who.join("."));
  if (when !== WHEN[0]) said.set("when", when);
  return `v=${VERSION}&${said.toString()}`;
}

export function readFileComparison(query: string, names: InspectNames): Link<FileComparison> {
  const found = parts(query);
  if (!found.ok) return found;
  const source = readSource(found.value, names);
  if (!source.ok) return source;
  const who = readContenders("who", found.value);
  if (!who.ok) return who;
  const when = WHEN.find((each) => each === (found.value.get("when") ?? WHEN[0]));
  return when === undefined ? wrong("when", found.value.get("when")) : done({ source: source.value, who: who.value, when });
}

/** The allocators that a part names: none that is unknown, none twice. */
function readContenders(part: string, found: URLSearchParams): Link<readonly Contender[]> {
  const text = found.get(part);
  const names = (text ?? "").split(".");
  const contenders = CONTENDERS.filter((name) => names.includes(name));
  return contenders.length === names.length ? done(contenders) : wrong(part, text);
}

// The comparison on a synthetic load

/** A link to the room Compare is of a synthetic load, not of a file. */
export const isLoad = (query: string): boolean => new URLSearchParams(query).has("load");

export const writeComparison = ({ workload, seed, steps, contenders }: Settings): string =>
  `v=${VERSION}&load=${workload}&seed=${seed}&steps=${steps}&on=${contenders.join(".")}`;

export function readComparison(query: string): Link<Settings> {
  const found = parts(query);
  if (!found.ok) return found;
  const [load = null, seed = null, steps = null] = ["load", "seed", "steps"].map((name) => found.value.get(name));
  const workload = WORKLOADS.find((name) => name === load);
  if (workload === undefined) return wrong("load", load);
  if (!(whole(seed ?? "") <= MOST_SEED)) return wrong("seed", seed);
  const count = STEPS.find((each) => String(each) === steps);
  if (count === undefined) return wrong("steps", steps);
  const contenders = readContenders("on", found.value);
  if (!contenders.ok) return contenders;
  return done({ workload, seed: Number(seed), steps: count, contenders: contenders.value });
}
