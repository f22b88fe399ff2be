// One line that says what is going on, where somebody is looking; elsewhere a line of a log now and then.

const { stderr } = process;

/** Milliseconds between lines of a log. */
const SELDOM = 15_000;
let last = 0;

/** Says it in place of what was said before. */
export function progress(text) {
  if (stderr.isTTY) {
    stderr.write(`\r\x1b[K${text.slice(0, (stderr.columns ?? 80) - 1)}`);
  } else if (Date.now() - last > SELDOM) {
    last = Date.now();
    stderr.write(`${text}\n`);
  }
}

/** Takes the line away. */
export function clear() {
  if (stderr.isTTY) stderr.write("\r\x1b[K");
}

/** Something to keep on the screen. */
export function note(text) {
  clear();
  stderr.write(`${text}\n`);
}
