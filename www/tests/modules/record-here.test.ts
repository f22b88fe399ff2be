import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WASI } from "node:wasi";
import { describe, expect, it, vi } from "vitest";
import { findHeaps } from "../../src/headless";
import { survivors, Trace } from "../../src/model/trace";
import { intercept, type SeenInstance } from "../../src/record/intercept";
import { HEADER, Section, sections, Writer } from "../../src/wire/wasm-binary";

vi.setConfig({ testTimeout: 120_000 });

/** Programs that are compiled here, whose allocators are found by name, in each form that compilers leave them in. */

const RUST = `
use std::collections::BTreeMap;
static mut KEPT: Option<BTreeMap<u32, String>> = None;
#[no_mangle]
pub extern "C" fn run(count: u32) -> u32 {
    let mut map = BTreeMap::new();
    for i in 0..count {
        map.insert(i.wrapping_mul(2654435761) % (count * 2), format!("number {i} {}", "x".repeat((i % 90) as usize)));
        if i % 3 == 0 { map.pop_first(); }
    }
    let zeroed = vec![0u64; count as usize];
    let lines: Vec<Vec<u8>> = map.values().map(|text| text.bytes().filter(|byte| byte % 2 == 0).collect()).collect();
    let sum = lines.iter().map(|line| line.len() as u32).sum::<u32>() + zeroed.len() as u32;
    unsafe { KEPT = Some(map) };
    sum
}`;

const C = `
#include <stdlib.h>
static void *kept[4096];
static unsigned seed = 1;
static unsigned next(void) { seed = seed * 1664525u + 1013904223u; return seed >> 8; }
int run(int count) {
  for (int i = 0; i < count; i++) {
    unsigned k = next() & 4095, size = 1 + next() % 700;
    switch (next() % 8) {
      case 0: free(kept[k]); kept[k] = calloc(size, 3); break;
      case 1: free(kept[k]); kept[k] = aligned_alloc(64, (size + 63) / 64 * 64); break;
      case 2: free(kept[k]); if (posix_memalign(&kept[k], 32, size)) kept[k] = 0; break;
      case 3: free(kept[k]); kept[k] = aligned_alloc(128, (size + 127) / 128 * 128); break;
      case 4: case 5: { void *more = realloc(kept[k], size); if (more) kept[k] = more; break; }
      case 6: free(kept[k]); kept[k] = 0; break;
      default: free(kept[k]); kept[k] = malloc(size);
    }
  }
  int live = 0;
  for (int k = 0; k < 4096; k++) live += kept[k] != 0;
  return live;
}`;

