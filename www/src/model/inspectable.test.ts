import { describe, expect, it } from "vitest";
import { find } from "./inspectable";

const memory = new WebAssembly.Memory({ initial: 1 });
const global = new WebAssembly.Global({ value: "i32" }, 1024);

describe("what can be inspected", () => {
  it("is found in exports, and in a memory with an address", () => {
    expect(find({ memory, BONSAI_HEAP: global })).toEqual({ is: "heap", memory, descriptor: 1024 });
    expect(find({ memory, descriptor: 2048 })).toEqual({ is: "heap", memory, descriptor: 2048 });
  });

  it("is the only memory, where it has another name", () => {
    expect(find({ O: memory, P: global })).toEqual({ is: "no-descriptor", memory, layout: null });
    expect(find({ O: new WebAssembly.Memory({ initial: 1 }), memory })).toEqual({ is: "no-descriptor", memory, layout: null });
    expect(find({ O: memory, P: new WebAssembly.Memory({ initial: 1 }) }), "one of two").toEqual({ is: "no-memory" });
  });

  it("is missed with a reason", () => {
    expect(find({ memory })).toEqual({ is: "no-descriptor", memory, layout: null });
    expect(find({ memory, BONSAI_HEAP: undefined })).toEqual({ is: "no-descriptor", memory, layout: null });
    expect(find({})).toEqual({ is: "no-memory" });
    expect(find({ memory: global, BONSAI_HEAP: global })).toEqual({ is: "no-memory" });
    for (const nothing of [undefined, null, 7]) expect(() => find(nothing as never)).toThrow(/^attach takes the exports of a module’s instance, .*, not (undefined|null|number)$/);
    // A function of that name is no global.
    expect(find({ memory, BONSAI_HEAP: () => 1024 })).toEqual({ is: "no-descriptor", memory, layout: null });
  });
});
