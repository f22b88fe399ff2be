import { describe, expect, it } from "vitest";
import { assemble, bumpParts, I32, op, type ModuleParts } from "../../tests/support/wasm-builder";
import { Trace, recordAt, RecordKind, survivors } from "../model/trace";
import { readModule } from "../wire/wasm-module";
import { bySite, samples, SiteTable } from "../model/trace-sites";
import { HOOK_ROOM, tagPlace, TAGS } from "./hook";
import { LiveSamples } from "./live";
import { rewrite, type Rewritten } from "./rewrite";
import { ownExports, Tap } from "./tap";

type Calls = Record<string, (...values: number[]) => number>;

interface Running {
  readonly calls: Calls;
  readonly tap: Tap;
  readonly trace: Trace;
}

/** Runs a module that was rewritten, and records from before its start function on. */
function record(bytes: Uint8Array, imports: WebAssembly.Imports = {}, rate = 0, site: (() => number) | null = null): Running {
  const done = rewrite(bytes);
  if (!done.ok) throw new Error(done.refusal.why);
  const raw = new WebAssembly.Instance(new WebAssembly.Module(done.bytes), imports).exports;
  // Without a clock samples are taken as often as was asked for.
  const tap = new Tap(raw, () => 0);
  const trace = new Trace();
  tap.start(trace, rate, site);
  tap.begin();
  return { calls: ownExports(raw) as unknown as Calls, tap, trace };
}

const { Allocate, Zeroed, Deallocate, Reallocate, Site, Grow } = RecordKind;

/** Records of operations: kind, address, size, old address. */
function operations({ trace }: Running): number[][] {
  const list: number[][] = [];
  for (let i = 0; i < trace.count; i++) {
    const { kind, a, b, c } = recordAt(trace, i);
    if (kind <= Site) list.push([kind, a, b, c]);
  }
  return list;
}

const refusal = (done: Rewritten): unknown => (done.ok ? null : done.refusal);

