// One line that says what is going on, where somebody is looking; plain lines otherwise.

const { stderr } = process;

/** Says it in place of what was said before. */
export function progress(text) {
  if (stderr.isTTY) stderr.write(`\r\x1b[K${text.slice(0, (stderr.columns ?? 80) - 1)}`);
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
