import type { Moment, Scene } from "../model/tour";
import { NEARLY_ALL } from "../model/tours";
import { bytes, counted, integer, plural } from "./format";
import { en as sandbox } from "./sandbox";

/** Texts of the lessons. */
export const en = {
  ...sandbox,

  tours: {
    parts: "Parts of this room",
    title: "Lessons",
    lead: "Each tour runs on live allocators, a step at a time. Say what will happen before you see it.",
    steps: (count: number): string => plural(count, "step", "steps"),
    start: (name: string): string => `Start: ${name}`,
    begin: "Start",
    loading: "Loading the allocators…",
    missing: "The tours’ modules are not built. Run “cargo xtask build”, then load this page again.",
    failed: (why: string): string => `The tours’ modules could not be started: ${why}`,
    leave: "All tours",
    back: "Back",
    next: "Next",
    finish: "Finish",
    reveal: "Show what happens",
    step: (number: number, all: number): string => `Step ${integer(number)} of ${integer(all)}`,
    pickFirst: "Choose an answer first.",
    right: "Right.",
    wrong: (answer: string): string => `Not quite: ${answer}.`,
    signs: { right: "what happens", yours: "your answer" },
    moment: "Moment",
    before: "Before",
    after: "After",
    sandbox: "Try it in the sandbox",
    done: (right: number, all: number): string =>
      right === all ? "All your predictions came true." : `${integer(right)} of ${integer(all)} predictions came true.`,
    again: "Take it again",
    another: "Choose another tour",
    free: "Go on freely in the sandbox",
    figures: {
      live: "Live",
      wasted: "Wasted in blocks",
      free: "Free",
      largest: "Largest free",
      pieces: "Free pieces",
      committed: "Committed",
      waiting: "Waits in quick lists",
    },
    change: (before: string, after: string): string => (before === after ? after : `${before} → ${after}`),
    figureLabel: (lane: string): string => `${lane}: blocks`,
    changed: "Outlined: what this step changed.",
    heapKey: "All of the heap in address order. A pin below marks a live block; dotted is free, blank is free and never used, ochre is the allocator’s own.",
    shownKey: (size: string): string =>
      `The first ${size} of the heap, in address order. A pin below marks a live block; striped waits in a quick list, dotted is free, ochre is the allocator’s own.`,
    all: tourTexts(),
  },
} as const;

/** The texts of a lesson. */
export interface TourText {
  readonly name: string;
  readonly about: string;
  /** Names of lanes. */
  readonly lanes: Readonly<Record<string, string>>;
  readonly steps: Readonly<Record<string, StepText>>;
}

export interface StepText {
  readonly title: string;
  /** The operation that comes next. */
  readonly say: string;
  readonly question: string;
  readonly choices: Readonly<Record<string, string>>;
  /** The reason for the answer; its numbers come from the blocks. */
  readonly because: (lanes: readonly Moment[]) => string;
}