describe("a module that was rewritten", () => {
  it("tells of each operation once, with its sizes and addresses", () => {
    const running = record(assemble(bumpParts()));
    const { calls, tap } = running;
    const a = calls["make"]!(100);
    const b = calls["zeroed"]!(3, 40);
    const c = calls["resize"]!(a, 200);
    calls["lose"]!(b);
    calls["lose"]!(0);
    calls["resize"]!(0, 7);
    tap.stop();
    expect(operations(running)).toEqual([
      [Allocate, 1024, 100, 0],
      [Zeroed, 1124, 120, 0],
      [Reallocate, 1244, 200, 1024],
      [Deallocate, 1124, 0, 0],
      [Allocate, 1444, 7, 0],
    ]);
    expect(survivors(running.trace).map(({ address, size }) => [address, size])).toEqual([[c, 200], [1444, 7]]);
  });

  it("records what the start function allocates, and keeps its exports to itself", () => {
    const running = record(assemble(bumpParts({ functions: [...bumpParts().functions, { params: [], results: [], code: [...op.constant(48), ...op.call(0), ...op.drop] }], start: 8 })));
    running.tap.stop();
    expect(operations(running)).toEqual([[Allocate, 1024, 48, 0]]);
    expect(Object.keys(running.calls).sort()).toEqual(["lose", "make", "memory", "resize", "zeroed"]);
  });

  it("hands over its buffer when it is full, in order, and loses nothing", () => {
    const running = record(assemble(bumpParts()));
    const many = HOOK_ROOM * 2 + 17;
    for (let i = 0; i < many; i++) running.calls["make"]!(1);
    running.tap.stop();
    const list = operations(running);
    expect(list.length).toBe(many);
    expect(list.every(([kind, address], i) => kind === Allocate && address === 1024 + i)).toBe(true);
  });

  it("is silent before recording starts and after it ends", () => {
    const running = record(assemble(bumpParts()));
    running.tap.stop();
    running.calls["make"]!(5);
    expect(running.trace.count).toBe(0);
    running.tap.start(running.trace);
    running.calls["make"]!(6);
    running.tap.stop();
    running.calls["make"]!(7);
    expect(operations(running).map(([, , size]) => size)).toEqual([6]);
  });

  it("samples stacks by bytes", () => {
    let taken = 0;
    const running = record(assemble(bumpParts()), {}, 1000, () => ++taken);
    for (let i = 0; i < 1000; i++) running.calls["make"]!(100);
    running.tap.stop();
    const sites = operations(running).filter(([kind]) => kind === Site);
    expect(sites.length).toBe(taken);
    // 100 are expected of 100,000 bytes; chance alone does not lead below 40 or above 180.
    expect(taken).toBeGreaterThan(40);
    expect(taken).toBeLessThan(180);
    expect(sites.every(([, address, size, number], i) => size === 100 && number === i + 1 && address! > 0)).toBe(true);
  });

  it("takes stacks further apart where they take too long, and estimates stay right", () => {
    let clock = 0;
    const sites = new SiteTable();
    const done = rewrite(assemble(bumpParts()));
    if (!done.ok) throw new Error(done.refusal.why);
    const exports = new WebAssembly.Instance(new WebAssembly.Module(done.bytes)).exports;
    // A stack takes a millisecond, and the program nothing.
    const tap = new Tap(exports, () => clock);
    const trace = new Trace();
    trace.rate = 1000;
    tap.start(trace, 1000, () => {
      clock += 1;
      return sites.take("    at main");
    });
    for (let i = 0; i < 400_000; i++) {
      clock += 0.0001;
      (exports as unknown as Calls)["make"]!(100);
    }
    tap.stop();
    trace.sites = sites.stacks;
    const taken = samples(trace);
    // At the rate that was asked for it would be 40,000.
    expect(taken.length).toBeLessThan(2000);
    const [total] = bySite(taken, trace.sites);
    expect(total!.bytes).toBeGreaterThan(30_000_000);
    expect(total!.bytes).toBeLessThan(50_000_000);
  });

  it("counts operations and records what concerns sampled blocks, for a sink that wants no more", () => {
    let site = 0;
    const running = record(assemble(bumpParts()));
    const { calls, tap } = running;
    const live = new LiveSamples(1e-9);
    tap.start(live, 1e-9, () => (site < 4 ? ++site : 0));
    const [a, b, c] = [calls["make"]!(10), calls["make"]!(20), calls["zeroed"]!(3, 10)];
    const d = calls["resize"]!(a, 40);
    // Not sampled any more.
    const e = calls["make"]!(50);
    calls["lose"]!(b);
    calls["lose"]!(e);
    calls["lose"]!(0);
    calls["resize"]!(0, 7);
    tap.drain();
    expect(live.counters).toEqual({ allocations: 5, frees: 2, reallocations: 1, refused: 0, growths: 0, lost: 0 });
    expect([...live.addresses()].sort((x, y) => x - y)).toEqual([c, d]);
    expect(live.sites([["a"], ["b"], ["c"], ["d"]]).map(({ stack, blocks, bytes }) => [stack, blocks, bytes])).toEqual([[["d"], 1, 40], [["c"], 1, 30]]);
    // Two allocations, a resize that ends a sampled block, a free of one, and four sites; the others are counted.
    expect(tap.records).toBe(6);
    tap.stop();
  });

  it("tells sampled blocks apart whose addresses share a place", () => {
    let site = 0;
    const running = record(assemble(bumpParts()));
    const { calls, tap } = running;
    const live = new LiveSamples(1e-9);
    tap.start(live, 1e-9, () => ++site);
    const one = calls["make"]!(TAGS * 8);
    const other = calls["make"]!(TAGS * 8);
    expect(tagPlace(one)).toBe(tagPlace(other));
    calls["lose"]!(other);
    calls["lose"]!(calls["make"]!(8));
    tap.drain();
    expect([...live.addresses()]).toEqual([one]);
    calls["lose"]!(one);
    tap.drain();
    expect([...live.addresses()]).toEqual([]);
  });

  it("forgets which addresses were sampled once their blocks are gone", () => {
    let site = 1;
    const running = record(assemble(bumpParts()));
    const { calls, tap } = running;
    tap.start(new LiveSamples(1e-9), 1e-9, () => site);
    const many = 10_000;
    const first = calls["make"]!(8);
    for (let i = 1; i < many; i++) calls["make"]!(8);
    for (let i = 0; i < many; i++) calls["lose"]!(first + 8 * i);
    tap.drain();
    expect(tap.records).toBe(2 * many);
    site = 0;
    for (let i = 0; i < many; i++) calls["lose"]!(first + 8 * i);
    tap.drain();
    expect(tap.records).toBe(2 * many);
  });

  it("tells of growth before the operation that needed it", () => {
    const grow = [...op.constant(2), 0x40, 0, ...op.drop, ...bumpParts().functions[0]!.code];
    const functions = bumpParts().functions.map((each, i) => (i === 0 ? { ...each, code: grow } : each));
    const running = record(assemble(bumpParts({ functions })));
    running.calls["make"]!(5);
    running.tap.stop();
    expect(operations(running)).toEqual([[Grow, 1, 3, 0], [Allocate, 1024, 5, 0]]);
  });

  it("is heard again after a trap within the allocator, and the loss is marked", () => {
    const trap = bumpParts().functions.map((each, i) => (i === 0 ? { ...each, code: [...op.get(0), 0x45, 0x04, 0x40, 0x00, 0x0b, ...each.code] } : each));
    const running = record(assemble(bumpParts({ functions: trap })));
    running.calls["make"]!(5);
    expect(() => running.calls["make"]!(0)).toThrow(WebAssembly.RuntimeError);
    running.tap.drain();
    running.calls["make"]!(6);
    running.tap.stop();
    expect(running.tap.broken).toBe(1);
    const kinds = Array.from({ length: running.trace.count }, (_, i) => recordAt(running.trace, i).kind);
    expect(kinds).toContain(RecordKind.Lost);
    expect(operations(running).map(([, , size]) => size)).toEqual([5, 6]);
  });

  it("says when the allocator refuses", () => {
    const refuse = bumpParts().functions.map((each, i) => (i === 0 ? { ...each, code: op.constant(0) } : each));
    const running = record(assemble(bumpParts({ functions: refuse })));
    const sizes: number[] = [];
    running.tap.onRefused = (size) => sizes.push(size);
    running.calls["make"]!(3_000_000_000);
    running.calls["make"]!(0);
    expect(sizes).toEqual([3_000_000_000]);
  });

  it("works in a table without the hook, as in a worker that knows nothing of it", () => {
    const done = rewrite(assemble(bumpParts()));
    if (!done.ok) throw new Error(done.refusal.why);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(done.bytes));
    expect((exports as unknown as Calls)["make"]!(9)).toBe(1024);
  });
});

