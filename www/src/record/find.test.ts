import { describe, expect, it } from "vitest";
import { assemble, bumpParts } from "../../tests/support/wasm-builder";
import { Kind } from "../wire/trace-layout";
import { readModule } from "../wire/wasm-module";
import { roleOf, standIn } from "./allocators";
import { demangle } from "../model/demangle";
import { borrowNames, findAllocator } from "./find";

const type = (signature: string): { params: number[]; results: number[] } => {
  const [params = "", results = ""] = signature.split(">");
  const values = (letters: string): number[] => Array.from(letters, (letter) => (letter === "l" ? 0x7e : 0x7f));
  return { params: values(params), results: values(results) };
};

describe("names of Rust", () => {
  it.each([
    ["_ZN8dlmalloc8dlmalloc17Dlmalloc$LT$A$GT$6malloc17h0123456789abcdefE", "dlmalloc::dlmalloc::Dlmalloc<A>::malloc"],
    ["_ZN4core3fmt5Write9write_fmt17hfedcba9876543210E", "core::fmt::Write::write_fmt"],
    ["_RNvCshEaTk2MwpVB_7___rustc12___rust_alloc", "__rustc::__rust_alloc"],
    ["_RNvCs1a2B3c_7___rustc11___rdl_alloc", "__rustc::__rdl_alloc"],
    ["_RNvMs0_NtCs1jBvbxXVLFB_8dlmalloc8dlmallocINtB5_8DlmallocNtB7_6SystemE6mallocCs2_3app", "<dlmalloc::dlmalloc::Dlmalloc>::malloc"],
    ["_RNvNtCs1_5alloc3vec4push", "alloc::vec::push"],
    ["_RNCNvCs4_3app4main0B3_", "app::main::{closure#0}"],
    ["_RNvXs_Cs3_3appNtB4_3BoxNtNtNtCs5_4core3ops4drop4Drop4drop", "<app::Box as core::ops::drop::Drop>::drop"],
    ["serde_json::de::parse::h0123456789abcdef", "serde_json::de::parse"],
    ["malloc", "malloc"],
    ["_RNvBx_3abc", "_RNvBx_3abc"],
    ["_ZN99short", "_ZN99short"],
  ])("%s", (mangled, plain) => {
    expect(demangle(mangled)).toBe(plain);
  });

  it("ends whatever the name is", () => {
    let seed = 7;
    const letters = "RNCBINvtsMXYE_0123456789abcLKTSAPQu";
    for (let i = 0; i < 3000; i++) {
      let name = "_R";
      for (let k = 0; k < 40; k++) name += letters.charAt((seed = (seed * 1103515245 + 12345) & 0x7fffffff) % letters.length);
      expect(typeof demangle(name)).toBe("string");
    }
  });
});

