/**
 * Readable names of Rust's functions: both manglings of rustc, as paths without hashes and without generic
 * arguments. Other names stay as they are. C++ names stay as they are too.
 */
export function demangle(name: string): string {
  const plain = /^_?_?R[A-Z]/.test(name) ? v0(name) : /^_?_?ZN\d/.test(name) ? legacy(name) : null;
  return plain ?? name.replace(/::h[0-9a-f]{16}$/, "");
}

/** `_ZN4core3fmt5write17h0123456789abcdefE`: lengths and names. */
function legacy(name: string): string | null {
  let rest = name.slice(name.indexOf("ZN") + 2);
  const parts: string[] = [];
  while (!rest.startsWith("E")) {
    const digits = /^\d+/.exec(rest)?.[0];
    if (digits === undefined) return null;
    const length = Number(digits);
    const part = rest.slice(digits.length, digits.length + length);
    if (part.length < length) return null;
    rest = rest.slice(digits.length + length);
    if (!(/^h[0-9a-f]{16}$/.test(part) && rest.startsWith("E"))) parts.push(escapes(part));
  }
  return parts.length === 0 ? null : parts.join("::");
}

const SYMBOLS: Readonly<Record<string, string>> = { LT: "<", GT: ">", RF: "&", BP: "*", LP: "(", RP: ")", C: ",", SP: "@" };

const escapes = (part: string): string =>
  part
    .replace(/^_(?=\$)/, "")
    .replace(/\$([A-Z]+)\$/g, (whole, code: string) => SYMBOLS[code] ?? whole)
    .replace(/\$u([0-9a-f]+)\$/g, (whole, code: string) => {
      const point = parseInt(code, 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
    })
    .replaceAll("..", "::");

/** Says that a name is of no form that is known here. */
class Odd extends Error {}

const BASIC: Readonly<Record<string, string>> = {
  a: "i8", b: "bool", c: "char", d: "f64", e: "str", f: "f32", h: "u8", i: "isize", j: "usize", l: "i32", m: "u32",
  n: "i128", o: "u128", p: "_", s: "i16", t: "u16", u: "()", v: "...", x: "i64", y: "u64", z: "!",
};

/** Names nest no deeper; references back in a name could make it endless. */
const MOST_STEPS = 2000;

function v0(name: string): string | null {
  const start = name.indexOf("R") + 1;
  try {
    return new V0(name.slice(start)).path();
  } catch (error) {
    if (error instanceof Odd) return null;
    throw error;
  }
}

/** Reads rustc's second mangling: the grammar of its RFC 2603, generic arguments passed over. */
class V0 {
  private at = 0;
  private steps = 0;

  constructor(private readonly text: string) {}

  private next(): string {
    if (++this.steps > MOST_STEPS || this.at >= this.text.length) throw new Odd();
    return this.text[this.at++]!;
  }

  private eat(letter: string): boolean {
    if (this.text[this.at] !== letter) return false;
    this.at++;
    return true;
  }

  private base62(): number {
    if (this.eat("_")) return 0;
    let value = 0;
    for (let letter = this.next(); letter !== "_"; letter = this.next()) {
      const digit = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".indexOf(letter);
      if (digit < 0) throw new Odd();
      value = value * 62 + digit;
    }
    return value + 1;
  }

  private identifier(): { name: string; disambiguator: number } {
    const disambiguator = this.eat("s") ? this.base62() + 1 : 0;
    this.eat("u");
    let length = 0;
    while (/\d/.test(this.text[this.at] ?? "")) length = length * 10 + Number(this.next());
    this.eat("_");
    const name = this.text.slice(this.at, this.at + length);
    if (name.length < length) throw new Odd();
    this.at += length;
    return { name, disambiguator };
  }

  /** Reads at the place that a reference names, and comes back. */
  private back<T>(read: () => T): T {
    const to = this.base62();
    const here = this.at;
    if (to >= here) throw new Odd();
    this.at = to;
    const value = read();
    this.at = here;
    return value;
  }

  path(): string {
    switch (this.next()) {
      case "C":
        return this.identifier().name;
      case "M": {
        this.implementation();
        return `<${this.type()}>`;
      }
      case "X": {
        this.implementation();
        return `<${this.type()} as ${this.path()}>`;
      }
      case "Y":
        return `<${this.type()} as ${this.path()}>`;
      case "N": {
        const space = this.next();
        const parent = this.path();
        const { name, disambiguator } = this.identifier();
        if (space === "C") return `${parent}::{closure#${disambiguator}}`;
        return name === "" ? parent : `${parent}::${name}`;
      }
      case "I": {
        const path = this.path();
        while (!this.eat("E")) this.argument();
        return path;
      }
      case "B":
        return this.back(() => this.path());
      default:
        throw new Odd();
    }
  }

  private implementation(): void {
    if (this.eat("s")) this.base62();
    this.path();
  }

  private argument(): void {
    if (this.eat("L")) this.base62();
    else if (this.eat("K")) this.constant();
    else this.type();
  }

  private constant(): void {
    if (this.eat("B")) {
      this.back(() => {
        this.constant();
      });
    } else if (!this.eat("p")) {
      this.next();
      while (this.next() !== "_");
    }
  }

  private type(): string {
    const letter = this.text[this.at] ?? "";
    const basic = BASIC[letter];
    if (basic !== undefined) {
      this.next();
      return basic;
    }
    if (/[CMXYNI]/.test(letter)) return this.path();
    switch (this.next()) {
      case "R":
      case "Q":
        if (this.eat("L")) this.base62();
        return `&${this.type()}`;
      case "P":
      case "O":
        return `*${this.type()}`;
      case "A": {
        const type = this.type();
        this.constant();
        return `[${type}; _]`;
      }
      case "S":
        return `[${this.type()}]`;
      case "T": {
        const types: string[] = [];
        while (!this.eat("E")) types.push(this.type());
        return `(${types.join(", ")})`;
      }
      case "B":
        return this.back(() => this.type());
      default:
        // Functions and trait objects: nothing here asks for a method of theirs.
        throw new Odd();
    }
  }
}
