import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { collection } from "../../src/model/samples";
import { Requested } from "../../src/model/requested";
import { course, Live, recordAt, RecordKind } from "../../src/model/trace";
import { open, save } from "../../src/model/trace-file";
import { Plan } from "../../src/model/trace-plan";
import { replay } from "../../src/model/trace-replay";
import { heapKind, Recorder } from "../../src/model/trace-ring";
import { bySite, samples, SiteTable } from "../../src/model/trace-sites";
import { REPLAYED } from "../../src/model/replayed";
import { workbenchOf } from "../../src/modules";
import { file } from "../support/files";
import { workbench } from "../support/modules";

/** Traces of the page's real modules, in Node. `cargo xtask build` makes them. */
interface Demo {
  parse: (kind: string, text: string) => { summary: string };
  clear: () => void;
  walk: () => Uint32Array;
}

interface Traced {
  readonly demo: Demo;
  readonly memory: WebAssembly.Memory;
  readonly recorder: Recorder;
  readonly kind: number;
}

async function load(allocator: string): Promise<Traced> {
  const name = `demo-${allocator}`;
  const glue = (await import(`${file(name, ".js").href}?${Math.random()}`)) as Demo & {
    initSync: (from: { module: Uint8Array }) => {
      memory: WebAssembly.Memory;
      BONSAI_HEAP: WebAssembly.Global;
      BONSAI_TRACE: WebAssembly.Global;
    };
  };
  const { memory, BONSAI_HEAP, BONSAI_TRACE } = glue.initSync({ module: readFileSync(file(name, "_bg.wasm")) });
  const recorder = Recorder.attach(memory, Number(BONSAI_TRACE.value));
  if (!(recorder instanceof Recorder)) throw new Error(recorder.is);
  return { demo: glue, memory, recorder, kind: heapKind(memory.buffer, Number(BONSAI_HEAP.value)) };
}

/** Address and size of the blocks that the module itself says are live. */
function walked(demo: Demo): Map<number, number> {
  const words = demo.walk();
  const sizes = new Map<number, number>();
  for (let i = 0; i < words.length; i += 3) if (words[i + 2] === 0) sizes.set(words[i]!, words[i + 1]!);
  return sizes;
}

const KINDS: Record<string, number> = { bump: 1, buddy: 2, slab: 3, tiny: 4, heap: 5 };

describe.each(Object.keys(KINDS))("the module on a %s heap", (allocator) => {
  it("takes no memory for a trace before it records, and then what the ring needs", async () => {
    const { demo, memory, recorder } = await load(allocator);
    demo.parse("json", collection(50));
    demo.clear();
    const before = memory.buffer.byteLength;
    recorder.start(0);
    demo.parse("json", "1");
    expect(memory.buffer.byteLength - before).toBeGreaterThanOrEqual(recorder.room * 16);
    expect(memory.buffer.byteLength - before).toBeLessThan(recorder.room * 16 + 2 * 65536);
  });

  it("records what it does: the blocks that are live are those of the heap", async () => {
    const { demo, memory, recorder, kind } = await load(allocator);
    expect(kind).toBe(KINDS[allocator]);
    recorder.start(kind);
    for (const count of [200, 10, 400]) demo.parse("json", collection(count));
    recorder.stop();
    const drained = recorder.drain();
    const { trace } = recorder;
    expect(drained).toMatchObject({ ok: true, lost: 0 });
    expect(trace.count).toBeGreaterThan(1000);
    expect(course(trace, trace.count).pages.at(-1)).toBe(memory.buffer.byteLength / 65536);
    // A bump heap knows no boundaries between blocks, a tiny one keeps no record of them.
    if (allocator !== "bump" && allocator !== "tiny") {
      const sizes = walked(demo);
      const live = new Live();
      for (let i = 0; i < trace.count; i++) live.apply(recordAt(trace, i));
      expect(live.sizes.size).toBeGreaterThan(500);
      const wrong = [...live.sizes].filter(([address, size]) => (sizes.get(address) ?? 0) < size);
      expect(wrong).toEqual([]);
    }
  });
});