describe("the role of a function", () => {
  it.each([
    ["malloc", "i>i", { kind: Kind.Allocate, size: 0 }],
    ["dlmalloc", "i>i", { kind: Kind.Allocate, size: 0 }],
    ["emmalloc_free", "i>", { kind: Kind.Deallocate, old: 0 }],
    ["posix_memalign", "iii>i", { kind: Kind.Allocate, out: 0, align: 1, size: 2 }],
    ["__rust_alloc_zeroed", "ii>i", { kind: Kind.Zeroed, size: 0, align: 1 }],
    ["_RNvCshEaTk2MwpVB_7___rustc14___rust_realloc", "iiii>i", { kind: Kind.Reallocate, old: 0, align: 2, size: 3 }],
    ["__rustc::__rust_realloc", "iii>i", { kind: Kind.Reallocate, old: 0, size: 2 }],
    ["__rustc::__rust_dealloc", "i>", { kind: Kind.Deallocate, old: 0 }],
    ["__rustc::__rdl_dealloc", "ii>", { kind: Kind.Deallocate, old: 0 }],
    ["__rg_alloc", "ii>i", { kind: Kind.Allocate, size: 0, align: 1 }],
    ["__wbindgen_realloc", "iiii>i", { kind: Kind.Reallocate, old: 0, size: 2, align: 3 }],
    ["__wbindgen_free", "iii>", { kind: Kind.Deallocate, old: 0 }],
    ["dlmemalign", "ii>i", { kind: Kind.Allocate, align: 0, size: 1 }],
    ["emscripten_builtin_malloc", "i>i", { kind: Kind.Allocate, size: 0 }],
    ["__libc_calloc", "ii>i", { kind: Kind.Zeroed, size: [0, 1] }],
    ["aligned_alloc", "ii>i", { kind: Kind.Allocate, align: 0, size: 1 }],
    ["~lib/rt/tlsf/reallocateBlock", "iii>i", { kind: Kind.Reallocate, old: 1, size: 2, shift: 4 }],
    ["heap.WasmAllocator.alloc", "iiii>i", { kind: Kind.Allocate, size: 1 }],
    ["dlmalloc::dlmalloc::Dlmalloc<A>::malloc", "i>i", { kind: Kind.Allocate, size: 0 }],
    ["dlmalloc::dlmalloc::Dlmalloc<A>::malloc", "ii>i", { kind: Kind.Allocate, size: 1 }],
    ["dlmalloc::Dlmalloc<A>::malloc", "ii>i", { kind: Kind.Allocate, size: 0, align: 1 }],
    ["<dlmalloc::dlmalloc::Dlmalloc<std::alloc::System>>::memalign", "ii>i", { kind: Kind.Allocate, align: 0, size: 1 }],
    ["~lib/rt/tlsf/allocateBlock", "ii>i", { kind: Kind.Allocate, size: 1, shift: 4 }],
    ["heap.WasmAllocator.free", "iiiii>", { kind: Kind.Deallocate, old: 1 }],
  ])("%s of %s", (name, signature, role) => {
    expect(roleOf(name, type(signature))).toEqual(role);
  });

  it("is none where name or signature are another's", () => {
    expect(roleOf("malloc", type("ii>i"))).toBeNull();
    expect(roleOf("malloc", type("l>l"))).toBeNull();
    expect(roleOf("resvg_free", type("i>"))).toBeNull();
    expect(roleOf("constructor", type("i>i"))).toBeNull();
    expect(roleOf("app::free", type("i>"))).toBeNull();
    expect(roleOf("~lib/rt/itcms/__new", type("ii>i"))).toBeNull();
    expect(standIn("~lib/rt/itcms/__new", type("ii>i"))).toMatchObject({ shift: -16 });
  });
});

describe("a module without names", () => {
  const named = readModule(assemble(bumpParts()));
  const stripped = readModule(assemble(bumpParts({ noNames: true })));

  it("borrows them from the module that it was", () => {
    const names = borrowNames(stripped, named);
    expect(names).toBeInstanceOf(Map);
    expect(findAllocator(stripped, names as Map<number, string>).found.map(({ index, name }) => [index, name])).toEqual([
      [0, "malloc"],
      [1, "free"],
      [2, "calloc"],
      [3, "realloc"],
    ]);
    expect(borrowNames(stripped, stripped)).toBe("none");
    expect(borrowNames(stripped, readModule(assemble(bumpParts({ imports: [{ name: "log", params: [], results: [] }] }))))).toBe("other-module");
  });

  it("borrows them from a symbol file", () => {
    const names = borrowNames(stripped, "0:malloc\r\n1:free\n4:make\n");
    expect(findAllocator(stripped, names as Map<number, string>).found.map(({ name }) => name)).toEqual(["malloc", "free"]);
    expect(borrowNames(stripped, "99:malloc\n")).toBe("other-module");
    expect(borrowNames(stripped, "hello")).toBe("none");
  });

  it("is told what is missing", () => {
    expect(findAllocator(stripped).missing).toEqual(["allocate", "free"]);
    expect(findAllocator(stripped, new Map([[0, "malloc"]])).missing).toEqual(["free"]);
    const exports = bumpParts({ noNames: true }).functions.map((each, i) => (i === 0 ? { ...each, exported: "__wbindgen_malloc" } : each));
    const search = findAllocator(readModule(assemble(bumpParts({ noNames: true, functions: exports }))));
    expect(search.found.map(({ name, by }) => [name, by])).toEqual([["__wbindgen_malloc", "export"]]);
    expect(search.missing).toEqual(["inside", "free"]);
  });
});
