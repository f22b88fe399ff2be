import { Kind, RECORD } from "../wire/trace-layout";
import { Section, Writer } from "../wire/wasm-binary";
import { Op } from "./instructions";
import { HOOK_PARAMS } from "./rewrite";

/**
 * A module of a few hundred bytes with a memory of its own, whose function a recorded module calls for each
 * operation. It writes records (docs/trace-format.md) and calls into JavaScript only when the memory is full, or
 * to take a stack. A second memory in the recorded module would do the same, but not every engine has that.
 */

const PAGES = 17;
/** The end of the records for which there is room in any case; an operation writes three at most. */
const LIMIT = (PAGES - 1) * 65536;
/** Records that fit before JavaScript is called. */
export const HOOK_ROOM = LIMIT / RECORD;

export interface HookExports {
  readonly memory: WebAssembly.Memory;
  /** Bytes of records that are in memory. */
  readonly filled: WebAssembly.Global<"i32">;
  /** Pages of the recorded module's memory, at the last operation. */
  readonly pages: WebAssembly.Global<"i32">;
  /** Bytes to allocate until a stack is taken. */
  readonly left: WebAssembly.Global<"f64">;
  readonly record: () => void;
  /** In the place of `record` while nobody records. */
  readonly ignore: () => void;
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
const VOID = 0x40;
const Param = { kind: 0, address: 1, size: 2, old: 3, align: 4, pages: 5, head: 6 } as const;
const Global = { filled: 0, pages: 1, left: 2 } as const;
const Index = { full: 0, site: 1, refused: 2, record: 3, ignore: 4 } as const;

class Code extends Writer {
  get = (local: number): this => this.byte(Op.getLocal).number(local);
  set = (local: number): this => this.byte(Op.setLocal).number(local);
  getGlobal = (index: number): this => this.byte(Op.getGlobal).number(index);
  setGlobal = (index: number): this => this.byte(Op.setGlobal).number(index);
  constant = (value: number): this => this.byte(Op.constant).signed(value);
  if = (then: () => void): this => {
    this.byte(Op.if, VOID);
    then();
    return this.byte(Op.end);
  };