/** Compiles a program by commands with their options; null where the compiler, or what it needs for wasm, is missing. */
function compiled(source: string, name: string, ...commands: readonly (readonly [string, ...string[]])[]): Uint8Array<ArrayBuffer> | null {
  const folder = mkdtempSync(join(tmpdir(), "record-here-"));
  try {
    writeFileSync(join(folder, name), source);
    for (const [command, ...options] of commands) execFileSync(command, options, { cwd: folder, stdio: "ignore", env: { ...process.env, RUSTC_BOOTSTRAP: "1" } });
    return new Uint8Array(readFileSync(join(folder, "program.wasm")));
  } catch {
    return null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const rust = (...options: string[]): Uint8Array<ArrayBuffer> | null =>
  compiled(RUST, "program.rs", ["rustc", "--edition=2021", "--crate-type=cdylib", "--target=wasm32-unknown-unknown", "-Cpanic=abort", "-Zunstable-options", ...options, "program.rs", "-o", "program.wasm"]);

/** `link` is an option for the linker: at -O2 clang has wasm-opt inline the library's functions, and drop names. */
const c = (level: string, link: string): Uint8Array<ArrayBuffer> | null =>
  compiled(
    C,
    "program.c",
    ["clang", "--target=wasm32-wasi", level, "-c", "program.c", "-o", "program.o"],
    ["clang", "--target=wasm32-wasi", "-mexec-model=reactor", "-Wl,--export=run", link, "program.o", "-o", "program.wasm"],
  );

/** Returns the module without its names and other custom sections. */
function stripped(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Writer().raw(bytes.subarray(0, HEADER));
  for (const { id, from, to } of sections(bytes)) if (id !== Section.custom) out.section(id, bytes.subarray(from, to));
  return out.done();
}

interface Recorded {
  readonly seen: SeenInstance;
  readonly trace: Trace;
  readonly result: number;
}

function record(bytes: Uint8Array<ArrayBuffer>, count: number): Recorded {
  let seen: SeenInstance | null = null;
  const trace = new Trace();
  const undo = intercept(WebAssembly, {
    record: () => true,
    onInstance: (instance) => {
      seen = instance;
      instance.tap?.start(trace);
    },
  });
  try {
    const module = new WebAssembly.Module(bytes);
    const wasi = new WASI({ version: "preview1" });
    const instance = new WebAssembly.Instance(module, wasi.getImportObject() as WebAssembly.Imports);
    if ("_initialize" in instance.exports) wasi.initialize(instance);
    const result = (instance.exports["run"] as (count: number) => number)(count);
    seen!.tap?.stop();
    return { seen: seen!, trace, result };
  } finally {
    undo();
  }
}

/** Expects that each block that is live in the heap was recorded, and none else; returns how many they are. */
function expectAgreement({ seen, trace }: Recorded, sized = true): number {
  const recorded = new Map(survivors(trace).map(({ address, size }) => [address, size]));
  const decoded = new Map(findHeaps(seen.memory!).flatMap((heap) => [...heap.blocks()].filter(({ state }) => state === "live").map(({ address, size }) => [address, size] as const)));
  expect([...recorded.keys()].filter((address) => !decoded.has(address))).toEqual([]);
  expect([...decoded.keys()].filter((address) => !recorded.has(address))).toEqual([]);
  // A block holds what was asked for.
  for (const [address, size] of sized ? recorded : []) expect(decoded.get(address)).toBeGreaterThanOrEqual(size);
  return decoded.size;
}

const names = ({ seen }: Recorded): string[] => seen.search!.found.map(({ name }) => name);
const ways = ({ seen }: Recorded): Set<string> => new Set(seen.search!.found.map(({ by }) => by));

const FORMS = [
  ["-Copt-level=0", "-Csymbol-mangling-version=v0"],
  ["-Copt-level=0", "-Csymbol-mangling-version=legacy"],
  ["-Copt-level=3", "-Clto=fat", "-Csymbol-mangling-version=v0"],
  ["-Copt-level=3", "-Clto=fat", "-Csymbol-mangling-version=legacy"],
  ["-Copt-level=s", "-Clto=fat", "-Ccodegen-units=1"],
] as const;

describe("Rust on std's default", () => {
  for (const options of FORMS) {
    it(options.join(" "), ({ skip }) => {
      const bytes = rust(...options);
      skip(bytes === null, "there is no rustc with wasm32-unknown-unknown");
      const recorded = record(bytes!, 5000);
      expect(ways(recorded)).toEqual(new Set(["name"]));
      // Fat LTO leaves the methods of dlmalloc; without it, the interface of the language is there as well.
      const inside = options.some((option) => option.includes("fat")) ? [] : ["__rust_alloc", "__rust_dealloc", "__rust_realloc", "__rdl_alloc", "__rdl_dealloc"];
      for (const part of [...inside, "malloc", "free"]) expect(names(recorded)).toContainEqual(expect.stringContaining(part));
      expect(expectAgreement(recorded)).toBeGreaterThan(2000);
      expect(recorded.seen.size).toBe(bytes!.length);
      if (inside.length > 0) return;
      // Without its names it is found by its shape; where parts of it are functions of their own, nothing is claimed.
      const bare = record(stripped(bytes!), 5000);
      expect(bare.result).toBe(recorded.result);
      if (options.includes("-Copt-level=s" as never)) {
        expect(bare.seen.refusal).toMatchObject({ why: "no-allocator" });
        return;
      }
      expect(ways(bare)).toEqual(new Set(["shape"]));
      expect(expectAgreement(bare)).toBeGreaterThan(2000);
    });
  }
});

describe("C with wasi-libc", () => {
  it.for([["-O0", "-O0"], ["-O2", "-O0"], ["-Oz", "-O0"], ["-O2", "-O2"], ["-Oz", "-Oz"]] as const)("all ways to ask for memory, compiled at %s and linked at %s", ([level, link], { skip }) => {
    const bytes = c(level, link);
    skip(bytes === null, "there is no clang with wasi-libc");
    const recorded = record(bytes!, 20_000);
    const named = ways(recorded).has("name");
    if (link === "-O0") expect(named).toBe(true);
    // Functions that were inlined are seen by what they call: blocks agree, sizes may be those of a first request.
    const wanted = named ? ["malloc", "free", "calloc", "realloc", "aligned_alloc", "posix_memalign"] : ["malloc", "free", "memalign"];
    for (const name of wanted) expect(names(recorded)).toContainEqual(expect.stringContaining(name));
    // The last count is of the program's own pointers.
    expect(expectAgreement(recorded, named)).toBeGreaterThanOrEqual(recorded.result);
    expect(recorded.result).toBeGreaterThan(2000);
  });
});
