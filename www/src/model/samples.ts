import { random } from "./random";

export type SourceKind = "json" | "markdown" | "text";

export interface Source {
  readonly name: string;
  readonly kind: SourceKind;
  readonly text: string;
}

/** Returns the kind of a file by its name, or by its contents where the name says nothing. */
export function kindOf(name: string, text: string): SourceKind {
  const extension = /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  if (extension === "json" || extension === "geojson") return "json";
  if (extension === "md" || extension === "markdown") return "markdown";
  if (extension !== "") return "text";
  return /^\s*[[{]/.test(text) ? "json" : "text";
}

const GENERA = ["Acer", "Ficus", "Juniperus", "Pinus", "Ulmus", "Zelkova", "Larix", "Carpinus", "Olea", "Malus"];
const EPITHETS = ["palmatum", "retusa", "chinensis", "parvifolia", "serrata", "kaempferi", "thunbergii", "europaea"];
const STYLES = ["chokkan", "moyogi", "shakan", "kengai", "bunjin", "yose-ue", "ikadabuki"];
const WORDS =
  "wire prune the apex in late winter when sap is low keep roots cool water until it runs clear turn the pot a quarter each week let no branch cross the line of the trunk".split(
    " ",
  );

/** A collection of trees, `count` records: about 400 bytes each. */
export function collection(count: number, seed = 20): string {
  const next = random(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)]!;
  const trees = Array.from({ length: count }, (_, id) => ({
    id: id + 1,
    species: `${pick(GENERA)} ${pick(EPITHETS)}`,
    style: pick(STYLES),
    planted: 1890 + Math.floor(next() * 130),
    height_mm: Math.round(120 + next() * 900),
    pot: { glazed: next() < 0.5, width_mm: Math.round(90 + next() * 500), maker: next() < 0.3 ? null : pick(GENERA) },
    branches: Array.from({ length: 2 + Math.floor(next() * 6) }, () => Number((next() * 40).toFixed(2))),
    notes: Array.from({ length: 6 + Math.floor(next() * 30) }, () => pick(WORDS)).join(" "),
  }));
  return JSON.stringify({ collection: "Bonsai", count, trees }, null, 1);
}

const GUIDE = `# How to read a heap

A heap is a row of addresses. An allocator hands out parts of it, **blocks**, and takes them back.

## Three ways to cut

1. A *bump* allocator cuts from one end and never mends.
2. A *slab* allocator cuts equal pieces, so that any free piece fits any request.
3. A *buddy* allocator halves what it has until the piece fits, and joins halves again.

| allocator | allocate | free | wastes |
|:--|:-:|:-:|:--|
| bump | O(1) | last block only | all that is freed |
| slab | O(1) | O(1) | the rest of each piece |
| buddy | O(levels) | O(levels) | up to half of each block |

> Parse this text, clear it, and parse it again. Watch which holes are used twice.

\`\`\`rust
#[global_allocator]
static HEAP: bonsai_alloc::SlabHeap = bonsai_alloc::SlabHeap::new();
bonsai_alloc::inspectable!(HEAP);
\`\`\`

- [x] load a file
- [ ] break it, and see what the parser says
- [ ] try another allocator
`;

export interface Sample {
  readonly id: "trees" | "forest" | "guide" | "poem" | "broken";
  readonly make: () => Source;
}

/** Long samples are made when they are asked for. */
export const SAMPLES: readonly Sample[] = [
  { id: "trees", make: () => ({ name: "trees.json", kind: "json", text: collection(60) }) },
  { id: "forest", make: () => ({ name: "forest.json", kind: "json", text: collection(4000) }) },
  { id: "guide", make: () => ({ name: "guide.md", kind: "markdown", text: GUIDE }) },
  { id: "poem", make: () => ({ name: "words.txt", kind: "text", text: prose(4000) }) },
  {
    id: "broken",
    make: () => ({ name: "broken.json", kind: "json", text: collection(3).replace('"style"', "style") }),
  },
];

function prose(words: number, seed = 3): string {
  const next = random(seed);
  let line = "";
  let text = "";
  for (let i = 0; i < words; i++) {
    // Every fifteenth word is new, so that the map of frequencies keeps growing.
    const word =
      next() < 1 / 15 ? `leaf${Math.floor(next() * 1e6).toString(36)}` : WORDS[Math.floor(next() * WORDS.length)]!;
    line += (line === "" ? "" : " ") + word;
    if (line.length > 70) {
      text += `${line}.\n`;
      line = "";
    }
  }
  return text + line;
}

/** Line and column of a parser's message ("... at line 3 column 14"), if it names them. */
export function placeOf(message: string): { readonly line: number; readonly column: number } | null {
  const found = /line (\d+),? column (\d+)/.exec(message);
  if (found === null) return null;
  return { line: Number(found[1]), column: Number(found[2]) };
}

/** Offset in the text of a line and column, both from 1; columns are counted in bytes of UTF-8. */
export function offsetOf(text: string, place: { readonly line: number; readonly column: number }): number {
  let start = 0;
  for (let line = 1; line < place.line; line++) {
    const end = text.indexOf("\n", start);
    if (end < 0) return text.length;
    start = end + 1;
  }
  let bytes = 1;
  let offset = start;
  while (offset < text.length && text[offset] !== "\n" && bytes < place.column) {
    const code = text.codePointAt(offset)!;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    offset += code > 0xffff ? 2 : 1;
  }
  return offset;
}
