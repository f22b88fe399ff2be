import { describe, expect, it } from "vitest";
import { Callables, listening } from "./dropped";

/** Written as wasm-bindgen writes them. */
class Store {
  private items: string[] = [];
  constructor(first?: string) {
    if (first !== undefined) this.items.push(first);
  }
  static open(): Store {
    return new Store();
  }
  __destroy_into_raw(): number {
    return 0;
  }
  free(): void {
    this.items = [];
  }
  add(item: string): number {
    return this.items.push(item);
  }
  get size(): number {
    return this.items.length;
  }
}
/** Made by Rust only: it has no constructor to call. */
class Report {
  text = "";
}

describe("classes of a module", () => {
  const all = new Callables({ Store, Report, run: () => 1 }, () => null);
  const call = (name: string, ...values: unknown[]): unknown => all.list().find((each) => each.name === name)!.call(...values);

  it("are made, and their objects kept by name and called", () => {
    expect(all.list().map(({ name }) => name)).toEqual(["new Store", "Store.open", "run"]);
    expect(all.keep(call("new Store", "a"))).toBe("store");
    expect(all.keep(call("Store.open"))).toBe("store2");
    expect(all.list().map(({ name }) => name)).toContain("store.add");
    expect(call("store.add", "b")).toBe(2);
    expect(call("store.size")).toBe(2);
    expect(call("store2.size")).toBe(0);
  });

  it("do not offer what frees an object under its name, nor what the glue keeps to itself", () => {
    expect(all.list().filter(({ name }) => /free|__/.test(name))).toEqual([]);
  });

  it("keep nothing that is no object of theirs", () => {
    expect(all.keep({ a: 1 })).toBeNull();
    expect(all.keep(5)).toBeNull();
  });
});

it("hears what a panic hook writes, and lets go of the console", () => {
  const { error } = globalThis.console;
  const heard: string[] = [];
  expect(() => listening(() => { globalThis.console.error("panicked at src/lib.rs:3:5:", "no"); throw new Error("unreachable"); }, heard)).toThrow();
  expect(heard).toEqual(["panicked at src/lib.rs:3:5: no"]);
  expect(globalThis.console.error).toBe(error);
});
