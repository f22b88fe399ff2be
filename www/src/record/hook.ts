import { Kind, RECORD } from "../wire/trace-layout";
import { Section, Writer } from "../wire/wasm-binary";
import { Code } from "./code";
import { Op } from "./instructions";

/**
 * A module of some thousand bytes with a memory of its own, whose functions a recorded module calls, one for each
 * kind of operation. They write records (docs/trace-format.md) and call into JavaScript only when the memory is full,
 * or to take a stack. A second memory in the recorded module would do the same, but not every engine has that.
 */

/** The places in the table of a recorded module. */
export const Slot = { allocate: 0, free: 1, reallocate: 2 } as const;
export const SLOTS = 3;

/** The parameters of each function: head of the record, address, size, old address, pages of memory. */
export const HOOK_PARAMS = 5;
const Param = { head: 0, address: 1, size: 2, old: 3, pages: 4 } as const;
/** Locals behind them: where the next record is, and the number of a site. */
const [AT, SITE] = [5, 6];

const PAGE = 65536;
/** Records that fit before JavaScript is called. They stay in the processor's cache, which a larger buffer would not. */
export const HOOK_ROOM = 8192;
/** The end of the records for which there is room in any case; an operation writes three at most. */
const LIMIT = HOOK_ROOM * RECORD;
/** Behind the records: by place, the address of the sampled block there, 0 for none and `SEVERAL` for more than one. */
const TAGS_AT = LIMIT + PAGE;
export const TAGS = 1 << 16;
export const SEVERAL = 0xffff_ffff;
const PAGES = (TAGS_AT + TAGS * 4) / PAGE;
/** Returns the place of an address among the tags. */
export const tagPlace = (address: number): number => (address >>> 3) & (TAGS - 1);

/** `all` records each operation; `sampled` counts them, and records what concerns sampled blocks. */
export type Mode = "all" | "sampled";

type Operation = (head: number, address: number, size: number, old: number, pages: number) => void;

/** Numbers of the module that JavaScript reads and writes, in their order; `site` is the head of a site's record. */
const COUNTERS = ["filled", "pages", "site", "allocations", "frees", "reallocations", "refused", "growths"] as const;
type Counter = (typeof COUNTERS)[number];

export interface Hook extends Readonly<Record<Counter, WebAssembly.Global<"i32">>> {
  /** The records that wait, `filled` bytes. */
  readonly records: ArrayBuffer;
  /** The tags of `sampled`, by place. */
  readonly tags: Uint32Array;
  /** Bytes to allocate until a stack is taken. */
  readonly left: WebAssembly.Global<"f64">;
  /** The functions by mode, in the order of the slots. */
  readonly operations: Readonly<Record<Mode, readonly Operation[]>>;
  /** In the place of any of them while nobody records. */
  readonly ignore: Operation;
}

export interface HookImports {
  /** Has to take the records, and to set `filled` to 0. */
  full(): void;
  /** Takes the stack of an allocation and sets `left`; returns the number of the site, 0 for none. */
  site(size: number): number;
  /** Hears that the allocator had no memory. */
  refused(size: number): void;
}

const [I32, F64] = [0x7f, 0x7c];
const LEFT = COUNTERS.length;
const Import = { full: 0, site: 1, refused: 2 } as const;
const IMPORTS = 3;
const MODES: readonly Mode[] = ["all", "sampled"];
/** The functions that a table gets; `IGNORE` and `HIT` stand behind them. */
const FUNCTIONS = MODES.flatMap((mode) => Object.keys(Slot).map((name, slot) => ({ name: `${mode} ${name}`, mode, slot })));
const IGNORE = IMPORTS + FUNCTIONS.length;
const HIT = IGNORE + 1;

/** Writes the body of a function of the hook. */
class Body extends Code {
  constructor(private readonly mode: Mode) {
    super();
    this.byte(1, 2, I32);
  }

  private getCounter = (name: Counter): this => this.getGlobal(COUNTERS.indexOf(name));
  private setCounter = (name: Counter): this => this.setGlobal(COUNTERS.indexOf(name));
  private count = (name: Counter): this => this.getCounter(name).constant(1).byte(Op.add).setCounter(name);

  /** Writes a record: two words, and two that are written at once. */
  private push(head: () => unknown, address: () => unknown, rest: () => unknown): this {
    this.getCounter("filled").set(AT);
    this.get(AT);
    head();
    this.byte(Op.store, 2, 0).get(AT);
    address();
    this.byte(Op.store, 2, 4).get(AT);
    rest();
    this.byte(Op.storeWide, 3, 8);
    return this.get(AT).constant(RECORD).byte(Op.add).setCounter("filled");
  }

