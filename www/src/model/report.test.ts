import { describe, expect, it } from "vitest";
import { reportOf } from "./report";

const PAGE = 65_536;

/** A memory of a page with a report at `at`, and the exports of its module. */
function stopped(at: number, text: string | Uint8Array, length?: number): Record<string, unknown> {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  if (at >= 0 && at + 4 + bytes.length <= PAGE) {
    new DataView(memory.buffer).setUint32(at, length ?? bytes.length, true);
    new Uint8Array(memory.buffer).set(bytes, at + 4);
  }
  return { memory, BONSAI_REPORT: new WebAssembly.Global({ value: "i32" }, at | 0) };
}

describe("the report of a module that stopped", () => {
  it("is read where the global says", () => {
    const text = "bonsai_alloc: double free: Heap 1, free 0x10010: é";
    expect(reportOf(stopped(1024, text))).toBe(text);
    const end = PAGE - 4 - new TextEncoder().encode(text).length;
    expect(reportOf(stopped(end, text))).toBe(text);
    expect(reportOf(stopped(64, "x".repeat(508)))).toBe("x".repeat(508));
  });

  it("is none where nothing happened, or nothing is exported", () => {
    expect(reportOf(stopped(1024, ""))).toBeNull();
    expect(reportOf({})).toBeNull();
    const { memory, BONSAI_REPORT } = stopped(1024, "text");
    expect(reportOf({ memory })).toBeNull();
    expect(reportOf({ BONSAI_REPORT })).toBeNull();
    expect(reportOf({ memory, BONSAI_REPORT: 1024 })).toBeNull();
    expect(reportOf({ memory: { buffer: new ArrayBuffer(9999) }, BONSAI_REPORT })).toBeNull();
    const float = new WebAssembly.Global({ value: "f64" }, NaN);
    expect(reportOf({ memory, BONSAI_REPORT: float })).toBeNull();
  });

  it("is none where address or length cannot be right", () => {
    for (const at of [PAGE - 3, PAGE, -1, 0x7fff_ffff]) expect(reportOf(stopped(at, "text"))).toBeNull();
    expect(reportOf(stopped(PAGE - 8, "text", 5))).toBeNull();
    for (const length of [509, 0xffff_ffff]) expect(reportOf(stopped(1024, "text", length))).toBeNull();
    const far = new WebAssembly.Global({ value: "i64" }, 2n ** 62n);
    expect(reportOf({ ...stopped(1024, "text"), BONSAI_REPORT: far })).toBeNull();
  });

  it("is none where the bytes are no line of text", () => {
    expect(reportOf(stopped(1024, new Uint8Array([0x66, 0xff, 0xfe])))).toBeNull();
    expect(reportOf(stopped(1024, new Uint8Array([0x66, 0, 0x66])))).toBeNull();
    expect(reportOf(stopped(1024, "two\nlines"))).toBeNull();
  });

  it("is text, whatever it says", () => {
    expect(reportOf(stopped(1024, "<img src=x onerror=alert(1)>"))).toBe("<img src=x onerror=alert(1)>");
  });
});