/** Of what the section says that the rewriting must leave as it is. */
const kept: Record<string, Partial<ModuleParts>> = {
  "imported functions": { imports: [{ name: "log", params: [I32], results: [] }] },
  "a table with elements": { table: [0, 3, 4] },
  "passive data": { passive: [1, 2, 3] },
  "custom sections": { custom: [["producers", [0]], ["mine", [1, 2, 3]]] },
  "shared memory": { memory: [3, 1, 4] },
  "several results": { types: [[0x60, 1, I32, 2, I32, I32]] },
};

describe("rewriting leaves as it is", () => {
  for (const [what, parts] of Object.entries(kept)) {
    it(what, () => {
      const bytes = assemble(bumpParts(parts));
      expect(WebAssembly.validate(bytes)).toBe(true);
      const running = record(bytes, { env: { log: () => undefined } });
      expect(running.calls["zeroed"]!(2, 8)).toBe(1024);
      running.tap.stop();
      expect(operations(running)).toEqual([[Zeroed, 1024, 16, 0]]);
      const [before, after] = [readModule(bytes), readModule(rewriteOk(bytes))];
      const custom = (module: typeof before): string[] => module.parts.filter(({ id }) => id === 0).map(({ from, to }) => module.bytes.subarray(from, to).join());
      expect(custom(after)).toEqual(custom(before));
      // Each function that moved stands at the end as it was; all others are where they were.
      const text = (module: typeof before, i: number): string => module.bytes.subarray(module.bodies[i]!.from, module.bodies[i]!.to).join();
      const moved = [0, 1, 2, 3];
      for (const [i] of before.bodies.entries()) {
        expect(text(after, moved.includes(i) ? before.bodies.length + i : i)).toBe(text(before, i));
      }
    });
  }

  it("types of garbage collection", () => {
    // A group of a structure and an array that refer to each other, and a final subtype.
    const group = [0x4e, 2, 0x50, 0, 0x5f, 2, 0x63, 1, 1, 0x78, 0, 0x50, 0, 0x5e, 0x64, 0, 1];
    const bytes = assemble(bumpParts({ types: [group, [0x4f, 0, 0x5f, 0]], typeCount: 3 }));
    const done = rewrite(bytes);
    expect(done.ok).toBe(true);
    // Where the engine knows such types, it has the last word.
    if (WebAssembly.validate(bytes)) expect(WebAssembly.validate(rewriteOk(bytes))).toBe(true);
    expect(readModule(rewriteOk(bytes)).types.length).toBe(readModule(bytes).types.length + 1);
  });

  it("a call in the place of a return", () => {
    const functions = bumpParts().functions.map((each) => (each.exported === "make" ? { ...each, code: [...op.get(0), 0x12, 0] } : each));
    const bytes = assemble(bumpParts({ functions }));
    if (!WebAssembly.validate(bytes)) return;
    const running = record(bytes);
    expect(running.calls["make"]!(4)).toBe(1024);
    running.tap.stop();
    expect(operations(running)).toEqual([[Allocate, 1024, 4, 0]]);
  });
});