function tourTexts(): Readonly<Record<string, TourText>> {
  const lane = (moments: readonly Moment[], at = 0): Scene => moments[at]!.after;
  const yesNo = { served: "It is served", refused: "It is refused" };
  const blocks = { "1": "1 block", "4": "4 blocks", "8": "8 blocks", "15": "15 blocks" };
  const who = { both: "Both", slab: "Only the slab", buddy: "Only the buddy", neither: "Neither" };
  const memory = { grows: "Yes, it grows", stays: "No, it stays as it is" };

  return {
    fragmentation: {
      name: "External fragmentation",
      about: "Half of memory is free, and a request for a quarter of it fails.",
      lanes: { buddy: "Buddy, 4,096 bytes" },
      steps: {
        first: {
          title: "One request",
          say: "All 4,096 bytes are one free block. The program is about to ask for 500 bytes.",
          question: "How many bytes will leave the free memory?",
          choices: { "500": "500", "512": "512", "4096": "4,096" },
          because: (m) =>
            `A buddy allocator halves a block until the next half would be too small: 4,096 → 2,048 → 1,024 → 512. The block has ${integer(lane(m).live)} bytes; the ${integer(lane(m).live - lane(m).asked)} that nobody asked for are internal fragmentation, waste inside a block.`,
        },
        fill: {
          title: "Seven more",
          say: "The program asks for 500 bytes seven more times.",
          question: "How much is free then?",
          choices: { nothing: "Nothing", "96": "96 bytes", "512": "512 bytes" },
          because: (m) =>
            `${integer(lane(m).liveBlocks)} blocks of 512 fill the region. ${integer(lane(m).live - lane(m).asked)} bytes are wasted, 12 in each block, and no other request can have them.`,
        },
        holes: {
          title: "Every second one goes",
          say: "The program frees the second, the fourth, the sixth and the eighth block.",
          question: "How large is the largest free block then?",
          choices: { "512": "512 bytes", "1024": "1,024 bytes", "2048": "2,048 bytes" },
          because: (m) =>
            `${integer(lane(m).free)} bytes are free, in ${counted(lane(m).freeBlocks)} pieces of ${integer(lane(m).largestFree)}. Each of them has a live block beside it, so none can merge.`,
        },
        refused: {
          title: "A larger request",
          say: "2,048 bytes are free. The program asks for 1,000.",
          question: "What will happen?",
          choices: yesNo,
          because: (m) =>
            `${integer(lane(m).free)} bytes are enough, but no piece has more than ${integer(lane(m).largestFree)}. This is external fragmentation: the memory is free, and cannot be used. In a wasm module, memory would grow now.`,
        },
        small: {
          title: "A smaller request",
          say: "The same memory; this time the program asks for 500 bytes.",
          question: "What will happen?",
          choices: yesNo,
          because: (m) =>
            `One of the holes fits exactly; ${counted(lane(m).freeBlocks)} are left. Whether memory is fragmented depends on the size one asks for: for 500 bytes all of it was usable, for 1,000 none.`,
        },
        neighbour: {
          title: "A neighbour goes",
          say: "The fifth block stands between two free ones of 512 bytes. The program frees it.",
          question: "How large is the free block that comes of it?",
          choices: { "512": "512 bytes", "1024": "1,024 bytes", "1536": "1,536 bytes, all three" },
          because: (m) =>
            `It merged with its buddy on the right into ${integer(lane(m).largestFree)} bytes. The free block on its left has the right size, but is the half of another block: 1,536 bytes in a row are free now, and the largest block has 1,024.`,
        },
        again: {
          title: "The request again",
          say: "The program asks for 1,000 bytes again.",
          question: "How many blocks have to be split for it?",
          choices: { "0": "None", "1": "One", "2": "Two" },
          because: (m) =>
            `The merged block of 1,024 fits as it is. One free of one block, in the right place, was enough. Largest free now: ${integer(lane(m).largestFree)}.`,
        },
        all: {
          title: "Everything goes",
          say: "The program frees all that is left.",
          question: "How many free blocks are there in the end?",
          choices: blocks,
          because: (m) =>
            `${counted(lane(m).freeBlocks) === "one" ? "One" : integer(lane(m).freeBlocks)}, of ${integer(lane(m).largestFree)} bytes, as at the start. Fragmentation is no damage to memory: it lasts as long as the blocks in between do. So keep what lives long apart from what comes and goes.`,
        },
      },
    },

    merging: {
      name: "Why buddies merge",
      about: "Two free blocks side by side: when they become one, and when they do not.",
      lanes: { buddy: "Buddy, 1,024 bytes" },
      steps: {
        split: {
          title: "The first split",
          say: "One free block of 1,024 bytes. The program is about to ask for 60.",
          question: "How many free blocks are there afterwards?",
          choices: blocks,
          because: (m) =>
            `1,024 was halved four times. Each time one half was halved again and the other stayed free: ${integer(lane(m).freeBlocks)} free blocks, of 512, 256, 128 and 64 bytes.`,
        },
        second: {
          title: "The other half",
          say: "The program asks for 60 bytes once more.",
          question: "From which free block does it get them?",
          choices: { "64": "The one of 64", "128": "The one of 128", "512": "The one of 512" },
          because: () =>
            "The 64 beside the first block stood ready. The two are buddies: halves of one block of 128. Only they can become that block again.",
        },
        more: {
          title: "Two more",
          say: "And twice more 60 bytes.",
          question: "Which free block is split for them?",
          choices: { "64": "The one of 64", "128": "The one of 128", "256": "The one of 256" },
          because: (m) =>
            `No 64 was free, so the smallest larger block, 128, was split. Its halves serve both requests: ${counted(lane(m).liveBlocks)} blocks of 64 in a row.`,
        },
        beside: {
          title: "Side by side",
          say: "The program frees the second and the third of the four. They touch, and have the same size.",
          question: "Do they merge?",
          choices: { yes: "Yes, into 128 bytes", no: "No, they stay two blocks" },
          because: () =>
            "They are neighbours, but no buddies: the second is the other half of the first, the third of the fourth. A block of 128 bytes begins at a multiple of 128, and one made of these two would not.",
        },
        buddy: {
          title: "The buddy goes",
          say: "The program frees the fourth block. Its buddy, the third, is free.",
          question: "How large is the free block that comes of it?",
          choices: { "64": "64 bytes", "128": "128 bytes", "256": "256 bytes" },
          because: (m) =>
            `They merged into 128 bytes. The next step up would be 256, with the first 128 as the buddy, but one half of that is live. It stays: ${integer(lane(m).liveBlocks)} block out.`,
        },
        cascade: {
          title: "The last block goes",
          say: "The program frees the first block, the last one that is live.",
          question: "How often do blocks merge now?",
          choices: { "1": "Once", "2": "Twice", "4": "Four times" },
          because: (m) =>
            `64 → 128 → 256 → 512 → 1,024: at each size the buddy was free. ${lane(m).freeBlocks === 1 ? "One free block is left, as at the start." : ""} To find a buddy takes no search: flip one bit of the address, the one that stands for the size. So a free costs one look for each size, however full memory is.`,
        },
      },
    },

    slabs: {
      name: "Slab versus buddy",
      about: "The same requests on both: what each wastes, and what each cannot do.",
      lanes: { slab: "Slab, 16 blocks of 48", buddy: "Buddy, 1,024 bytes" },
      steps: {
        one: {
          title: "One object",
          say: "A slab of 16 blocks of 48 bytes, and a buddy over 1,024 bytes. Each gets a request for 40 bytes.",
          question: "Who hands out the smaller block?",
          choices: { slab: "The slab", buddy: "The buddy", same: "Both the same" },
          because: (m) =>
            `The slab’s block has ${integer(lane(m).live)} bytes, the buddy’s ${integer(lane(m, 1).live)}: a buddy knows powers of two only. ${integer(lane(m).live - lane(m).asked)} bytes are wasted here, ${integer(lane(m, 1).live - lane(m, 1).asked)} there.`,
        },
        fill: {
          title: "Sixteen objects",
          say: "Both get fifteen more requests for 40 bytes, and are full then.",
          question: "Who needs less memory for the sixteen objects?",
          choices: { slab: "The slab", buddy: "The buddy", same: "Both the same" },
          because: (m) =>
            `${integer(lane(m).committed)} bytes against ${integer(lane(m, 1).committed)}, for ${integer(lane(m).asked)} bytes of objects. A slab whose blocks fit its objects wastes little.`,
        },
        holes: {
          title: "Holes",
          say: "Both free every second object.",
          question: "How large is the largest free block now, in the slab and in the buddy?",
          choices: { "48-64": "48 and 64 bytes", "96-128": "96 and 128 bytes", "384-512": "384 and 512 bytes" },
          because: (m) =>
            `${integer(lane(m).freeBlocks)} holes in each, of ${integer(lane(m).largestFree)} and of ${integer(lane(m, 1).largestFree)} bytes. In the buddy each hole has a live buddy.`,
        },
        reuse: {
          title: "The same size again",
          say: "Both get eight requests for 40 bytes.",
          question: "Who serves them all?",
          choices: who,
          because: (m) =>
            `Every hole is as large as a request of this size needs: ${integer(lane(m).freeBlocks)} and ${integer(lane(m, 1).freeBlocks)} free blocks are left. Where all objects are of one size, holes are no fragmentation.`,
        },
        large: {
          title: "A larger object",
          say: "Half of the objects go, again every second one. Then both get a request for 100 bytes.",
          question: "Who serves it?",
          choices: who,
          because: (m) =>
            `The slab has no block larger than ${integer(lane(m).largestFree)}. The buddy could have one, but its ${integer(lane(m, 1).free)} free bytes are in holes of ${integer(lane(m, 1).largestFree)}.`,
        },
        empty: {
          title: "After all objects went",
          say: "Both free the rest, so that everything is free. Then comes the request for 100 bytes again.",
          question: "Who serves it now?",
          choices: who,
          because: (m) =>
            `The buddy’s blocks merged, and a block of ${integer(lane(m, 1).live)} was split off. The slab’s stay ${integer(lane(m).largestFree)} bytes for ever. That is the bargain: a slab never fragments for its size, and serves no other. So SlabHeap cuts its slabs from a buddy, and gives them back when they are empty.`,
        },
      },
    },

    quick: {
      name: "Quick lists and runs",
      about: "Heap puts small blocks back on a list and merges nothing, until a request needs the room.",
      lanes: { heap: "Heap" },
      steps: {
        batch: {
          title: "The first block",
          say: "A Heap in a wasm module of its own. Everything free lies in one run. The program asks for 40 bytes.",
          question: "How many blocks of that size does Heap cut off the run?",
          choices: { one: "One", many: "More than one" },
          because: (m) =>
            `The block has 48 bytes, the next multiple of 16. Heap cut off ${integer((lane(m).waiting + lane(m).live) / 48)} of them and put ${integer(lane(m).waiting / 48)} on a list for that size, the quick list. Programs ask for the same sizes again and again, and taking a block off a list costs a few instructions.`,
        },
        row: {
          title: "Seven more",
          say: "The program asks for 40 bytes seven more times.",
          question: "Where do these blocks come from?",
          choices: { waited: "From the quick list", run: "From the run" },
          because: (m) =>
            `Each is the next of the list, in address order, so what is asked for in a row lies in a row. ${integer(lane(m).waiting)} bytes still wait, and the run behind them was not touched.`,
        },
        again: {
          title: "Two go, one comes",
          say: "The program frees the second block, then the sixth, and asks for 40 bytes.",
          question: "Which block does it get?",
          choices: { first: "The second, freed first", last: "The sixth, freed last", new: "One that was never used" },
          because: () =>
            "A quick list is a stack: last in, first out. The block that was freed last is the one that the processor’s cache most likely still has.",
        },
        neighbours: {
          title: "Everything goes",
          say: "The program frees all that is left. All these blocks touch.",
          question: "Do they merge into one?",
          choices: { merge: "Yes, at once", wait: "No, they wait in the list" },
          because: (m) =>
            `${integer(lane(m).waiting)} bytes wait, in blocks of 48. Merging now would be work that the next request for 40 bytes undoes. That is what makes Heap fast, and why “live” and “in use” are not the same.`,
        },
        other: {
          title: "Another size",
          say: "The program asks for 300 bytes. No waiting block is as large.",
          question: "Where does Heap take them from?",
          choices: { waited: "From a block that waits", merged: "From waiting blocks, merged for it", run: "From the run behind them" },
          because: (m) =>
            `The run has room, so the small blocks keep waiting; a new quick list, for blocks of 304 bytes, was filled beside them. ${integer(lane(m).waiting)} bytes wait now.`,
        },
        large: {
          title: "Nearly all there is",
          say: `The program frees the block of 300 bytes, and asks for ${integer(NEARLY_ALL)}: more than the run has, less than is free in all.`,
          question: "Does memory grow?",
          choices: { grows: "Yes, it grows", merged: "No, what waits is merged first" },
          because: (m) =>
            `Before memory grows, all lists are emptied and neighbours merge: ${integer(lane(m).waiting)} bytes wait now, and ${bytes(lane(m).committed)} are committed, as before. A request is refused, or memory grown, only if no free memory could hold it. In the inspector’s panel Free you see how much waits, and in which lists.`,
        },
      },
    },

    ratchet: {
      name: "The ratchet",
      about: "Hardly anything is live, and memory grows round after round. It never shrinks.",
      lanes: { rising: "BuddyHeap, a new buffer each round", kept: "BuddyHeap, one buffer kept" },
      steps: {
        first: {
          title: "A buffer and a note",
          say: "A real heap in a wasm module of its own, just started. The program asks for a buffer of 60 KiB, and for a note of 64 bytes.",
          question: "Does the module’s memory grow?",
          choices: memory,
          because: (m) =>
            `The heap asked WebAssembly for pages of 64 KiB, with memory.grow, and holds ${bytes(lane(m).committed)} now: that is committed. ${bytes(lane(m).free)} of it are free.`,
        },
        freed: {
          title: "The buffer goes",
          say: "The program frees the buffer. The note stays.",
          question: "How much is committed then?",
          choices: { less: "Less than before", same: "As much as before" },
          because: (m) =>
            `${integer(lane(m).live)} bytes are live, ${bytes(lane(m).committed)} are committed. WebAssembly can grow memory and has no way to shrink it: whatever was committed once stays so until the instance is gone.`,
        },
        again: {
          title: "The same again",
          say: "A second buffer of 60 KiB comes and goes.",
          question: "Does the module’s memory grow?",
          choices: memory,
          because: (m) =>
            `The free block of ${bytes(lane(m).largestFree)} served it. Free memory is not lost: it serves what fits into it.`,
        },
        larger: {
          title: "A larger one",
          say: "Now a buffer of 100 KiB, another note, and the buffer goes.",
          question: "Does the module’s memory grow?",
          choices: memory,
          because: (m) =>
            `${bytes(m[0]!.before.free)} were free, but no piece larger than ${bytes(m[0]!.before.largestFree)}. So the heap grew to ${bytes(lane(m).committed)}, for ${integer(lane(m).live)} bytes that are live.`,
        },
        rounds: {
          title: "Three more rounds",
          say: "The same with buffers of 160, 300 and 600 KiB, each larger than any hole. A note stays from each round.",
          question: "Five notes of 64 bytes are live. How much is committed?",
          choices: {
            notes: "64 KiB or less, one page for the notes",
            largest: "About as much as the largest buffer needs",
            more: "Several times the largest buffer",
          },
          because: (m) =>
            `${bytes(lane(m).committed)} are committed for ${integer(lane(m).live)} live bytes. Each click of the ratchet left a hole that the next buffer did not fit in, and notes keep the holes from growing together. Live is flat while committed rises: that is fragmentation, and not a leak.`,
        },
        kept: {
          title: "One buffer for all",
          say: "A fresh module beside it. The program asks once for 600 KiB, as much as the largest round needs, uses that buffer in every round, makes five notes, and frees it.",
          question: "How much does this module commit, compared to the first?",
          choices: { less: "Less", same: "As much", more: "More" },
          because: (m) =>
            `${bytes(lane(m, 1).committed)} instead of ${bytes(lane(m).committed)}, for the same work. A buffer with room for the largest case, made first and kept, grows memory once. The second cure is an allocator that keeps small blocks out of large holes.`,
        },
      },
    },
  };
}