  private wide = (local: number): this => this.get(local).byte(Op.wideOfUnsigned);

  /** Calls JavaScript if there may be no room for another operation. */
  private checkRoom = (): this => this.getCounter("filled").constant(LIMIT).byte(Op.atLeast).if(() => this.call(Import.full));

  /** Puts the byte offset of an address's tag on the stack. */
  private place = (address: number): this => this.get(address).constant(1).byte(Op.shiftRight).constant((TAGS - 1) * 4).byte(Op.and);
  private tag = (address: number): this => this.place(address).byte(Op.load, 2).number(TAGS_AT);
  private setTag(address: number, value: () => unknown): this {
    this.place(address);
    value();
    return this.byte(Op.store, 2).number(TAGS_AT);
  }

  /** Notes growth that happened since the last operation. */
  private growth(): this {
    return this.get(Param.pages).getCounter("pages").byte(Op.notEqual).if(() => {
      if (this.mode === "all") this.push(() => this.constant(Kind.Grow), () => this.getCounter("pages"), () => this.wide(Param.pages));
      else this.count("growths");
      this.get(Param.pages).setCounter("pages");
    });
  }

  /** Takes a stack where the sampling's bytes are used up. */
  private sample(): this {
    this.getGlobal(LEFT).get(Param.size).byte(Op.floatOfUnsigned, Op.subtractFloat).setGlobal(LEFT);
    return this.getGlobal(LEFT).byte(Op.constantFloat, 0, 0, 0, 0, 0, 0, 0, 0, Op.lessFloat).if(() => {
      this.get(Param.size).call(Import.site).byte(Op.teeLocal).number(SITE).if(() => {
        this.push(() => this.getCounter("site"), () => this.get(Param.address), () => this.pair(Param.size, SITE));
        if (this.mode === "sampled") {
          this.setTag(Param.address, () => {
            this.get(Param.address).constant(SEVERAL);
            this.tag(Param.address).byte(Op.equalsZero).tag(Param.address).get(Param.address).byte(Op.equal, Op.or, Op.select);
          });
          this.checkRoom();
        }
      });
    });
  }

  private pair = (low: number, high: number): this => this.wide(low).wide(high).byte(Op.constantWide, 32, Op.shiftLeftWide, Op.orWide);

  private refusal(): this {
    return this.get(Param.size).if(() => {
      if (this.mode === "sampled") this.count("refused");
      this.get(Param.size).call(Import.refused);
    });
  }

  /** Records the operation, or counts it. */
  private note(counter: Counter, places: readonly number[], rest: () => unknown): this {
    const push = (): this => this.push(() => this.get(Param.head), () => this.get(Param.address), rest).checkRoom();
    if (this.mode === "all") return push();
    this.count(counter);
    const either = (each: (place: number) => unknown): this => {
      for (const place of places) each(place);
      return places.length > 1 ? this.byte(Op.or) : this;
    };
    // Most blocks are not sampled, and their place has no tag.
    return either((place) => this.tag(place)).if(() => either((place) => this.get(place).call(HIT)).if(push));
  }

  /** Returns 1 if a sampled block is at the address, or may be; afterwards there is none. */
  hit(): this {
    this.tag(0).byte(Op.teeLocal).number(1).unless(() => this.constant(0).byte(Op.return));
    this.get(1).get(0).byte(Op.equal).if(() => this.setTag(0, () => this.constant(0)).constant(1).byte(Op.return));
    return this.get(1).constant(SEVERAL).byte(Op.equal);
  }

  allocate(): this {
    this.growth();
    this.get(Param.address).unless(() => {
      this.refusal();
      // Nothing was allocated: only a complete recording has use for it.
      if (this.mode === "sampled") this.byte(Op.return);
    });
    this.note("allocations", [Param.address], () => this.wide(Param.size));
    if (this.mode === "all") this.get(Param.address).unless(() => this.byte(Op.return));
    return this.sample();
  }

  free(): this {
    // Nothing is freed at 0.
    this.get(Param.address).unless(() => this.byte(Op.return));
    return this.note("frees", [Param.address], () => this.byte(Op.constantWide, 0));
  }

