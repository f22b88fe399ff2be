import { describe, expect, it } from "vitest";
import { address, bytes, dump, percent, plural } from "./format";

describe("numbers", () => {
  it.each([
    [0, "0 B"],
    [812, "812 B"],
    [1023, "1,023 B"],
    [1024, "1 KiB"],
    [1536, "1.5 KiB"],
    [65536, "64 KiB"],
    [1023 * 1024, "1 MiB"],
    [1.25 * 2 ** 20, "1.25 MiB"],
    [100 * 2 ** 20, "100 MiB"],
    [2 ** 32, "4 GiB"],
  ])("%i bytes are %s", (value, text) => {
    expect(bytes(value)).toBe(text);
  });

  it("never round something to nothing, nor almost all to all", () => {
    expect(percent(0)).toBe("0 %");
    expect(percent(0.001)).toBe("< 1 %");
    expect(percent(0.999)).toBe("> 99 %");
    expect(percent(1)).toBe("100 %");
  });

  it("agree with their noun", () => {
    expect(plural(1, "block", "blocks")).toBe("1 block");
    expect(plural(1200, "block", "blocks")).toBe("1,200 blocks");
  });

  it("have addresses of one width", () => {
    expect(address(0x11ff)).toBe("0x000011ff");
  });
});

describe("a dump", () => {
  it("shows bytes as hex and as text", () => {
    expect(dump(new Uint8Array([72, 105, 0, 200]))).toEqual({ hex: "48 69 00 c8", text: "Hi··" });
  });
});
