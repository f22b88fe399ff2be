import { describe, expect, it } from "vitest";
import { fileKind } from "./file-kind";
import { Lines, objectName, readCall } from "./call-line";

describe("a call line", () => {
  const names = ["add", "add_all", "new Store", "store.add", "odd-name$1"];

  it("names a callable and gives its arguments as they were typed", () => {
    expect(readCall('store.add("a (b", 1);', names)).toEqual({ name: "store.add", given: '"a (b", 1' });
    expect(readCall(" new Store () ", names)).toEqual({ name: "new Store", given: "" });
    expect(readCall("odd-name$1(2)", names)).toEqual({ name: "odd-name$1", given: "2" });
  });

  it("takes the longest name that fits, with or without parentheses", () => {
    expect(readCall("add_all(1)", names)?.name).toBe("add_all");
    expect(readCall("add", names)).toEqual({ name: "add", given: "" });
  });

  it("is refused where it names nothing, or does not end", () => {
    expect(readCall("subtract(1)", names)).toBeNull();
    expect(readCall("add(1", names)).toBeNull();
    expect(readCall("", names)).toBeNull();
  });

  it("keeps objects under names of their own", () => {
    expect(objectName("Store", new Set())).toBe("store");
    expect(objectName("Store", new Set(["store", "store2"]))).toBe("store3");
  });

  it("is found again with the arrow keys", () => {
    const lines = new Lines();
    for (const line of ["a", "b", "a"]) lines.add(line);
    expect([lines.step(-1), lines.step(-1), lines.step(-1), lines.step(1), lines.step(1), lines.step(1)]).toEqual(["a", "b", null, "a", "", null]);
  });
});

describe("a dropped file", () => {
  const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

  it("goes where its first bytes say, whatever it is called", () => {
    expect(fileKind("notes.json", bytes(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))).toBe("module");
    expect(fileKind("a.txt", bytes(0x42, 0x4f, 0x4e, 0x54, 1))).toBe("trace");
    expect(fileKind("a.json", bytes(0x7b, 0x7d))).toBe("text");
  });

  it("goes by its name where they say nothing", () => {
    expect(fileKind("empty.wasm", bytes())).toBe("module");
    expect(fileKind("glue.mjs", bytes(1, 2, 3, 4, 5))).toBe("module");
    expect(fileKind("cut.bontrace", bytes())).toBe("trace");
  });
});
