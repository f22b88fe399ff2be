import { describe, expect, it } from "vitest";
import { collection, kindOf, offsetOf, placeOf, SAMPLES } from "./samples";

describe("samples", () => {
  it("are the same each time", () => {
    expect(collection(10)).toBe(collection(10));
    expect(collection(10, 1)).not.toBe(collection(10, 2));
  });

  it("hold what their kind says", () => {
    for (const { id, make } of SAMPLES) {
      const source = make();
      expect(kindOf(source.name, source.text)).toBe(source.kind);
      if (id === "broken") expect(() => void JSON.parse(source.text)).toThrow();
      else if (source.kind === "json") expect(() => void JSON.parse(source.text)).not.toThrow();
    }
  });

  it("have one large enough to grow a heap", () => {
    const forest = SAMPLES.find((sample) => sample.id === "forest")!.make();
    expect(forest.text.length).toBeGreaterThan(2 ** 20);
  });
});

describe("a file", () => {
  it("is known by its name, or by how it begins", () => {
    expect(kindOf("a.JSON", "")).toBe("json");
    expect(kindOf("README.md", "{")).toBe("markdown");
    expect(kindOf("log.csv", "{")).toBe("text");
    expect(kindOf("data", " \n[1]")).toBe("json");
    expect(kindOf("LICENSE", "MIT")).toBe("text");
  });
});

describe("a parser's message", () => {
  it("names a place", () => {
    expect(placeOf("key must be a string at line 5 column 3")).toEqual({ line: 5, column: 3 });
    expect(placeOf("no place")).toBeNull();
  });

  it("leads to the place in the text", () => {
    const text = "ab\ncdé!x\n";
    expect(offsetOf(text, { line: 1, column: 1 })).toBe(0);
    expect(offsetOf(text, { line: 2, column: 2 })).toBe(4);
    expect(text[offsetOf(text, { line: 2, column: 5 })]).toBe("!"); // é is two bytes
    expect(offsetOf(text, { line: 2, column: 99 })).toBe(8); // not beyond the line
    expect(offsetOf(text, { line: 99, column: 1 })).toBe(text.length);
    expect(offsetOf("😀x", { line: 1, column: 5 })).toBe(2);
  });
});
