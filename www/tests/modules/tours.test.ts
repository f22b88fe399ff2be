import { beforeAll, describe, expect, it } from "vitest";
import { State, type Blocks } from "../../src/model/snapshot";
import { changed, play, type Moment, type Tour } from "../../src/model/tour";
import { TOURS } from "../../src/model/tours";
import type { Handles } from "../../src/subjects";
import { en } from "../../src/text/tours";
import { handles, subject } from "../support/modules";

/**
 * What the tours claim, held against what the built allocators did. The expected values are worked
 * out by hand: a tour's own answers are read from the same blocks, and so prove nothing alone.
 */
let make: Handles;
beforeAll(async () => {
  make = await handles();
});

const tourOf = (id: string): Tour => TOURS.find((tour) => tour.id === id)!;
const take = (tour: Tour): Moment[][] => play(tour, tour.lanes.map(({ ground }) => subject(make, ground)));

/** The blocks as offset, size and state, for a small region. */
function layout(blocks: Blocks): string {
  const start = blocks.address[0]!;
  return Array.from({ length: blocks.count }, (_, i) => {
    const state = blocks.state[i] === State.Live ? "live" : "free";
    return `${blocks.address[i]! - start}+${blocks.size[i]!} ${state}`;
  }).join(", ");
}

const told = (id: string): Record<string, { answer: string; because: string; moments: Moment[] }> => {
  const tour = tourOf(id);
  const taken = take(tour);
  return Object.fromEntries(
    tour.steps.map((step, i) => [
      step.id,
      {
        answer: step.answer(taken[i]!),
        because: en.tours.all[id]!.steps[step.id]!.because(taken[i]!),
        moments: taken[i]!,
      },
    ]),
  );
};

describe.each(TOURS)("the tour $id", (tour) => {
  it("offers, in each step, a choice that comes true, and has a text for all it shows", () => {
    const text = en.tours.all[tour.id]!;
    const taken = take(tour);
    expect(Object.keys(text.steps)).toEqual(tour.steps.map(({ id }) => id));
    expect(Object.keys(text.lanes)).toEqual(tour.lanes.map(({ id }) => id));
    tour.steps.forEach((step, i) => {
      expect(step.choices, step.id).toContain(step.answer(taken[i]!));
      const { choices, because } = text.steps[step.id]!;
      for (const choice of step.choices) expect(choices[choice], `${step.id}: ${choice}`).toBeTruthy();
      expect(because(taken[i]!)).not.toMatch(/NaN|undefined|null/);
    });
  });

  it("changes blocks in every step that is not about a refusal or about what stays", () => {
    take(tour).forEach((moments, i) => {
      const { id } = tour.steps[i]!;
      const still = ["refused", "again", "large"].includes(id) || moments.every((m) => m.outcomes.length === 0);
      const count = moments.reduce((sum, moment) => sum + changed(moment).size, 0);
      if (!still) expect(count, id).toBeGreaterThan(0);
    });
  });
});

it("fragmentation: half is free, and a quarter cannot be had", () => {
  const { first, fill, holes, refused, small, neighbour, again, all } = told("fragmentation");
  expect(first!.answer).toBe("512");
  expect(first!.because).toContain("the 12 that nobody asked for");
  expect(layout(first!.moments[0]!.after.blocks)).toBe("0+512 live, 512+512 free, 1024+1024 free, 2048+2048 free");
  expect(fill!.answer).toBe("nothing");
  expect(fill!.because).toMatch(/^8 blocks of 512 .* 96 bytes are wasted/);
  expect(holes!.answer).toBe("512");
  expect(holes!.because).toContain("2,048 bytes are free, in four pieces of 512");
  expect(layout(holes!.moments[0]!.after.blocks)).toBe(
    "0+512 live, 512+512 free, 1024+512 live, 1536+512 free, 2048+512 live, 2560+512 free, 3072+512 live, 3584+512 free",
  );
  expect(refused!.answer).toBe("refused");
  expect(refused!.moments[0]!.outcomes).toEqual([{ did: "refused", requested: 1000, largest: 512, free: 2048 }]);
  expect(small!.answer).toBe("served");
  expect(small!.because).toContain("three are left");
  expect(neighbour!.answer).toBe("1024");
  // Three free blocks in a row, 1,536 bytes: two of them one.
  expect(layout(neighbour!.moments[0]!.after.blocks)).toContain("1536+512 free, 2048+1024 free, 3072+512 live");
  expect(again!.answer).toBe("0");
  expect(again!.because).toContain("Largest free now: 512.");
  expect(all!.answer).toBe("1");
  expect(layout(all!.moments[0]!.after.blocks)).toBe("0+4096 free");
  expect(all!.because).toMatch(/^One, of 4,096 bytes/);
});

