import { count } from "./metrics";
import type { Core, Operation } from "./scenario";
import { Session, type Outcome, type Subject } from "./session";
import type { Blocks } from "./snapshot";

/**
 * Guided tours: in each step something is done to live allocators, and whoever takes the tour says
 * beforehand what will come of it. Which choice was right is read from the blocks before and after,
 * so that no tour can claim what the allocator does not do.
 */
export interface Tour {
  readonly id: string;
  readonly lanes: readonly Lane[];
  readonly steps: readonly Step[];
}

/** The ground of a lane: a core over a small region, or a whole heap in a module of its own. */
export type Ground = Core | WholeHeap;

export interface WholeHeap {
  readonly kind: "heap";
  readonly heap: "buddy" | "heap";
  /** The first bytes of the heap, where not all of it is to be seen. */
  readonly shown?: number;
}

export interface Lane {
  readonly id: string;
  readonly ground: Ground;
  /** The first step that the lane is shown in. */
  readonly from: number;
}

export interface Step {
  readonly id: string;
  /** The operations of the step, lane by lane. */
  readonly does: readonly (readonly Operation[])[];
  readonly choices: readonly string[];
  /** Which choice is right. */
  readonly answer: (lanes: readonly Moment[]) => string;
}

/** The result of a step in one lane. */
export interface Moment {
  readonly before: Scene;
  readonly after: Scene;
  readonly outcomes: readonly Outcome[];
}

export interface Scene extends ReturnType<typeof count> {
  readonly blocks: Blocks;
  /** Bytes asked for, by address of what is out. */
  readonly requested: ReadonlyMap<number, number>;
  /** Of the requests that are out. */
  readonly asked: number;
  /** The bytes that the allocator holds: live, free and its own. */
  readonly committed: number;
}

/** A tour as it went: every step of every lane, done once on live allocators. */
export function play(tour: Tour, subjects: readonly Subject[]): Moment[][] {
  const sessions = subjects.map((subject) => new Session(subject));
  let scenes = sessions.map(scene);
  return tour.steps.map((step) => {
    const outcomes = sessions.map((session, lane) => (step.does[lane] ?? []).map((operation) => session.perform(operation)));
    const before = scenes;
    scenes = sessions.map(scene);
    return sessions.map((_, lane) => ({ before: before[lane]!, after: scenes[lane]!, outcomes: outcomes[lane]! }));
  });
}

function scene(session: Session): Scene {
  const sums = count(session.blocks);
  const { requested } = session;
  let asked = 0;
  for (const size of requested.values()) asked += size;
  return { ...sums, blocks: session.blocks, requested, asked, committed: sums.live + sums.free + sums.meta };
}

/** The blocks of `after` that were not there before, or were something else: their addresses. */
export function changed({ before, after }: Moment): Set<number> {
  const addresses = new Set<number>();
  for (let i = 0; i < after.blocks.count; i++) {
    const address = after.blocks.address[i]!;
    const was = before.blocks.find(address);
    const same =
      was >= 0 &&
      before.blocks.address[was] === address &&
      before.blocks.size[was] === after.blocks.size[i] &&
      before.blocks.state[was] === after.blocks.state[i];
    if (!same) addresses.add(address);
  }
  return addresses;
}

/** All operations of a lane up to and with a step. */
export const operationsOf = (tour: Tour, lane: number, step: number): Operation[] =>
  tour.steps.slice(0, step + 1).flatMap((each) => each.does[lane] ?? []);
