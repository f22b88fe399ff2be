import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { ALLOCATORS, markdown, TOOLS } from "./abilities";

const ROOT = new URL("../../", import.meta.url);
const cells = ALLOCATORS.flatMap(({ name, decoded, recorded, sites }) => [decoded, recorded, sites].map(({ by }) => ({ name, by })));

it.each(cells)("the test exists that $name is named for: $by", ({ by }) => {
  const [file, words] = by.split(" › ") as [string, string];
  const titles = [...readFileSync(new URL(file, ROOT), "utf8").matchAll(/(?:\b(?:test|it|describe)\b[^\n]*?|^ *\]\))\(["'`]([^\n]*)/gm)].map(([, title]) => title!);
  expect(titles.filter((title) => title.includes(words))).not.toEqual([]);
});

it("the documents have the same rows", () => {
  const document = readFileSync(new URL("../docs/foreign-heaps.md", ROOT), "utf8");
  expect(document).toContain(markdown(ALLOCATORS, "allocator"));
  expect(document).toContain(markdown(TOOLS, "tool"));
  const readme = readFileSync(new URL("../README.md", ROOT), "utf8");
  for (const { name } of TOOLS) expect(readme).toContain(name);
});
