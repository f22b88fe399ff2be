// A worker of a page: rayon's threads over one heap. A page itself must not wait, so it cannot call rayon.
import init, { expected, initThreadPool, live, recorded, words } from "/module/rayon/bonsai_rayon.js";

const rule = (holds, what) => {
  if (!holds) throw new Error(what);
};

async function run({ threads, count }) {
  await init();
  await initThreadPool(threads);
  const sum = expected(count);
  for (let round = 0; round < 5; round++) rule(words(count) === sum, "the words' bytes");
  const before = live();
  for (let round = 0; round < 20; round++) rule(words(count) === sum, "the words' bytes");
  // rayon's queues keep some blocks for later.
  const more = live() - before;
  rule(more < count / 20, `${more} blocks are left`);
  const told = recorded(count / 10);
  rule(told === threads + 1, `${told} threads have records: this one and ${threads} were at work`);
  return { before, more };
}

addEventListener("message", async ({ data }) => {
  try {
    postMessage({ answer: await run(data) });
  } catch (error) {
    postMessage({ error: `${error}\n${error.stack}` });
  }
});