  /** Writes a record: each word is what `words` puts on the stack. */
  push(words: readonly (() => unknown)[]): void {
    for (const [i, word] of words.entries()) {
      this.getGlobal(Global.filled);
      word();
      this.byte(Op.store, 2).number(i * 4);
    }
    this.getGlobal(Global.filled).constant(RECORD).byte(Op.add).setGlobal(Global.filled);
  }
}

function recordBody(): Uint8Array {
  const code = new Code();
  const { kind, address, size, old, align, pages, head } = Param;
  const is = (value: number): Code => code.get(kind).constant(value).byte(Op.equal);
  code.byte(1, 1, I32);
  // Nothing is freed at 0.
  is(Kind.Deallocate).if(() => {
    code.get(old).byte(Op.equalsZero).if(() => code.byte(Op.return));
    code.get(old).set(address).constant(0).set(old);
  });
  // A reallocation of nothing is an allocation; one to nothing, without a result, frees.
  is(Kind.Reallocate).if(() => {
    code.get(old).byte(Op.equalsZero).if(() => code.constant(Kind.Allocate).set(kind));
    code.get(size).get(address).byte(Op.or).byte(Op.equalsZero).get(old).constant(0).byte(Op.notEqual, Op.and).if(() => {
      code.constant(Kind.Deallocate).set(kind).get(old).set(address).constant(0).set(old);
    });
  });
  code.get(pages).getGlobal(Global.pages).byte(Op.notEqual).if(() => {
    code.push([() => code.constant(Kind.Grow), () => code.getGlobal(Global.pages), () => code.get(pages), () => code.constant(0)]);
    code.get(pages).setGlobal(Global.pages);
  });
  // The alignment's logarithm from bit 8 on.
  code.get(kind).constant(31).get(align).constant(1).byte(Op.or, Op.leadingZeros).byte(Op.subtract).constant(8).byte(Op.shiftLeft, Op.or).set(head);
  code.push([() => code.get(head), () => code.get(address), () => code.get(size), () => code.get(old)]);
  code.get(address).byte(Op.equalsZero).get(size).constant(0).byte(Op.notEqual, Op.and).if(() => code.get(size).byte(Op.call).number(Index.refused));
  is(Kind.Deallocate).byte(Op.equalsZero).get(address).constant(0).byte(Op.notEqual, Op.and).if(() => {
    code.getGlobal(Global.left).get(size).byte(Op.floatOfUnsigned, Op.subtractFloat).setGlobal(Global.left);
    code.getGlobal(Global.left).byte(Op.constantFloat, 0, 0, 0, 0, 0, 0, 0, 0, Op.lessFloat).if(() => {
      code.get(size).byte(Op.call).number(Index.site).byte(Op.teeLocal).number(head).if(() => {
        code.push([() => code.constant(Kind.Site), () => code.get(address), () => code.get(size), () => code.get(head)]);
      });
    });
  });
  code.getGlobal(Global.filled).constant(LIMIT).byte(Op.atLeast).if(() => code.byte(Op.call).number(Index.full));
  return code.byte(Op.end).done();
}

/** Name of the function in stacks: what begins so is left out of them. */
export const HOOK_NAME = "bonsai_alloc::trace::hook";

function assemble(): Uint8Array<ArrayBuffer> {
  const many = (count: number, write: (each: Writer) => void): Uint8Array => {
    const section = new Writer().number(count);
    write(section);
    return section.done();
  };
  const params = new Array<number>(HOOK_PARAMS).fill(I32);
  const global = (name: string, index: number) => (each: Writer): Writer => each.text(name).byte(3, index);
  const body = recordBody();
  const names = new Writer().text("name");
  names.byte(1).sized(many(2, (each) => each.number(Index.record).text(HOOK_NAME).number(Index.ignore).text(HOOK_NAME)));
  return new Writer()
    .byte(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
    .section(Section.type, many(4, (each) => each.byte(0x60, HOOK_PARAMS, ...params, 0, 0x60, 0, 0, 0x60, 1, I32, 1, I32, 0x60, 1, I32, 0)))
    .section(Section.import, many(3, (each) => each.text("hook").text("full").byte(0, 1).text("hook").text("site").byte(0, 2).text("hook").text("refused").byte(0, 3)))
    .section(Section.function, many(2, (each) => each.byte(0, 0)))
    .section(Section.memory, many(1, (each) => each.byte(1, PAGES, PAGES)))
    .section(Section.global, many(3, (each) => each.byte(I32, 1, Op.constant, 0, Op.end, I32, 1, Op.constant, 0, Op.end, F64, 1, Op.constantFloat, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f, Op.end)))
    .section(Section.export, many(6, (each) => {
      each.text("memory").byte(2, 0);
      for (const write of [global("filled", Global.filled), global("pages", Global.pages), global("left", Global.left)]) write(each);
      each.text("record").byte(0, Index.record).text("ignore").byte(0, Index.ignore);
    }))
    .section(Section.code, many(2, (each) => each.sized(body).byte(2, 0, Op.end)))
    .section(Section.custom, names.done())
    .done();
}

// The engine's own, which somebody may replace later to see what a page compiles.
const { Module, Instance } = WebAssembly;
let compiled: WebAssembly.Module | null = null;

/** Returns a fresh hook, with nothing recorded. */
export function makeHook(imports: HookImports): HookExports {
  compiled ??= new Module(assemble());
  const hook = {
    full: () => { imports.full(); },
    site: (size: number) => imports.site(size >>> 0),
    refused: (size: number) => { imports.refused(size >>> 0); },
  };
  return new Instance(compiled, { hook }).exports as unknown as HookExports;
}
