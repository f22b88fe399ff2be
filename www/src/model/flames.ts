import type { SiteTotal } from "./trace-sites";

/** A function in the flame graph, under those that called it, or under those that it called. */
export interface Flame {
  readonly name: string;
  /** The functions that it stands for: a chain of single calls is one flame. The last is its name. */
  readonly chain: readonly string[];
  readonly depth: number;
  /** Its left end and its width, in bytes. */
  readonly from: number;
  readonly bytes: number;
  readonly blocks: number;
  /** Index of the flame above in the list, -1 for the root. */
  readonly parent: number;
}

export interface FlameOptions {
  /** The functions that asked for memory on top, their callers below. */
  readonly bottomUp?: boolean | undefined;
  /** A function that does nothing but call one other is folded into it. */
  readonly folded?: boolean | undefined;
}

interface Node {
  name: string;
  bytes: number;
  blocks: number;
  /** Bytes that no child has. */
  own: number;
  children: Map<string, Node>;
}

/** A function of a script, or a place in one. */
const SCRIPT = /\([^()]+\.[mc]?[jt]s\)$|^[^\s:]+\.[mc]?[jt]s:\d+/;

/** The sites without the frames of the page that called the module: what lies outside of the outermost function of wasm. */
export const withoutPage = (totals: readonly SiteTotal[]): SiteTotal[] =>
  totals.map((total) => {
    const { stack } = total;
    let end = stack.length;
    while (end > 0 && SCRIPT.test(stack[end - 1]!)) end--;
    return end === 0 ? total : { ...total, stack: stack.slice(0, end) };
  });

/** The flame graph: parents before children, the widest child first. */
export function flames(totals: readonly SiteTotal[], root: string, { bottomUp = false, folded = false }: FlameOptions = {}): Flame[] {
  const node = (name: string): Node => ({ name, bytes: 0, blocks: 0, own: 0, children: new Map() });
  const top = node(root);
  for (const { stack, bytes, blocks } of totals) {
    let at = top;
    at.bytes += bytes;
    at.blocks += blocks;
    for (let i = 0; i < stack.length; i++) {
      const name = stack[bottomUp ? i : stack.length - 1 - i]!;
      let next = at.children.get(name);
      if (next === undefined) at.children.set(name, (next = node(name)));
      next.bytes += bytes;
      next.blocks += blocks;
      at = next;
    }
    at.own += bytes;
  }
  const list: Flame[] = [];
  // By hand and not by recursion: a stack in a file may be of any depth.
  const open = [{ node: top, depth: 0, from: 0, parent: -1 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const index = list.length;
    const chain = [next.node.name];
    let { node: at } = next;
    while (folded && next.parent >= 0 && at.children.size === 1 && at.own === 0) {
      at = at.children.values().next().value!;
      chain.push(at.name);
    }
    list.push({ name: at.name, chain, depth: next.depth, from: next.from, bytes: at.bytes, blocks: at.blocks, parent: next.parent });
    let { from } = next;
    const children = [...at.children.values()].sort((a, b) => b.bytes - a.bytes);
    const placed = children.map((child) => {
      const place = { node: child, depth: next.depth + 1, from, parent: index };
      from += child.bytes;
      return place;
    });
    open.push(...placed.reverse());
  }
  return list;
}

/** Bytes of all flames that have a function with that text in its name, none counted twice; and which they are. */
export function search(list: readonly Flame[], text: string): { readonly found: ReadonlySet<number>; readonly bytes: number } {
  const found = new Set<number>();
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return { found, bytes: 0 };
  let bytes = 0;
  // Whether a flame lies below one that was found.
  const below = new Uint8Array(list.length);
  list.forEach(({ chain, parent, bytes: width }, i) => {
    below[i] = parent >= 0 && (found.has(parent) || below[parent] === 1) ? 1 : 0;
    if (parent < 0 || !chain.some((name) => name.toLowerCase().includes(wanted))) return;
    found.add(i);
    if (below[i] === 0) bytes += width;
  });
  return { found, bytes };
}
