import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { randomTrace } from "../../tests/support/random-trace";
import { LongTrace } from "../model/long-trace";
import { recordAt, RecordKind, survivors, type Trace } from "../model/trace";
import { MOST_BYTES, open } from "../model/trace-file";
import { File } from "../wire/trace-layout";
import { MemoryStore, type Store } from "./store";
import { FileStore } from "./store-file";
import { TraceWriter } from "./trace-writer";

vi.setConfig({ testTimeout: 60_000 });

/** Records in a segment of these tests. */
const SEGMENT = 1000;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "trace-writer-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Writes a trace in parts of a few records, as a program's drains come. */
function write(trace: Trace, store: Store, pause: (at: number) => void = () => undefined): TraceWriter {
  const { kind, pages, rate, sites } = trace;
  const writer = new TraceWriter(store, { kind, pages, rate }, sites, SEGMENT);
  for (let at = 0; at < trace.count; at += 77) {
    writer.append(trace.words.subarray(at * 4, Math.min(trace.count, at + 77) * 4));
    pause(at);
  }
  return writer;
}

async function read(file: Blob): Promise<Trace> {
  const opened = open(new Uint8Array(await file.arrayBuffer()));
  if (!opened.ok) throw new Error(JSON.stringify(opened.damage));
  return opened.trace;
}

const words = ({ words: all, count }: Trace): Uint32Array => all.slice(0, count * 4);

/** A store that cannot keep some of its segments. */
class Broken extends MemoryStore {
  private next = 0;

  constructor(
    private readonly failing: readonly number[],
    private readonly slow: boolean,
  ) {
    super();
  }

  override put(segment: Uint8Array<ArrayBuffer>): boolean {
    const done = this.failing.includes(this.next++) ? false : super.put(segment);
    return (this.slow ? Promise.resolve(done) : done) as boolean;
  }
}

describe("a recording that is written to a store", () => {
  it.each([
    ["memory", () => new MemoryStore()],
    ["a file", () => new FileStore(join(folder, "same"), File.bytes)],
    ["a store that takes its time", () => new Broken([], true)],
  ])("is the trace that was recorded: %s", async (_, store) => {
    const trace = randomTrace(12_345, 3, { lost: 0.001 });
    const again = await read(await write(trace, store()).finish());
    expect(words(again)).toEqual(words(trace));
    expect(again).toMatchObject({ kind: trace.kind, pages: trace.pages, rate: trace.rate, lost: trace.lost, sites: trace.sites });
  });

  it("is in its file before a promise is kept: a program that ends has no time", () => {
    const path = join(folder, "exit");
    const trace = randomTrace(5000);
    void write(trace, new FileStore(path, File.bytes)).finish();
    const opened = open(new Uint8Array(readFileSync(path)));
    if (!opened.ok) throw new Error(opened.damage.is);
    expect(words(opened.trace)).toEqual(words(trace));
  });

  it.each([
    [[1], false],
    [[1], true],
    [[0, 1, 4], true],
    [[11, 12], true],
    [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13], true],
  ])("marks what its store could not keep, where it is missing: segments %j", async (failing, slow) => {
    const trace = randomTrace(12_345, 4);
    const again = await read(await write(trace, new Broken(failing, slow)).finish());
    const expected: Uint32Array[] = [];
    let [gap, lost] = [0, 0];
    for (let i = 0; i * SEGMENT < trace.count; i++) {
      const part = trace.words.slice(i * SEGMENT * 4, Math.min(trace.count, (i + 1) * SEGMENT) * 4);
      if (failing.includes(i)) gap += part.length / 4;
      else {
        if (gap > 0) expected.push(Uint32Array.of(RecordKind.Lost, 0, gap, 0));
        expected.push(part);
        gap = 0;
      }
      if (failing.includes(i)) lost += part.length / 4;
    }
    if (gap > 0) expected.push(Uint32Array.of(RecordKind.Lost, 0, gap, 0));
    expect(again.lost).toBe(lost);
    expect([...words(again)]).toEqual(expected.flatMap((part) => [...part]));
    // Nothing from before the loss is said to be live.
    const last = Array.from({ length: again.count }, (_, i) => recordAt(again, i).kind).lastIndexOf(RecordKind.Lost);
    expect(survivors(again).every(({ born }) => born > last)).toBe(true);
  });

  it("deletes its file if it is discarded", async () => {
    const path = join(folder, "gone");
    await write(randomTrace(3000), new FileStore(path, File.bytes)).discard();
    expect(() => readFileSync(path)).toThrow();
  });

  it("is opened by range where it is larger than what is read at once", async () => {
    const trace = randomTrace(100_000, 6);
    const { kind, pages, rate, sites } = trace;
    const writer = new TraceWriter(new FileStore(join(folder, "large"), File.bytes), { kind, pages, rate }, sites);
    const times = 85;
    // Each time the same program: its blocks are those of the last time.
    for (let i = 0; i < times; i++) writer.append(trace.words.subarray(0, trace.count * 4));
    const file = await writer.finish();
    expect(file.size).toBeGreaterThan(MOST_BYTES);
    const long = await LongTrace.open(file);
    if (!(long instanceof LongTrace)) throw new Error(long?.is);
    expect(long.count).toBe(times * trace.count);
    const { trace: part } = await long.window(8_000_000, 8_100_000);
    const read = part.words.subarray((part.count - 100_000) * 4, part.count * 4);
    expect(read.every((word, i) => word === trace.words[i])).toBe(true);
    expect((await long.survivors()).length).toBeGreaterThan(0);
  });
});
