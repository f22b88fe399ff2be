/**
 * A scenario: an allocator, what is done to it, and how much of that has been done. Blocks are named
 * by the number of the allocation that made them, and not by their addresses, so that a scenario is
 * the same on every machine and in every link.
 */
export const REGIONS = [1024, 4096, 16384] as const;
export const SMALLEST = [16, 32, 64, 128] as const;
export const BLOCK_SIZES = [16, 48, 64, 128] as const;
export const COUNTS = [16, 64, 256] as const;
export const ALIGNS = [1, 4, 8, 16, 32, 64, 128] as const;
export const LARGEST_SIZE = 65536;
/** As many operations as a scenario keeps, and so as many as can be undone. */
export const MOST_OPERATIONS = 2000;

/** The cores of the sandbox. */
export type Core =
  | { readonly kind: "buddy"; readonly region: number; readonly smallest: number }
  | { readonly kind: "slab"; readonly blockSize: number; readonly count: number }
  | { readonly kind: "bump"; readonly region: number };

export type Operation =
  | { readonly do: "allocate"; readonly size: number; readonly align: number }
  /** Frees what the allocation of that number, from 0, returned. */
  | { readonly do: "free"; readonly block: number }
  | { readonly do: "reset" };

export interface Scenario {
  readonly core: Core;
  readonly operations: readonly Operation[];
  /** The number of operations that have been done; the others can be redone. */
  readonly at: number;
}

/** The alignment that a scenario's text does not spell out. */
const USUAL_ALIGN = 8;

export function writeCore(core: Core): string {
  switch (core.kind) {
    case "buddy":
      return `buddy.${core.region}.${core.smallest}`;
    case "slab":
      return `slab.${core.blockSize}.${core.count}`;
    case "bump":
      return `bump.${core.region}`;
  }
}

/** The core of that text, if it is one that the sandbox offers. */
export function readCore(text: string): Core | null {
  const [kind, ...rest] = text.split(".");
  const [first = NaN, second = NaN] = rest.map(whole);
  const known = (among: readonly number[], value: number): boolean => among.includes(value);
  if (kind === "buddy" && rest.length === 2 && known(REGIONS, first) && known(SMALLEST, second)) {
    return { kind, region: first, smallest: second };
  }
  if (kind === "slab" && rest.length === 2 && known(BLOCK_SIZES, first) && known(COUNTS, second)) {
    return { kind, blockSize: first, count: second };
  }
  if (kind === "bump" && rest.length === 1 && known(REGIONS, first)) return { kind, region: first };
  return null;
}

/** Operations without a separator: `a100` allocates, `a100.16` aligned to 16, `f3` frees, `r` resets. */
export function writeOperations(operations: readonly Operation[]): string {
  return operations
    .map((operation) => {
      switch (operation.do) {
        case "allocate":
          return operation.align === USUAL_ALIGN ? `a${operation.size}` : `a${operation.size}.${operation.align}`;
        case "free":
          return `f${operation.block}`;
        case "reset":
          return "r";
      }
    })
    .join("");
}

/** A fault in a text of operations, and the operation that has it, from 1. */
export interface Fault {
  readonly why: "operation" | "size" | "align" | "free" | "many";
  readonly number: number;
}

export function readOperations(text: string): readonly Operation[] | Fault {
  const operations: Operation[] = [];
  /** Allocations that could still be live, by number. */
  const out = new Set<number>();
  let allocations = 0;
  const token = /a(\d{1,7})(?:\.(\d{1,7}))?|f(\d{1,7})|r/y;
  while (token.lastIndex < text.length) {
    const number = operations.length + 1;
    if (number > MOST_OPERATIONS) return { why: "many", number };
    const found = token.exec(text);
    if (found === null) return { why: "operation", number };
    const [, size, align, block] = found;
    if (size !== undefined) {
      const asked = { do: "allocate", size: Number(size), align: Number(align ?? USUAL_ALIGN) } as const;
      if (asked.size < 1 || asked.size > LARGEST_SIZE) return { why: "size", number };
      if (!(ALIGNS as readonly number[]).includes(asked.align)) return { why: "align", number };
      out.add(allocations++);
      operations.push(asked);
    } else if (block !== undefined) {
      if (!out.delete(Number(block))) return { why: "free", number };
      operations.push({ do: "free", block: Number(block) });
    } else {
      out.clear();
      operations.push({ do: "reset" });
    }
  }
  return operations;
}

/** A whole number as it is written without need: no sign, no point, no leading zero. */
export const whole = (text: string): number => (/^(0|[1-9]\d{0,9})$/.test(text) ? Number(text) : NaN);
