import type { Moment } from "./history";
import { STATES, State, type Snapshot } from "./snapshot";
import { recordAt, RecordKind, type Trace } from "./trace";

/** Data with named columns, to be saved as CSV or JSON. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: Iterable<readonly (string | number | null)[]>;
}

const STATE_NAMES: readonly string[] = Array.from(
  { length: STATES },
  (_, state) => Object.entries(State).find(([, value]) => value === state)![0].toLowerCase(),
);

/** Every block of a moment, in address order. */
export function blocksTable({ blocks, slabs, classes }: Snapshot): Table {
  return {
    columns: ["address", "size", "state", "class_size"],
    rows: lazily(blocks.count, (i) => {
      const slab = slabs[blocks.slab[i]!];
      return [
        blocks.address[i]!,
        blocks.size[i]!,
        STATE_NAMES[blocks.state[i]!] ?? "unknown",
        slab === undefined ? null : (classes[slab.class] ?? null),
      ];
    }),
  };
}

/** Returns the figures of a heap, one row a moment. */
export function historyTable(moments: readonly Moment[]): Table {
  const columns = ["moment", "time_ms", "label", "live", "live_blocks", "free", "free_blocks", "largest_free", "meta", "committed", "growths"];
  return {
    columns,
    rows: lazily(moments.length, (i) => {
      const m = moments[i]!;
      return [m.id, m.time, m.label, m.live, m.liveBlocks, m.free, m.freeBlocks, m.largestFree, m.meta, m.committed, m.growths];
    }),
  };
}

const KIND_NAMES: readonly string[] = Object.entries(RecordKind).reduce<string[]>((names, [name, kind]) => {
  names[kind] = name.toLowerCase();
  return names;
}, []);

/** Every record of a trace; what the three words mean depends on the kind (docs/trace-format.md). */
export function traceTable(trace: Trace): Table {
  return {
    columns: ["record", "kind", "align", "thread", "address", "size", "other"],
    rows: lazily(trace.count, (i) => {
      const { kind, align, thread, a, b, c } = recordAt(trace, i);
      return [i, KIND_NAMES[kind] ?? String(kind), align, thread, a, b, c];
    }),
  };
}

function* lazily(
  count: number,
  row: (index: number) => readonly (string | number | null)[],
): Generator<readonly (string | number | null)[]> {
  for (let i = 0; i < count; i++) yield row(i);
}

/** RFC 4180, in parts for a Blob: a text of millions of rows is longer than a string may be. */
export function csv({ columns, rows }: Table): string[] {
  const parts: string[] = [];
  let part = line(columns);
  for (const row of rows) {
    part += line(row);
    if (part.length > 1 << 20) {
      parts.push(part);
      part = "";
    }
  }
  parts.push(part);
  return parts;
}

const line = (row: readonly (string | number | null)[]): string => `${row.map(cell).join(",")}\r\n`;

function cell(value: string | number | null): string {
  if (value === null) return "";
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** An array of objects, in parts. */
export function json({ columns, rows }: Table): string[] {
  const parts: string[] = [];
  let part = "[";
  let first = true;
  for (const row of rows) {
    part += `${first ? "" : ","}\n${JSON.stringify(Object.fromEntries(columns.map((name, i) => [name, row[i]])))}`;
    first = false;
    if (part.length > 1 << 20) {
      parts.push(part);
      part = "";
    }
  }
  parts.push(`${part}\n]\n`);
  return parts;
}
