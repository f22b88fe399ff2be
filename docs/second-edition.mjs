#!/usr/bin/env node
// Counts the sources of the library at commits, as docs/second-edition.md has them.
//
//     node docs/second-edition.mjs [COMMIT ...]    without any: before the second edition, and now

import { execFileSync } from "node:child_process";

const QUESTIONS = ["What", "Whether", "Where", "Who", "How", "If", "When", "Why"];
const EMPTY_REASONS = /^(the same|as above|as before|likewise|as the caller promises|the caller promises)[.:;]?$/i;

const git = (...words) => execFileSync("git", words, { encoding: "utf8", maxBuffer: 1 << 26 });

/** The Rust files of src at a commit: `{ path: text }`. */
function sources(commit) {
  const paths = git("ls-tree", "-r", "--name-only", commit, "src/").split("\n");
  return Object.fromEntries(paths.filter((path) => path.endsWith(".rs")).map((path) => [path, git("show", `${commit}:${path}`)]));
}

/** Tests stand in files of their own, or in a module at a file's end. */
function divided(path, text) {
  if (/(^|\/)(tests|trap)(\.rs|\/)/.test(path)) return { code: "", tests: text };
  const at = text.search(/^#\[cfg\(test\)\]\nmod tests \{/m);
  return at < 0 ? { code: text, tests: "" } : { code: text.slice(0, at), tests: text.slice(at) };
}

const lines = (text) => text.split("\n").length - 1;

/** The first word of each doc comment: a comment begins where the line before is none. */
function firstWords(text) {
  const words = {};
  let inside = false;
  for (const line of text.split("\n").map((one) => one.trim())) {
    const doc = /^\/\/[/!](.*)$/.exec(line)?.[1].trim();
    const word = !inside && doc && (/^[A-Za-z]+/.exec(doc)?.[0] ?? "a sign or a code");
    if (word) words[word] = (words[word] ?? 0) + 1;
    inside = Boolean(doc);
  }
  return words;
}

const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);

function count(commit) {
  const files = Object.entries(sources(commit));
  const whole = files.map(([, text]) => text).join("\n");
  const code = files.map(([path, text]) => divided(path, text).code);
  const reasons = [...whole.matchAll(/\/\/ SAFETY: *(.*(?:\n *\/\/ .*)*)/g)].map((match) => match[1].trim());
  const words = firstWords(whole);
  const often = Object.entries(words).sort((a, b) => b[1] - a[1]).slice(0, 8);
  const items = [...code.join("\n").matchAll(/^ *pub (?:const |unsafe |extern "C" )*(fn|struct|enum|trait|type|const|static|mod|use)\b/gm)];
  return {
    files: files.length,
    "lines, tests among them": sum(files.map(([, text]) => lines(text))),
    "lines without tests": sum(code.map(lines)),
    "files over 300 lines, without tests": code.filter((text) => lines(text) > 300).length,
    "files over 500 lines, without tests": code.filter((text) => lines(text) > 500).length,
    "the longest file, without tests": Math.max(...code.map(lines)),
    "unsafe blocks, functions, impls": [...whole.matchAll(/^[^/\n]*\bunsafe\b/gm)].length,
    "SAFETY reasons": reasons.length,
    "of them no fact, or another comment's": reasons.filter((one) => EMPTY_REASONS.test(one)).length,
    "`get_unchecked`": [...whole.matchAll(/get_unchecked/g)].length,
    "doc comments": sum(Object.values(words)),
    "of them with a question word first": sum(QUESTIONS.map((word) => words[word] ?? 0)),
    "their first words": often.map(([word, n]) => `${word} ${n}`).join(", "),
    "items marked `pub`": items.length,
  };
}

const commits = process.argv.length > 2 ? process.argv.slice(2) : ["6044127", "HEAD"];
const counts = commits.map(count);
console.log(`| src | ${commits.join(" | ")} |\n|---|${"--:|".repeat(commits.length)}`);
for (const row of Object.keys(counts[0])) console.log(`| ${row} | ${counts.map((one) => one[row].toLocaleString("en-US")).join(" | ")} |`);
