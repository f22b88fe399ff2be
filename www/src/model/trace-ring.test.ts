import { describe, expect, it } from "vitest";
import { Recorder, type RingDamage } from "./trace-ring";
import { recordAt } from "./trace";

const DESCRIPTOR = 1024;
const CONTROL = 2048;
const RING = 65536;

/** A module's memory with a ring of eight records. */
class Module {
  buffer = new ArrayBuffer(2 * 65536);

  constructor() {
    this.words(DESCRIPTOR, [0x544e4f42, 2, 6, 16, 8, CONTROL]);
    this.words(CONTROL, [0, 0, RING, 2, 0, 0, 0]);
  }

  words(at: number, words: number[]): void {
    new Uint32Array(this.buffer, at, words.length).set(words);
  }

  word(at: number): number {
    return new Uint32Array(this.buffer, at, 1)[0]!;
  }

  /** Writes a record as the crate does. */
  write(head: number, a: number, b: number, c: number): void {
    const written = this.word(CONTROL + 16);
    if ((written - this.word(CONTROL + 20)) >>> 0 >= 8) {
      this.words(CONTROL + 20, [(written - 7) >>> 0, this.word(CONTROL + 24) + 1]);
    }
    this.words(RING + (written % 8) * 16, [head, a, b, c]);
    this.words(CONTROL + 16, [(written + 1) >>> 0]);
  }

  grow(): void {
    const larger = new ArrayBuffer(this.buffer.byteLength + 65536);
    new Uint8Array(larger).set(new Uint8Array(this.buffer));
    this.buffer = larger;
  }
}

function attach(module: Module): Recorder {
  const recorder = Recorder.attach(module, DESCRIPTOR, () => 5);
  if (!(recorder instanceof Recorder)) throw new Error(recorder.is);
  return recorder;
}

const sizes = (recorder: Recorder): number[] =>
  Array.from({ length: recorder.trace.count }, (_, i) => recordAt(recorder.trace, i))
    .filter(({ kind }) => kind === 1)
    .map(({ b }) => b);

