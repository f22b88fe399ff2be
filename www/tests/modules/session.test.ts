import { beforeAll, describe, expect, it } from "vitest";
import { random } from "../../src/model/random";
import type { Core } from "../../src/model/scenario";
import { Session, type Subject } from "../../src/model/session";
import type { Blocks } from "../../src/model/snapshot";
import { HeapSubject, type Handles } from "../../src/subjects";
import { handles, workbench } from "../support/modules";
import { anyOperations } from "../support/scenarios";

/** Undo and redo on the built allocators: whatever way led to a moment, its blocks are the same. */
let make: Handles;
beforeAll(async () => {
  make = await handles();
});

/** All there is to see of a moment: addresses, sizes and states, and what was asked for. */
const seen = (session: Session): unknown => [words(session.blocks), [...session.requested]];
const words = (blocks: Blocks): number[][] =>
  Array.from({ length: blocks.count }, (_, i) => [blocks.address[i]!, blocks.size[i]!, blocks.state[i]!]);

const CORES: Core[] = [
  { kind: "buddy", region: 4096, smallest: 32 },
  { kind: "slab", blockSize: 64, count: 16 },
  { kind: "bump", region: 4096 },
];

describe.each(CORES)("a $kind", (core) => {
  const begin = (): Session => new Session(make(core), core.kind === "bump");

  it("is at every moment what it was the first time, after any undo and redo", () => {
    const next = random(7);
    for (let seed = 0; seed < 4; seed++) {
      const operations = anyOperations(seed, 60, 600);
      const session = begin();
      const moments = [seen(session)];
      for (const operation of operations) {
        session.perform(operation);
        moments.push(seen(session));
      }
      const outcomes = session.outcomes;
      for (let jump = 0; jump < 20; jump++) {
        const to = Math.floor(next() * (operations.length + 1));
        while (session.at > to) expect(session.undo()).toBe(true);
        while (session.at < to) expect(session.redo()).toBe(true);
        expect(seen(session)).toEqual(moments[to]);
        expect(session.outcomes).toEqual(outcomes.slice(0, to));
      }
    }
  }, 60_000);

  it("forgets what was undone when something else is done", () => {
    const session = begin();
    session.restore(anyOperations(3, 20, 60), 12);
    expect([session.at, session.operations.length]).toEqual([12, 20]);
    session.perform({ do: "reset" });
    expect([session.at, session.operations.length]).toEqual([13, 13]);
    expect(session.redo()).toBe(false);
    expect(session.requested.size).toBe(0);
  });

  it("has nothing to undo at its start, and can be left there", () => {
    const session = begin();
    const start = seen(session);
    expect(session.undo()).toBe(false);
    expect(session.redo()).toBe(false);
    session.perform({ do: "allocate", size: 40, align: 8 });
    expect(session.undo()).toBe(true);
    expect(seen(session)).toEqual(start);
    expect(session.undo()).toBe(false);
  });
});

it("a fresh allocator does the same, apart from where its region is", () => {
  for (const core of CORES) {
    const operations = anyOperations(11, 80, 500);
    const [one, other] = [make(core), make(core)].map((handle) => new Session(handle, core.kind === "bump"));
    one!.restore(operations, operations.length);
    other!.restore(operations, operations.length);
    other!.go(17);
    other!.go(operations.length);
    const relative = (session: Session): number[][] => words(session.blocks).map(([at, ...rest]) => [at! - session.blocks.address[0]!, ...rest]);
    expect(relative(other!)).toEqual(relative(one!));
  }
});

it("a whole heap can be undone too, in a fresh instance", () => {
  const session = new Session(new HeapSubject(workbench("buddy")));
  const moments = [seen(session)];
  for (const operation of anyOperations(5, 60, 300_000)) {
    session.perform(operation);
    moments.push(seen(session));
  }
  for (const to of [3, 59, 0, 31, 60]) {
    session.go(to);
    expect(seen(session)).toEqual(moments[to]);
  }
});

it("what cannot be done is told, and changes nothing", () => {
  const session = new Session(make({ kind: "slab", blockSize: 48, count: 16 }));
  const start = words(session.blocks);
  expect(session.perform({ do: "allocate", size: 49, align: 8 })).toEqual({ did: "refused", requested: 49, largest: 48, free: 768 });
  // The slab's blocks are aligned to 16, and some would be large enough.
  expect(session.perform({ do: "allocate", size: 40, align: 128 })).toMatchObject({ did: "rejected", why: expect.stringContaining("aligned") as string });
  expect(session.perform({ do: "free", block: 0 })).toMatchObject({ did: "rejected" });
  expect(words(session.blocks)).toEqual(start);
  expect(session.at).toBe(3);
});

it("an allocator that does otherwise after a reset would be found out", () => {
  let resets = 0;
  const real = make({ kind: "buddy", region: 1024, smallest: 64 });
  const sly: Subject = {
    allocate: (size, align) => real.allocate(resets > 0 ? size * 2 : size, align),
    deallocate: (at) => { real.deallocate(at); },
    reset: () => {
      resets++;
      real.reset();
    },
    blocks: () => real.blocks(),
  };
  const session = new Session(sly);
  session.perform({ do: "allocate", size: 64, align: 8 });
  const before = seen(session);
  session.perform({ do: "allocate", size: 64, align: 8 });
  session.undo();
  expect(seen(session)).not.toEqual(before);
});
