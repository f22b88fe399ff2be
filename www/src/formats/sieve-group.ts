import {
  above, add, and, anyTrue, atLeast, below, call, choice, choose, equal, get, give, I32, lane, lanes, load, loadLane, loadVector, locals, num, or, set, shiftLeft,
  shuffle, signs, splat, sub, swizzle, trailingZeros, V128, vectorAdd, vectorAnd, vectorAtLeast, vectorAtMost, vectorDiffer, vectorEqual, vectorLeast, vectorLeft,
  vectorOr, vectorSub, when, whilst, wideEqual, wideLeft, type Code,
} from "./code";
import * as bonsai from "./bonsai";
import * as dlmalloc from "./dlmalloc";
import * as emmalloc from "./emmalloc";
import * as talc from "./talc";

/**
 * The sieve's look at 64 bytes at once, which are left where nothing in them can begin a heap. It may be wrong in the other
 * direction only. Most of a search is this, so what follows from an accident of the contents has no branch, as far as it
 * goes: a processor cannot foresee it.
 *
 * What could be a chunk of dlmalloc is confirmed by the one behind it, which may be anywhere. Where several words of a group could be
 * the size of a chunk, what is behind all of them is read together. One alone that leads far waits until there are `WAITING`:
 * their memory is in no cache, and is fetched at the same time then.
 *
 * Numbers look like sizes everywhere. Where `tries` groups of a page led nowhere, the rest of the page is looked at for the
 * first chunk of a segment only: no chunk is in front that could write into its first word, so that is zero as memory was given.
 * A segment goes on in the next page, or its first chunk is found, or its state names it.
 */

/** Bytes that are looked at together. */
export const GROUP = 64;
/** Chunks that wait, and bytes beyond which a chunk leads far. */
const WAITING = 8;
const FAR = 1 << 16;
const PAGE = 1 << 16;

/** The parameters of the sieve, and its locals behind them. */
export const Param = { from: 0, to: 1, base: 2, size: 3, length: 4, tries: 5 } as const;
export const { of: Local, declared: LOCALS } = locals(6, {
  off: I32, v: V128, marks: I32, word: I32,
  /** Up to where a group could not be left: each 16 bytes are looked at. */
  seen: I32,
  v0: V128, v1: V128, v2: V128, v3: V128, v4: V128,
  even0: V128, even1: V128, odd0: V128, odd1: V128, heads0: V128, heads1: V128, next: V128, behind: V128, passes: V128,
  hit: I32, candidates: I32, chunk: I32,
  /** The number of groups of this page that had candidates. */
  tried: I32,
  /** The number of chunks that wait, the group of the first, and their places here. */
  pending: I32, first: I32,
  q0: I32, q1: I32, q2: I32, q3: I32, q4: I32, q5: I32, q6: I32, q7: I32,
});
const QUEUE = [Local.q0, Local.q1, Local.q2, Local.q3, Local.q4, Local.q5, Local.q6, Local.q7];

/** The functions that are called from here. */
export interface Calls {
  readonly chunk: number;
  readonly far: number;
}

const NONE = lanes(0, 0, 0, 0);
const any = (of: readonly Code[]): Code => of.reduce(vectorOr);
/** Words of `low ..= low + span`. */
const within = (v: Code, low: Code, span: Code): Code => vectorAtMost(vectorSub(v, low), span);

/** By `live` as 8 and the three bits of the next head: the two agree. */
const AGREEING = lanes(0x00ff_0000, 0, 0xff00_ff00, 0xff00_0000);

