// Workers over one heap, in Node and in pages. Each scenario throws an error that says what did not hold.
const PAGE = 65536;
const STACK = 1 << 16;
/** The most pages: the map of the exercises covers as much. */
export const MOST = 1024;
/** The pages that the module is linked with: its data, and little more. */
export const INITIAL = 128;

const rule = (holds, what) => {
  if (!holds) throw new Error(what);
};

/** Speaks with a worker. `listen` has what it says heard; it is kept until somebody asks. */
export function talk(worker, listen) {
  const said = [];
  let wake = () => {};
  listen(worker, (message) => wake(said.push(message)));
  return {
    post: (message) => worker.postMessage(message),
    async heard(key) {
      while (said.length === 0) await new Promise((done) => (wake = done));
      const message = said.shift();
      rule(key in message, message.error);
      return message;
    },
    stop: () => worker.terminate(),
  };
}

/** A module's instance in this thread, and workers. `start` starts one, as `talk` returns it. */
class Team {
  #start;
  #workers = [];

  constructor(module, start, { initial = INITIAL, maximum = MOST } = {}) {
    this.module = module;
    this.#start = start;
    this.memory = new WebAssembly.Memory({ initial, maximum, shared: true });
    this.own = new WebAssembly.Instance(module, { env: { memory: this.memory } }).exports;
  }

  get pages() {
    return this.memory.buffer.byteLength / PAGE;
  }

  async add(count) {
    const { module, memory, own } = this;
    for (let number = 0; number < count; number++) {
      const stack = own.room(STACK);
      const tls = own.room(own.__tls_size.value + own.__tls_align.value);
      rule(stack > 0 && tls > 0, "there is no room for a worker's stack");
      const worker = await this.#start();
      this.#workers.push({ ...worker, stack });
      worker.post({ begin: { module, memory, stack, tls } });
      await worker.heard("answer");
    }
    return this.#workers.slice(-count);
  }

  /** Has workers do something, all from the same moment on. Returns their answers. */
  all(asked, workers = this.#workers) {
    const gate = new Int32Array(new SharedArrayBuffer(4));
    const together = workers.length;
    return Promise.all(
      workers.map(async (worker, number) => {
        worker.post({ ...asked(number), gate, together });
        const { answer } = await worker.heard("answer");
        this.good(answer);
        return answer;
      }),
    );
  }

  /** Sees to it that nothing has failed. */
  good(answer) {
    const bytes = new Uint8Array(this.memory.buffer, this.own.fault()).slice(0, 200);
    rule(answer !== -1, `failed at ${new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)))}`);
    return answer;
  }