  reallocate(slot: (of: number) => number): this {
    const again = (of: number): this => this.get(Param.address).get(Param.size).get(Param.old).get(Param.pages).call(slot(of)).byte(Op.return);
    // Of nothing it is an allocation; to nothing, without a result, it frees.
    this.get(Param.old).unless(() => {
      this.get(Param.head).constant(Kind.Allocate ^ Kind.Reallocate).byte(Op.xor);
      again(Slot.allocate);
    });
    this.get(Param.size).get(Param.address).byte(Op.or).unless(() => {
      this.constant(Kind.Deallocate).get(Param.old).set(Param.address);
      again(Slot.free);
    });
    this.growth();
    this.get(Param.address).unless(() => {
      this.refusal();
      if (this.mode === "sampled") this.byte(Op.return);
    });
    this.note("reallocations", [Param.address, Param.old], () => this.pair(Param.size, Param.old));
    if (this.mode === "all") this.get(Param.address).unless(() => this.byte(Op.return));
    return this.sample();
  }
}

function body(mode: Mode, slot: number): Uint8Array {
  const code = new Body(mode);
  if (slot === Slot.allocate) code.allocate();
  else if (slot === Slot.free) code.free();
  else code.reallocate((of) => IMPORTS + FUNCTIONS.findIndex((each) => each.mode === mode && each.slot === of));
  return code.byte(Op.end).done();
}

/** Name of the functions in stacks: what begins so is left out of them. */
export const HOOK_NAME = "bonsai_alloc::trace::hook";

function assemble(): Uint8Array<ArrayBuffer> {
  const many = (count: number, write: (each: Writer) => void): Uint8Array => {
    const section = new Writer().number(count);
    write(section);
    return section.done();
  };
  const params = new Array<number>(HOOK_PARAMS).fill(I32);
  const all = FUNCTIONS.length + 2;
  const names = new Writer().text("name");
  names.byte(1).sized(many(all, (each) => { for (let i = 0; i < all; i++) each.number(IMPORTS + i).text(HOOK_NAME); }));
  return new Writer()
    .byte(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
    .section(Section.type, many(4, (each) => each.byte(0x60, HOOK_PARAMS, ...params, 0, 0x60, 0, 0, 0x60, 1, I32, 1, I32, 0x60, 1, I32, 0)))
    .section(Section.import, many(IMPORTS, (each) => each.text("hook").text("full").byte(0, 1).text("hook").text("site").byte(0, 2).text("hook").text("refused").byte(0, 3)))
    .section(Section.function, many(all, (each) => {
      for (let i = 0; i < all; i++) each.byte(IMPORTS + i === HIT ? 2 : 0);
    }))
    .section(Section.memory, many(1, (each) => each.byte(1).number(PAGES).number(PAGES)))
    .section(Section.global, many(COUNTERS.length + 1, (each) => {
      COUNTERS.forEach(() => each.byte(I32, 1, Op.constant, 0, Op.end));
      each.byte(F64, 1, Op.constantFloat, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f, Op.end);
    }))
    .section(Section.export, many(COUNTERS.length + 3 + FUNCTIONS.length, (each) => {
      each.text("memory").byte(2, 0);
      for (const [i, name] of COUNTERS.entries()) each.text(name).byte(3, i);
      each.text("left").byte(3, LEFT);
      for (const [i, { name }] of FUNCTIONS.entries()) each.text(name).byte(0, IMPORTS + i);
      each.text("ignore").byte(0, IGNORE);
    }))
    .section(Section.code, many(all, (each) => {
      for (const { mode, slot } of FUNCTIONS) each.sized(body(mode, slot));
      each.byte(2, 0, Op.end).sized(new Body("sampled").hit().byte(Op.end).done());
    }))
    .section(Section.custom, names.done())
    .done();
}

// The engine's own, which somebody may replace later to see what a page compiles.
const { Module, Instance } = WebAssembly;
let compiled: WebAssembly.Module | null = null;

/** Returns a fresh hook, with nothing recorded. */
export function makeHook(imports: HookImports): Hook {
  compiled ??= new Module(assemble());
  const hook = {
    full: () => { imports.full(); },
    site: (size: number) => imports.site(size >>> 0),
    refused: (size: number) => { imports.refused(size >>> 0); },
  };
  const { exports } = new Instance(compiled, { hook });
  const { buffer } = exports["memory"] as WebAssembly.Memory;
  const of = (mode: Mode): Operation[] => FUNCTIONS.filter((each) => each.mode === mode).map(({ name }) => exports[name] as Operation);
  return {
    ...(exports as unknown as Record<Counter, WebAssembly.Global<"i32">>),
    left: exports["left"] as WebAssembly.Global<"f64">,
    ignore: exports["ignore"] as Operation,
    records: buffer,
    tags: new Uint32Array(buffer, TAGS_AT, TAGS),
    operations: { all: of("all"), sampled: of("sampled") },
  };
}