describe("a recorder", () => {
  it("switches recording on and off, and takes what is new", () => {
    const module = new Module();
    const recorder = attach(module);
    recorder.start(3, 512);
    expect([module.word(CONTROL), module.word(CONTROL + 4), recorder.recording]).toEqual([1, 512, true]);
    for (const size of [10, 20]) module.write(1, 64, size, 0);
    expect(recorder.drain()).toEqual({ ok: true, records: 2, lost: 0 });
    expect(recorder.drain()).toEqual({ ok: true, records: 0, lost: 0 });
    module.write(1, 64, 30, 0);
    recorder.drain();
    expect(sizes(recorder)).toEqual([10, 20, 30]);
    recorder.stop();
    expect([module.word(CONTROL), module.word(CONTROL + 4), recorder.recording]).toEqual([0, 0, false]);
  });

  it("tells each record's thread, and reads a module of version 1, which tells none", () => {
    for (const [version, threads] of [[2, [7, 0xffff]], [1, [0, 0]]] as const) {
      const module = new Module();
      module.words(DESCRIPTOR + 4, [version]);
      const recorder = attach(module);
      recorder.start(3);
      for (const thread of threads) module.write(((3 << 8) | 1 | (thread << 16)) >>> 0, 64, 10, 0);
      expect(recorder.drain()).toEqual({ ok: true, records: 2, lost: 0 });
      const records = [0, 1].map((i) => recordAt(recorder.trace, i));
      expect(records.map(({ kind, align, thread }) => [kind, align, thread])).toEqual(threads.map((thread) => [1, 8, thread]));
    }
  });

  it("reads over the end of the ring, of the counters, and past growth", () => {
    const module = new Module();
    module.words(CONTROL + 16, [2 ** 32 - 5, 2 ** 32 - 5]);
    const recorder = attach(module);
    recorder.start(3);
    for (let size = 1; size <= 7; size++) module.write(1, 64, size, 0);
    module.grow();
    expect(recorder.drain()).toEqual({ ok: true, records: 7, lost: 0 });
    expect(sizes(recorder)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(module.word(CONTROL + 16)).toBe(2);
  });

  it("notes what was lost, where it was", () => {
    const module = new Module();
    const recorder = attach(module);
    recorder.start(3);
    for (let size = 1; size <= 20; size++) module.write(1, 64, size, 0);
    expect(recorder.drain()).toEqual({ ok: true, records: 8, lost: 12 });
    expect(recordAt(recorder.trace, 0)).toMatchObject({ kind: 8, b: 12 });
    expect(sizes(recorder)).toEqual([13, 14, 15, 16, 17, 18, 19, 20]);
    expect([recorder.trace.lost, module.word(CONTROL + 24)]).toEqual([12, 0]);
    module.write(1, 64, 1, 0);
    expect(recorder.drain()).toMatchObject({ lost: 0 });
  });

  it("forgets what waited before it began", () => {
    const module = new Module();
    for (let size = 1; size <= 20; size++) module.write(1, 64, size, 0);
    const recorder = attach(module);
    recorder.start(3);
    expect(recorder.drain()).toEqual({ ok: true, records: 0, lost: 0 });
    expect(recorder.trace.lost).toBe(0);
  });

  it("has nothing to read before there is a ring", () => {
    const module = new Module();
    module.words(CONTROL + 8, [0]);
    expect(attach(module).drain()).toEqual({ ok: true, records: 0, lost: 0 });
  });

  it.each<[string, (module: Module) => void, RingDamage]>([
    ["no magic", (m) => { m.words(DESCRIPTOR, [1]); }, { is: "magic" }],
    ["a later version", (m) => { m.words(DESCRIPTOR + 4, [3]); }, { is: "version", version: 3, known: 2 }],
    ["no version", (m) => { m.words(DESCRIPTOR + 4, [0]); }, { is: "version", version: 0, known: 2 }],
    ["longer records", (m) => { m.words(DESCRIPTOR + 12, [32]); }, { is: "sizes" }],
    ["no capacity", (m) => { m.words(DESCRIPTOR + 16, [0]); }, { is: "capacity", capacity: 0 }],
    ["an odd capacity", (m) => { m.words(DESCRIPTOR + 16, [9]); }, { is: "capacity", capacity: 9 }],
    ["its words beyond memory", (m) => { m.words(DESCRIPTOR + 20, [2 ** 32 - 4]); }, { is: "outside", what: "control" }],
    ["its words not aligned", (m) => { m.words(DESCRIPTOR + 20, [2049]); }, { is: "outside", what: "control" }],
  ])("refuses a descriptor with %s", (_, harm, expected) => {
    const module = new Module();
    harm(module);
    expect(Recorder.attach(module, DESCRIPTOR)).toEqual(expected);
  });

  it("refuses a descriptor beyond memory", () => {
    for (const at of [0, 2, 2 ** 32 - 4, 2 * 65536 - 20]) {
      expect(Recorder.attach(new Module(), at)).toEqual({ is: "outside", what: "descriptor" });
    }
  });

  it.each<[string, (module: Module) => void, RingDamage]>([
    ["a capacity beyond memory", (m) => { m.words(DESCRIPTOR + 16, [2 ** 31]); m.words(CONTROL + 16, [1, 0]); }, { is: "outside", what: "ring" }],
    ["a ring beyond memory", (m) => { m.words(CONTROL + 8, [2 ** 32 - 16]); m.words(CONTROL + 16, [1, 0]); }, { is: "outside", what: "ring" }],
    ["records but no ring", (m) => { m.words(CONTROL + 8, [0]); m.words(CONTROL + 16, [1, 0]); }, { is: "outside", what: "ring" }],
    ["more records than the ring has", (m) => { m.words(CONTROL + 16, [9, 0]); }, { is: "counts" }],
  ])("refuses a ring with %s", (_, harm, expected) => {
    const module = new Module();
    harm(module);
    expect(attach(module).drain()).toEqual({ ok: false, damage: expected });
  });

  it("takes no record of a kind that there is not", () => {
    const module = new Module();
    const recorder = attach(module);
    recorder.start(3);
    module.write(1, 64, 10, 0);
    module.write(0xffff_ffff, 1, 2, 3);
    module.write(1, 64, 20, 0);
    recorder.drain();
    expect(sizes(recorder)).toEqual([10, 20]);
    expect(recorder.trace.lost).toBe(1);
  });
});