  stop() {
    return Promise.all(this.#workers.map((worker) => worker.stop()));
  }
}

const call = (name, ...args) => ({ call: name, args });

/** Bytes of blocks that are frequent, rare, and beyond what shards serve. */
const SIZES = [16, 100, 700, 3000];

/** The latches of a heap, as docs/heap-layout.md says: their addresses, the shards' and last the heap's own. */
function latches({ memory, own }) {
  const words = new Uint32Array(memory.buffer);
  const word = (number) => words[(own.BONSAI_HEAP.value >> 2) + number];
  rule(word(1) === 3, "the heap has no shards");
  const [shards, count, bytes, , latch] = [12, 13, 14, 15, 16].map(word);
  return [...Array.from({ length: count }, (_, number) => shards + number * bytes), latch];
}

/** The numbers of the latches that are held. */
function held(team) {
  const words = new Int32Array(team.memory.buffer);
  return latches(team).flatMap((at, number) => (Atomics.load(words, at >> 2) === 1 ? [number] : []));
}

export const SCENARIOS = {
  /** Every byte is looked at, no two threads have a granule, and the books hold at every moment. */
  async "threads replace each other's blocks while one looks at the books"(team) {
    await team.add(4);
    const answers = await team.all((number) => (number < 3 ? call("churn", number + 1, 40_000) : call("look", 60)));
    rule(answers.every((answer) => answer === 0), `requests were refused: ${answers}`);
    rule(team.good(team.own.sweep()) === 8, "live: the stacks and the storage of four workers");
    team.good(team.own.largest());
  },

  async "threads that grow at once take what one takes, and a step of growth at most"(team, another) {
    const [SIZE, COUNT, THREADS] = [70_000, 40, 4];
    await team.add(THREADS);
    const before = team.pages;
    const taken = await team.all(() => call("take", SIZE, COUNT));
    rule(taken.every((count) => count === COUNT), `blocks: ${taken}`);
    const alone = another();
    await alone.add(THREADS);
    const least = alone.pages;
    rule(alone.own.take(SIZE, COUNT * THREADS) === COUNT * THREADS, "blocks of one thread");
    const [grown, needed] = [team.pages - before, alone.pages - least];
    // The last step of growth, a 64th of what there is, depends on the order of the requests. That no single growth
    // is for nothing is held where the order is known, in src/heap/shards/tests.rs.
    rule(grown <= needed + Math.ceil(needed / 64), `${grown} pages, ${needed} with one thread`);
  },

  async "ten thousand threads that come and go leave nothing"(team) {
    const workers = await team.add(4);
    const round = (threads, seed) => team.all((number) => ({ short: { threads, seed: seed + 10_000 * number, rounds: 40 } }));
    await round(200, 1);
    team.good(team.own.sweep());
    const before = team.pages;
    await round(2_300, 1_000);
    rule(team.good(team.own.sweep()) === 2 * workers.length, "blocks are left");
    // Random sizes need not fit into the same pages.
    rule(team.pages - before <= 16, `${team.pages - before} pages more than ${before}`);
    team.good(team.own.largest());
  },

  /** Also of a thread that has no storage yet, or has given it back: wasm-bindgen puts -2^31 in its place then. */
  async "a record says which thread"(team) {
    await team.add(4);
    await team.all((number) => call("traced", number + 1, 2_000));
    rule(team.good(team.own.traces()) === 4, "threads that are told apart");
    for (const storage of [0, -(2 ** 31)]) {
      await team.all((number) => (number === 2 ? { ...call("traced", number + 1, 2_000), storage } : call("traced", number + 1, 2_000)));
      const told = team.good(team.own.traces());
      // Address 0 tells none.
      rule(told === (storage === 0 ? 3 : 4), `${told} threads with storage at ${storage}`);
    }
    team.good(team.own.look(1));
  },

  async "memory that cannot grow: what threads leave in shards serves whoever asks"(team) {
    rule(team.own.take_tail() > 0, "memory below the first growth");
    await team.add(4);
    // What is left is less than they ask for.
    rule(team.own.take(PAGE, 37) === 37, "room");
    const sizes = [64, 500, 1000, 20_000];
    const alone = sizes.map((size) => team.good(team.own.exhaust(size)));
    for (let round = 0; round < 5; round++) {
      const refused = await team.all((number) => call("churn", 10 * round + number, 20_000));
      rule(refused.every((count) => count > 0), `memory did not end: ${refused}`);
      team.good(team.own.sweep());
      // Each worker leaves blocks of a size of its own in its shard.
      await team.all((number) => call("burst", SIZES[number], 40, 1));
      team.good(team.own.largest());
      for (const [i, size] of sizes.entries()) {
        await team.all((number) => call("burst", SIZES[(number + i) % 4], 40, 1));
        const filled = team.good(team.own.exhaust(size));
        // What waited lay in between, so holes are elsewhere.
        rule(filled >= alone[i] * 0.97 - 3, `${filled} blocks of ${size} bytes, ${alone[i]} before`);
      }
    }
  },

  /** Workers are ended in the middle of things, until one had a shard in that moment. */
  async "a worker that is ended while it has a shard takes no more than that shard"(team, another) {
    for (let attempt = 1; attempt <= 500; attempt++) {
      const [worker] = await team.add(1);
      const words = new Int32Array(team.memory.buffer);
      const seen = () => latches(team).reduce((sum, at) => sum + Atomics.load(words, at >> 2), 0);
      const before = seen();
      worker.post(call("burst", SIZES[attempt % 3], 100, 1 << 30));
      // A latch is another number after each use.
      do await new Promise((done) => setTimeout(done, 1));
      while (seen() - before < 100_000);
      await worker.stop();
      const taken = held(team);
      if (taken.length === 0) {
        team.own.give_room(worker.stack, STACK);
        continue;
      }
      if (taken.every((number) => number < latches(team).length - 1)) {
        await outlive(team);
        return { attempt, taken };
      }
      // The heap itself is held for good: docs/threads.md.
      team = another();
    }
    throw new Error("no worker was ended while it had a shard");
  },

  /** The words of memory are as if sixteen workers had been ended so. */
  async "every shard is held for good, and the heap serves"(team) {
    const words = new Int32Array(team.memory.buffer);
    for (const at of latches(team).slice(0, -1)) Atomics.store(words, at >> 2, 1);
    await outlive(team);
  },
};

/** Sees to it that a heap serves all others, to the end of memory, with books that hold. */
async function outlive(team) {
  const taken = held(team);
  const left = ((MOST - team.pages) * PAGE) / 1008;
  // The worker that was ended answers no more.
  const workers = await team.add(2);
  const answers = await team.all((number) => call("churn", number + 1, 5_000), workers);
  rule(answers.every((answer) => answer === 0), `requests were refused: ${answers}`);
  team.good(team.own.look(2));
  team.good(team.own.sweep() >= 0 ? 0 : -1);
  const [blocks, pages] = [team.good(team.own.exhaust(1000)), team.pages];
  // The table reaches to the end or a page before it, as threads happen to grow; growth.rs has the rule.
  rule(pages >= MOST - 1, `memory ended at ${pages} pages`);
  // What the shard had is lost, 300 KiB at most.
  rule(blocks > left * 0.9, `${blocks} blocks of ${left.toFixed(0)}`);
  rule(`${held(team)}` === `${taken}`, `held: ${held(team)}, and ${taken} before`);
}

/** The scenarios for Node alone: a browser does not say when a worker has come to its end. */
export const IN_NODE = new Set(["a worker that is ended while it has a shard takes no more than that shard"]);

/** Runs a scenario. */
export async function run(name, module, start) {
  const teams = [];
  const fixed = name.startsWith("memory that cannot grow") ? { initial: INITIAL, maximum: INITIAL } : {};
  const another = () => {
    teams.push(new Team(module, start, fixed));
    return teams.at(-1);
  };
  try {
    return await SCENARIOS[name](another(), another);
  } finally {
    await Promise.all(teams.map((team) => team.stop()));
  }
}
