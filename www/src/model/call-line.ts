/** A line such as `store.add("a", 1)`: the name of a callable, and its arguments as they were typed. */
export interface Call {
  readonly name: string;
  readonly given: string;
}

/**
 * Reads a line against the names that can be called; `null` if it begins with none of them. Names of
 * wasm exports may hold any character, so the longest name that fits wins. Parentheses may be left out.
 */
export function readCall(line: string, names: readonly string[]): Call | null {
  const text = line.trim().replace(/;$/, "").trim();
  let best: Call | null = null;
  for (const name of names) {
    if (!text.startsWith(name) || (best !== null && best.name.length >= name.length)) continue;
    const rest = text.slice(name.length).trim();
    if (rest === "") best = { name, given: "" };
    else if (rest.startsWith("(") && rest.endsWith(")")) best = { name, given: rest.slice(1, -1) };
  }
  return best;
}

/** A name for an object of a class that no other object has: `store`, `store2`. */
export function objectName(of: string, taken: ReadonlySet<string>): string {
  const name = of.charAt(0).toLowerCase() + of.slice(1);
  for (let number = 1; ; number++) {
    const next = number === 1 ? name : `${name}${number}`;
    if (!taken.has(next)) return next;
  }
}

/** The lines that were called, each once, the newest last; walked by the arrow keys as in a shell. */
export class Lines {
  private readonly lines: string[] = [];
  private at = 0;

  add(line: string): void {
    const known = this.lines.indexOf(line);
    if (known >= 0) this.lines.splice(known, 1);
    this.lines.push(line);
    this.at = this.lines.length;
  }

  /** The line before (-1) or after (+1) the one that is shown; `null` where there is none. */
  step(by: -1 | 1): string | null {
    const next = this.at + by;
    if (next < 0 || next > this.lines.length) return null;
    this.at = next;
    return this.lines[next] ?? "";
  }
}
