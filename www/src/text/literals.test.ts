import { readdirSync, readFileSync } from "node:fs";
import ts from "typescript";
import { expect, it } from "vitest";

/** Every text of the page stands in this folder: no view has a word of its own. */
const SOURCES = new URL("../", import.meta.url);
const FILES = [...["views", "inspect", "auto"].flatMap((folder) => readdirSync(new URL(`${folder}/`, SOURCES)).map((name) => `${folder}/${name}`)), "modules.ts", "subjects.ts", "dropped.ts"];
/** Between two expressions of a template, and between two tags. */
const HOLE = "\u0001";
/** Attributes that are read or shown. */
const SHOWN = /(?:aria-label|aria-valuetext|aria-roledescription|title|placeholder|alt)="([^"]*)"/g;
const WORD = /[A-Za-z]{2}/;

/** The text of a template's markup, without its expressions. */
function* shownBy(markup: string): Generator<string> {
  const attributes: string[] = [];
  const text = markup.replaceAll(/<!--.*?-->/gs, "").replaceAll(/<[^>]*>/g, (tag) => {
    for (const [, value] of tag.matchAll(SHOWN)) attributes.push(value!);
    return HOLE;
  });
  yield* text.split(HOLE);
  yield* attributes.flatMap((value) => value.split(HOLE));
}

/** Words in the templates of a file, and sentences in its other strings. */
function wordsOf(file: string, source: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTaggedTemplateExpression(node) && ["html", "svg"].includes(node.tag.getText())) {
      const { template } = node;
      const parts = ts.isNoSubstitutionTemplateLiteral(template)
        ? [template.text]
        : [template.head.text, ...template.templateSpans.map(({ literal }) => literal.text)];
      for (const piece of shownBy(parts.join(HOLE))) if (WORD.test(piece)) found.push(piece.trim());
    }
    const thrown = ts.isNewExpression(node) && node.expression.getText().endsWith("Error") ? node.arguments?.[0] : undefined;
    if (thrown !== undefined && (ts.isStringLiteralLike(thrown) || ts.isTemplateExpression(thrown))) found.push(thrown.getText());
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true));
  return found;
}

it.each(FILES)("%s has no text of its own", (file) => {
  expect(wordsOf(file, readFileSync(new URL(file, SOURCES), "utf8"))).toEqual([]);
});

it("words would be found where they are shown or thrown", () => {
  const source = 'html`<b title="Two">${x} one<i aria-label="a ${y} Three">${z}</i></b>`; throw new TypeError(`four ${x}`);';
  expect(wordsOf("a.ts", source)).toEqual(["one", "Two", "Three", "`four ${x}`"]);
});