it("merging: neighbours are no buddies", () => {
  const { split, second, more, beside, buddy, cascade } = told("merging");
  expect(split!.answer).toBe("4");
  expect(layout(split!.moments[0]!.after.blocks)).toBe("0+64 live, 64+64 free, 128+128 free, 256+256 free, 512+512 free");
  expect(second!.answer).toBe("64");
  expect(more!.answer).toBe("128");
  expect(more!.because).toContain("four blocks of 64 in a row");
  expect(beside!.answer).toBe("no");
  expect(layout(beside!.moments[0]!.after.blocks)).toBe(
    "0+64 live, 64+64 free, 128+64 free, 192+64 live, 256+256 free, 512+512 free",
  );
  expect(buddy!.answer).toBe("128");
  expect(layout(buddy!.moments[0]!.after.blocks)).toBe("0+64 live, 64+64 free, 128+128 free, 256+256 free, 512+512 free");
  expect(cascade!.answer).toBe("4");
  expect(layout(cascade!.moments[0]!.after.blocks)).toBe("0+1024 free");
});

it("slab versus buddy: what each wastes, and what each cannot do", () => {
  const { one, fill, holes, reuse, large, empty } = told("slabs");
  expect(one!.answer).toBe("slab");
  expect(one!.because).toContain("has 48 bytes, the buddy’s 64");
  expect(one!.because).toContain("8 bytes are wasted here, 24 there");
  expect(fill!.answer).toBe("slab");
  expect(fill!.because).toContain("768 bytes against 1,024, for 640 bytes of objects");
  expect(fill!.moments.map(({ after }) => after.free)).toEqual([0, 0]);
  expect(holes!.answer).toBe("48-64");
  expect(holes!.because).toContain("8 holes in each");
  expect(reuse!.answer).toBe("both");
  expect(reuse!.because).toContain("0 and 0 free blocks are left");
  expect(large!.answer).toBe("neither");
  expect(large!.because).toContain("its 512 free bytes are in holes of 64");
  expect(empty!.answer).toBe("buddy");
  expect(empty!.because).toContain("a block of 128 was split off. The slab’s stay 48 bytes");
});

it("the ratchet: live stays flat, committed rises, and one kept buffer stops it", () => {
  const { first, freed, again, larger, rounds, kept } = told("ratchet");
  expect(first!.answer).toBe("grows");
  expect(freed!.answer).toBe("same");
  expect(freed!.because).toMatch(/^64 bytes are live/);
  expect(again!.answer).toBe("stays");
  expect(larger!.answer).toBe("grows");
  // A hole was there, and too small.
  expect(larger!.moments[0]!.before.free).toBeGreaterThan(100 * 1024);
  expect(larger!.moments[0]!.before.largestFree).toBeLessThan(100 * 1024);
  expect(rounds!.answer).toBe("more");
  const [rising, beside] = kept!.moments;
  expect(rising!.after.live).toBe(5 * 64);
  expect(beside!.after.live).toBe(5 * 64);
  expect(rising!.after.committed).toBeGreaterThan(2 * 600 * 1024);
  expect(kept!.answer).toBe("less");
  expect(beside!.after.committed).toBeLessThan(rising!.after.committed / 2);
});

it("quick lists: blocks wait, last in, first out, and merge before memory grows", () => {
  const { batch, row, again, neighbours, other, large } = told("quick");
  expect(batch!.answer).toBe("many");
  expect(batch!.moments[0]!.after.live).toBe(48);
  expect(batch!.moments[0]!.after.waiting % 48).toBe(0);
  expect(row!.answer).toBe("waited");
  const { outcomes } = row!.moments[0]!;
  const addresses = outcomes.map((outcome) => (outcome.did === "allocated" ? outcome.address : 0));
  expect(addresses.map((address) => address - addresses[0]!)).toEqual([0, 48, 96, 144, 192, 240, 288]);
  expect(again!.answer).toBe("last");
  expect(neighbours!.answer).toBe("wait");
  const free = neighbours!.moments[0]!.after;
  expect([free.live, free.freeBlocks]).toEqual([0, 1]);
  expect(other!.answer).toBe("run");
  expect(large!.answer).toBe("merged");
  const [{ before, after }] = large!.moments as [Moment];
  expect(after.committed).toBe(before.committed);
  expect(after.waiting).toBe(0);
  // The run alone could not have held the request.
  const run = [...before.blocks.state].findLastIndex((state, i) => i < before.blocks.count && state === State.Free);
  expect(before.blocks.size[run]).toBeLessThan(46_500);
});