function rewriteOk(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const done = rewrite(bytes);
  if (!done.ok) throw new Error(done.refusal.why);
  return done.bytes;
}

describe("what cannot be recorded", () => {
  it("is told with its reason", () => {
    expect(refusal(rewrite(assemble(bumpParts({ memory: null }))))).toEqual({ why: "no-memory" });
    expect(refusal(rewrite(assemble(bumpParts({ memory: [4, 1] }))))).toEqual({ why: "wide-memory" });
    expect(refusal(rewrite(assemble(bumpParts({ noNames: true }))))).toMatchObject({ why: "no-allocator", missing: ["allocate", "free"] });
    expect(refusal(rewrite(rewriteOk(assemble(bumpParts()))))).toEqual({ why: "rewritten" });
    expect(refusal(rewrite(new TextEncoder().encode("<!doctype html>")))).toMatchObject({ why: "malformed", offset: 0 });
  });

  it("ends in an answer wherever a module is cut off, or a byte of it is another", () => {
    const bytes = assemble(bumpParts({ table: [0], passive: [1], custom: [["mine", [7]]] }));
    for (let length = 0; length < bytes.length; length++) rewrite(bytes.subarray(0, length));
    for (let i = 0; i < bytes.length; i++) {
      for (const value of [0, 0x7f, 0x80, 0xff]) {
        const other = bytes.slice();
        other[i] = value;
        rewrite(other);
      }
    }
    expect(refusal(rewrite(bytes.subarray(0, 60)))).toMatchObject({ why: "malformed" });
  });
});