/** Looks at the group at `off`: ends with `skip` where none of its words can begin a heap. Else it may wait, or not: `hit` says. */
export function group(calls: Calls, skip: Code): Code[] {
  const at = get(Param.from);
  const [base, size, length, off] = [get(Param.base), get(Param.size), get(Param.length), get(Local.off)];
  const [v0, v1, v2, v3, v4] = [get(Local.v0), get(Local.v1), get(Local.v2), get(Local.v3), get(Local.v4)];
  const four = [v0, v1, v2, v3];
  const [even, odd] = [[get(Local.even0), get(Local.even1)], [get(Local.odd0), get(Local.odd1)]];
  const heads = [get(Local.heads0), get(Local.heads1)];
  const ahead = sub(length, at);
  const descriptors = any(four.map((v) => vectorEqual(v, splat(num(bonsai.FIRST)))));
  // A root of emmalloc: its size, a link, and an address further on.
  const ends = [shuffle(even[0]!, even[1]!, 1, 2, 3, 4), shuffle(even[1]!, v4, 1, 2, 3, 4)];
  const roots = any(even.map((sizes, i) =>
    vectorAnd(
      vectorAnd(within(sizes, splat(num(emmalloc.SMALLEST)), splat(num(emmalloc.LARGEST_ROOT - emmalloc.SMALLEST))), within(ends[i]!, splat(at), splat(ahead))),
      vectorEqual(vectorAnd(odd[i]!, splat(num(7))), NONE),
    )));
  const tails = any(four.map((v) => wideEqual(vectorAnd(v, lanes(15, ~0, 0, 0)), lanes(12, 0, ~0, ~0))));
  const gaps = odd.map((words, i) => {
    const linked = vectorAnd(vectorEqual(vectorAnd(words, lanes(3, 7, 3, 7)), NONE), vectorAtLeast(words, lanes(1, talc.UNIT, 1, talc.UNIT)));
    return vectorAnd(vectorAnd(linked, wideLeft(linked, num(32))), vectorAtMost(even[i]!, splat(num(talc.MOST_LISTS - 1))));
  });
  const chunks = (words: Code): Code => vectorAnd(
    vectorEqual(vectorAnd(words, splat(num(5))), splat(num(1))),
    vectorAtMost(vectorSub(words, splat(num(dlmalloc.SMALLEST))), splat(sub(ahead, num(dlmalloc.SMALLEST)))),
  );
  const candidates = get(Local.candidates);
  const chunk = get(Local.chunk);
  const head = load(chunk, 4);
  const bitsOf = (masks: readonly Code[]): Code => or(signs(masks[0]!), shiftLeft(signs(masks[1]!), num(4)));
  return [
    ...[0, 1, 2, 3, 4].map((i) => set(Local.v0 + i, loadVector(off, 16 * i))),
    when(equal(anyTrue(any(four)), num(0)), skip),
    // Text, pixels, numbers: no word that could be a size or an address.
    when(equal(anyTrue(vectorOr(descriptors, vectorAtMost(four.reduce(vectorLeast), splat(length)))), num(0)), skip),
    set(Local.even0, shuffle(v0, v1, 0, 2, 4, 6)),
    set(Local.even1, shuffle(v2, v3, 0, 2, 4, 6)),
    set(Local.odd0, shuffle(v0, v1, 1, 3, 5, 7)),
    set(Local.odd1, shuffle(v2, v3, 1, 3, 5, 7)),
    set(Local.hit, anyTrue(any([descriptors, roots, tails]))),
    set(Local.candidates, bitsOf(gaps)),
    whilst(
      candidates,
      set(Local.chunk, sub(shiftLeft(trailingZeros(candidates), num(3)), num(8))),
      set(Local.candidates, and(candidates, sub(candidates, num(1)))),
      // Its list leads back to it, or cannot be read here.
      set(Local.word, sub(load(add(off, get(Local.chunk)), 4), base)),
      when(above(get(Local.word), sub(size, num(4))), set(Local.hit, num(1)), set(Local.word, num(0))),
      set(Local.hit, or(get(Local.hit), equal(load(get(Local.word)), add(at, get(Local.chunk))))),
    ),
    set(Local.heads0, chunks(odd[0]!)),
    set(Local.heads1, chunks(odd[1]!)),
    when(below(and(at, num(PAGE - 1)), num(GROUP)), set(Local.tried, num(0))),
    when(
      atLeast(get(Local.tried), get(Param.tries)),
      ...even.map((words, i) => set(Local.heads0 + i, vectorAnd(heads[i]!, vectorEqual(words, NONE)))),
    ),
    set(Local.candidates, bitsOf(heads)),
    when(
      candidates,
      set(Local.tried, add(get(Local.tried), num(1))),
      set(Local.chunk, add(off, shiftLeft(trailingZeros(candidates), num(3)))),
      // One alone, that leads far, waits.
      choice(
        and(equal(and(candidates, sub(candidates, num(1))), num(0)), atLeast(head, num(FAR))),
        choice(above(add(chunk, and(head, num(~7))), sub(size, num(8))), set(Local.hit, num(1)), wait(at)),
        [
          ...fetch(off, size),
          ...together(off, size),
          ...set(Local.candidates, bitsOf(heads)),
          ...whilst(
            candidates,
            set(Local.chunk, add(off, shiftLeft(trailingZeros(candidates), num(3)))),
            set(Local.candidates, and(candidates, sub(candidates, num(1)))),
            set(Local.hit, or(get(Local.hit), call(calls.chunk, head, add(chunk, base), base, size, length))),
          ),
        ],
      ),
    ),
    when(equal(get(Local.hit), num(0)), skip),
  ];
}