it("a trace that is recorded and saved is replayed on every allocator", async () => {
  const { demo, recorder, kind } = await load("slab");
  recorder.start(kind);
  demo.parse("json", collection(1000));
  demo.parse("json", collection(500));
  recorder.stop();
  recorder.drain();
  const opened = open(save(recorder.trace));
  if (!opened.ok) throw new Error(opened.damage.is);
  const plan = Plan.of(opened.trace);
  expect(plan.count).toBeGreaterThan(5000);
  expect(plan.impliedFrees).toBe(0);
  for (const name of REPLAYED) {
    const calls = workbenchOf(workbench(name));
    const done = await replay([plan], calls);
    expect(done, name).toMatchObject({ operations: plan.count, refused: 0 });
    expect(done!.pages, name).toBeGreaterThanOrEqual(Math.floor(plan.peak / 65536) - 1);
  }
});

it("what a small ring cannot hold is counted, and the rest is sound", async () => {
  const { demo, recorder } = await load("slab");
  recorder.start(3);
  const text = collection(4000);
  for (let round = 0; round < 30; round++) demo.parse("json", text);
  recorder.stop();
  expect(recorder.drain()).toMatchObject({ ok: true, records: recorder.room });
  const { trace } = recorder;
  expect(trace.lost).toBeGreaterThan(1000);
  expect(recordAt(trace, 0)).toMatchObject({ kind: RecordKind.Lost, b: trace.lost });
  expect(Plan.of(trace).unknownFrees).toBeGreaterThan(0);
}, 60_000);

it("what was asked for is known of what was recorded without a gap, and of nothing else", async () => {
  const [small, large] = [collection(30), collection(4000)];
  const run = async (every: boolean): Promise<{ requested: Requested; lost: number; sizes: Map<number, number> }> => {
    const { demo, recorder } = await load("slab");
    recorder.start(3);
    const requested = new Requested(recorder.trace);
    const look = (moment: number): void => {
      recorder.drain();
      requested.note(moment);
    };
    demo.parse("json", small);
    look(1);
    // More than the ring holds, unless it is drained in between; what is kept lies over what was.
    for (let round = 0; round < 30; round++) {
      demo.parse(round % 2 === 0 ? "json" : "text", round === 29 ? small : large.slice(0, round % 2 === 0 ? undefined : 9000));
      if (every) look(0);
    }
    look(2);
    const { lost } = recorder.trace;
    return { requested, lost, sizes: walked(demo) };
  };
  const [whole, holed] = [await run(true), await run(false)];
  expect(whole.lost).toBe(0);
  expect(holed.lost).toBeGreaterThan(1000);
  // The same operations at the same addresses: what the one knows is what the other may say.
  expect(holed.sizes).toEqual(whole.sizes);
  expect([...holed.requested.at(1)]).toEqual([...whole.requested.at(1)]);
  const known = new Map(whole.requested.at(2));
  const some = [...holed.requested.at(2)];
  expect(some.length).toBeGreaterThan(10);
  expect(some.filter(([address, asked]) => known.get(address) !== asked)).toEqual([]);
  expect(some.filter(([address, asked]) => (holed.sizes.get(address) ?? 0) < asked)).toEqual([]);
}, 60_000);

it("samples of call sites add up to about what was allocated", async () => {
  const { demo, recorder } = await load("slab");
  const sites = new SiteTable();
  globalThis.bonsaiSite = () => sites.take(new Error().stack ?? "");
  const rate = 512;
  recorder.start(3, rate);
  demo.parse("json", collection(2000));
  recorder.stop();
  recorder.drain();
  const { trace } = recorder;
  trace.sites = sites.stacks;
  let asked = 0;
  for (let i = 0; i < trace.count; i++) {
    const { kind, a, b } = recordAt(trace, i);
    if (a !== 0 && (kind === RecordKind.Allocate || kind === RecordKind.Zeroed || kind === RecordKind.Reallocate)) asked += b;
  }
  const all = samples(trace);
  expect(all.length).toBeGreaterThan(200);
  const total = bySite(all, trace.sites).reduce((sum, { bytes }) => sum + bytes, 0);
  expect(Math.abs(total / asked - 1)).toBeLessThan(0.15);
  expect(trace.sites.flat().some((name) => name.includes("serde_json"))).toBe(true);
  globalThis.bonsaiSite = undefined;
});

it("a module that did not ask for it has nothing of it", () => {
  const folder = new URL("../../src/wasm/", import.meta.url);
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(file(name, ".wasm"));
    expect([name, bytes.includes("BONT"), bytes.includes("BONSAI_TRACE"), bytes.includes("bonsaiSite")]).toEqual([
      name,
      ...Array<boolean>(3).fill(name.startsWith("demo-")),
    ]);
  }
});