/** Puts a chunk into the queue; where that is full, the group is a hit, before which all that wait are looked at. */
function wait(at: Code): Code {
  const [newest, ...others] = QUEUE;
  return [
    ...choice(
      get(Local.pending),
      others.map((_, i) => set(QUEUE[QUEUE.length - 1 - i]!, get(QUEUE[QUEUE.length - 2 - i]!))).flat(),
      // Places without a chunk have the first one.
      [set(Local.first, at), others.map((place) => set(place, get(Local.chunk))).flat()].flat(),
    ),
    ...set(newest!, get(Local.chunk)),
    ...set(Local.pending, add(get(Local.pending), num(1))),
    ...set(Local.hit, or(get(Local.hit), equal(get(Local.pending), num(WAITING)))),
  ];
}

/** Bytes ahead that are in the processor's cache. */
const CACHED = 1 << 17;

/** Fetches what candidates that do not lead far may lead to, some groups later: in its order, memory comes sooner than at random. */
const fetch = (off: Code, size: Code): Code => set(Local.word, load(choose(below(add(off, num(CACHED + GROUP)), size), add(off, num(CACHED)), off)));

/** Steps from one chunk to the next that are made for all candidates together. */
const STEPS = 2;

/** Leaves those candidates behind which two heads agree, as far as they can be read here. */
function together(off: Code, size: Code): Code {
  const last = splat(sub(size, num(8)));
  const statements = [0, 1].map((i) => {
    const [words, heads, next, passes, behind] = [Local.odd0 + i, Local.heads0 + i, Local.next, Local.passes, Local.behind];
    const [W, H, N, P, B] = [words, heads, next, passes, behind].map(get) as [Code, Code, Code, Code, Code];
    const offsets = [0, 8, 16, 24].map((each) => each + 32 * i) as [number, number, number, number];
    const steps = Array.from({ length: STEPS }, (_, step) => {
      const index = vectorOr(vectorAnd(vectorLeft(W, num(2)), splat(num(8))), vectorAnd(B, splat(num(7))));
      const tops = within(B, splat(num(dlmalloc.FOOT_SIZES[0]!)), splat(num(dlmalloc.FOOT_SIZES.at(-1) - dlmalloc.FOOT_SIZES[0]!)));
      const ends = vectorOr(
        vectorOr(vectorDiffer(N, vectorLeast(N, last)), vectorEqual(B, splat(num(dlmalloc.FENCE)))),
        step > 0 ? tops : vectorAnd(tops, vectorAtLeast(W, splat(num(dlmalloc.LONE_TOP)))),
      );
      return [
        set(next, vectorAdd(vectorAnd(vectorAnd(W, splat(num(~7))), H), N)),
        // What leads out of what can be read here passes.
        set(behind, [0, 1, 2, 3].reduce((v, n) => loadLane(lane(vectorLeast(N, last), n), 4, v, n), NONE)),
        set(passes, vectorOr(P, vectorAnd(ends, H))),
        set(heads, vectorAnd(vectorEqual(swizzle(AGREEING, index), splat(num(0xff))), H)),
        set(words, B),
      ].flat();
    });
    return [...set(next, vectorAdd(splat(off), lanes(...offsets))), ...set(passes, NONE), ...steps.flat(), ...set(heads, vectorOr(H, P))];
  });
  return statements.flat();
}

/** Says whether one of those that wait is a chunk: (eight places, base, size, length). */
export function farBody(calls: Calls): Code {
  const [base, size, length] = [WAITING, WAITING + 1, WAITING + 2].map(get) as [Code, Code, Code];
  const agree = (place: number): Code => {
    const bytes = and(load(get(place), 4), num(~7));
    const next = add(get(place), bytes);
    const behind = load(next, 4);
    return choose(
      and(load(get(place), 4), num(2)),
      or(equal(and(behind, num(5)), num(1)), equal(behind, num(dlmalloc.FENCE))),
      or(and(equal(load(next), bytes), equal(and(behind, num(7)), num(2))), dlmalloc.FOOT_SIZES.map((foot) => equal(behind, num(foot))).reduce(or)),
    );
  };
  const agreeing = FAR_LOCALS.of;
  return [
    ...Object.values(agreeing).flatMap((local, place) => set(local, agree(place))),
    ...Object.values(agreeing).flatMap((local, place) =>
      when(get(local), when(call(calls.chunk, load(get(place), 4), add(get(place), base), base, size, length), give(num(1))))),
    ...num(0),
  ];
}
export const FAR_LOCALS = locals(WAITING + 3, { a0: I32, a1: I32, a2: I32, a3: I32, a4: I32, a5: I32, a6: I32, a7: I32 });

/** Looks at those that wait, before the 16 bytes at `from` are looked at: where one is a chunk, goes back to the first with `again`. */
export const lookBack = (calls: Calls, again: Code): Code =>
  when(
    get(Local.pending),
    set(Local.pending, num(0)),
    when(
      call(calls.far, ...QUEUE.map(get), get(Param.base), get(Param.size), get(Param.length)),
      set(Local.seen, add(get(Param.from), num(GROUP))),
      set(Param.from, get(Local.first)),
      again,
    ),
  );
