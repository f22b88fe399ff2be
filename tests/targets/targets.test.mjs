// Each target runs its program. One that this machine cannot build or run is skipped, and says why.
//   node --test tests/targets
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { SESSIONS } from "../../benches/suite/harness/engines/browsers.mjs";
import { python } from "../../benches/suite/harness/engines/wasmtime.mjs";
import { build, here, program, run, sources, target } from "./tools.mjs";

/** A row of the table: its name, what it needs, and the run. A need is a reason to skip it, or undefined. */
const row = (name, needs, body) => test(name, { skip: needs.find((need) => need !== undefined) ?? false }, body);

const ok = (printed) => assert.equal(printed.trim(), "ok");

// Memory that ends soon, for programs that fill it.
const SMALL = "--max-memory=268435456";
const wasmtime = python();
const runner = join(here, "run/wasmtime_runner.py");

describe("wasm32-wasip1", () => {
  const needs = [target("wasm32-wasip1")];
  const module = () => `${build("bin", "program", "wasm32-wasip1", { link: [SMALL] })}.wasm`;
  row("a std program beside libc's malloc, under Node's WASI", needs, () => {
    // Node 20 may crash when a process ends whose WASI memory has grown, with std's own allocator too. That "ok" is printed
    // says that the program came to its end.
    ok(run("node", ["--no-warnings", "run/wasi.mjs", module()], { lenient: true }));
  });
  row("a std program beside libc's malloc, under wasmtime", [...needs, wasmtime.missing], () => {
    ok(run(wasmtime.program, [runner, "program", module()]));
  });
});

// On stable Rust, which does not tell sources that memory is shared: build.rs of the library does.
describe("wasm32-wasip1-threads", () => {
  const needs = [target("wasm32-wasip1-threads")];
  const [initial, most] = [128, 1024];
  const link = [`--initial-memory=${initial * 65536}`, `--max-memory=${most * 65536}`];
  const module = () => `${build("bin", "threads", "wasm32-wasip1-threads", { link })}.wasm`;
  row("a std program with threads, in Node", needs, () => {
    ok(run("node", ["run/wasi-threads.mjs", module(), initial, most]));
  });
  row("a std program with threads, under wasmtime", [...needs, wasmtime.missing], () => {
    ok(run(wasmtime.program, [runner, "threads", module()]));
  });
});

describe("wasm32-wasip2", () => {
  const needs = [target("wasm32-wasip2")];
  const component = () => `${build("example", "component", "wasm32-wasip2")}.wasm`;
  row("a component's strings lie in the heap, under wasmtime", [...needs, wasmtime.missing], () => {
    ok(run(wasmtime.program, [runner, "component", component()]));
  });
  const jco = existsSync(join(here, "node_modules/@bytecodealliance/jco-transpile"));
  row("a component's strings lie in the heap, in Node", [...needs, jco ? undefined : "`npm ci` in tests/targets installs jco"], () => {
    ok(run("node", ["run/component.mjs", component(), join(here, "node_modules/.component")]));
  });
  row("a std program beside libc's malloc, under wasmtime", [...needs, wasmtime.missing], () => {
    const file = `${build("bin", "program", "wasm32-wasip2", { link: [SMALL] })}.wasm`;
    ok(run(wasmtime.program, [runner, "command", file]));
  });
});

describe("wasm32-unknown-emscripten", () => {
  const needs = [target("wasm32-unknown-emscripten"), program("emcc", "emscripten")];
  const link = ["-sMAXIMUM_MEMORY=268435456", "-sALLOW_MEMORY_GROWTH=1"];
  // Debian's emcc needs a package of Debian's in Node's path.
  const variables = { NODE_PATH: "/usr/share/nodejs" };
  for (const [what, cargo] of [
    ["a std program beside libc's malloc, in Node", []],
    ["the same with the feature checked", ["--features", "checked"]],
  ]) {
    row(what, needs, () => {
      ok(run("node", ["run/emscripten.cjs", `${build("bin", "program", "wasm32-unknown-emscripten", { link, variables, cargo })}.js`]));
    });
  }
});

/** Instantiates the no_std module in Node, with these imports. */
async function instance(target, link, imports = {}) {
  const bytes = readFileSync(`${build("example", "module", target, { link })}.wasm`);
  return (await WebAssembly.instantiate(bytes, imports)).instance.exports;
}

/** Returns the place that failed in a module. */
function place({ fault, memory }) {
  const bytes = new Uint8Array(memory.buffer, Number(fault()));
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
}

const PAGE = 65536;

for (const name of ["wasm32v1-none", "wasm32-unknown-unknown"]) {
  describe(name, () => {
    row("heaps in a module without std, to 3.5 GiB, in Node", [target(name)], async () => {
      const module = await instance(name, []);
      const { exercise, giants } = module;
      assert.equal(exercise(), 0, place(module));
      assert.equal(giants(40), 7, "blocks of 512 MiB in 4 GiB");
    });
    row("a fixed memory of one page: all that lies above the data is used", [target(name)], async () => {
      const link = ["-zstack-size=4096", `--initial-memory=${PAGE}`, `--max-memory=${PAGE}`];
      const { fill, memory } = await instance(name, link);
      const bytes = fill(64) * 64;
      assert.ok(bytes > 57_000 && bytes < PAGE, `${bytes} of ${PAGE} bytes`);
      assert.equal(fill(64) * 64, bytes, "and again");
      assert.equal(memory.buffer.byteLength, PAGE);
    });
    row("an imported memory larger than declared: all of it is used", [target(name)], async () => {
      const memory = new WebAssembly.Memory({ initial: 256, maximum: 256 });
      const link = ["--import-memory", `--initial-memory=${17 * PAGE}`, `--max-memory=${256 * PAGE}`];
      const { take_tail, fill } = await instance(name, link, { env: { memory } });
      assert.ok(take_tail() > 238 * PAGE, "the tail");
      const bytes = fill(PAGE) * PAGE;
      // The table takes a 64th.
      assert.ok(bytes >= 234 * PAGE, `${bytes / PAGE} pages of 256`);
    });
    row("a host that puts an earlier copy of memory back, and a heap that adopts what is behind it", [target(name)], async () => {
      const module = await instance(name, []);
      // Nothing but this heap grows memory.
      for (let size = 1; size < 20_000; size += 97) assert.ok(module.allocate(size) > 0);
      const copy = new Uint8Array(module.memory.buffer).slice();
      const pages = [];
      for (let round = 0; round < 100; round++) {
        assert.ok(module.allocate(8 << 20) > 0);
        pages.push(module.memory.buffer.byteLength / PAGE);
        new Uint8Array(module.memory.buffer).set(copy);
        assert.ok(module.adopt() >= 8 << 20);
      }
      assert.equal(new Set(pages).size, 1, `pages grow: ${pages}`);
      assert.equal(module.reset(), 0, place(module));
    });
    row("a host that copies memory, and one that zeroes it", [target(name)], async () => {
      const module = await instance(name, []);
      for (let size = 1; size < 20_000; size += 97) assert.ok(module.allocate(size) > 0);
      const blocks = module.live();
      assert.ok(blocks > 200);
      // The copy is a heap too: another instance goes on with it.
      const copy = await instance(name, []);
      const more = (module.memory.buffer.byteLength - copy.memory.buffer.byteLength) / PAGE;
      assert.ok(more > 0 && copy.memory.grow(more) > 0);
      new Uint8Array(copy.memory.buffer).set(new Uint8Array(module.memory.buffer));
      assert.equal(copy.live(), blocks);
      assert.equal(copy.allocate(1000), module.allocate(1000), "both go on alike");
      assert.equal(copy.live(), blocks + 1);
      // Without its books the heap says so.
      new Uint8Array(module.memory.buffer, module.__heap_base.value).fill(0);
      assert.equal(module.live(), -1);
      // Without its state it begins anew, beside what it had grown.
      new Uint8Array(copy.memory.buffer).fill(0);
      assert.equal(copy.live(), 0);
      assert.ok(copy.allocate(1000) > 0 && copy.allocate(1 << 20) > 0);
      assert.equal(copy.live(), 2, "its books hold");
    });
    row("requests whose blocks are freed at once", [target(name)], async () => {
      const module = await instance(name, []);
      const pages = [];
      for (let request = 0; request < 50; request++) {
        for (let size = 1; size < 20_000; size += 97) assert.ok(module.allocate(size) > 0);
        pages.push(module.memory.buffer.byteLength / PAGE);
        assert.equal(module.reset(), 0, place(module));
      }
      assert.equal(new Set(pages).size, 1, `pages grow: ${pages}`);
      assert.equal(module.exercise(), 0, place(module));
    });
  });
}

describe("wasm64-unknown-unknown", () => {
  const needs = [sources];
  const bytes = () =>
    readFileSync(
      `${build("example", "module", "wasm64-unknown-unknown", { variables: { RUSTC_BOOTSTRAP: "1" }, cargo: ["-Zbuild-std=core"] })}.wasm`,
    );
  // Runs in Node and in pages. 31 blocks and the heap's own books are 16 GiB; a machine may give less.
  const ALL = 40;
  const inEngine = (most) => `async (text) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const { exercise, giants } = (await WebAssembly.instantiate(bytes)).instance.exports;
    return [exercise(), giants(${most}n)];
  }`;
  const check = ([exercises, count]) => {
    assert.equal(exercises, 0, "the exercises");
    assert.ok(count >= 9 && count <= 31, `${count} blocks of 512 MiB: more than a memory32 holds`);
  };
  const major = Number(process.versions.node.split(".")[0]);
  row("heaps over a memory64, in Node", [...needs, major < 24 ? "Node has memory64 since version 24" : undefined], async () => {
    check(await eval(inEngine(ALL))(bytes().toString("base64")));
  });
  // Firefox keeps all of a large memory resident, written or not: it is asked for little more than 4 GiB.
  for (const [browser, name, most] of [["chromium", "Chromium", ALL], ["firefox", "Firefox", 9]]) {
    row(`heaps over a memory64, in ${name}`, needs, async (t) => {
      const session = await SESSIONS[browser]();
      if (session.missing) return t.skip(session.missing);
      try {
        check(await session.call(inEngine(most), bytes().toString("base64")));
      } finally {
        await session.close();
      }
    });
  }
});

const semihosting = (what) => ["-nographic", "-semihosting-config", `enable=on,target=native,arg=board,arg=${what}`];

for (const [name, qemu, debian, machine, exercises] of [
  ["thumbv6m-none-eabi", "qemu-system-arm", "qemu-system-arm", ["-machine", "microbit"], ["interrupts"]],
  ["riscv32imc-unknown-none-elf", "qemu-system-riscv32", "qemu-system-misc", ["-machine", "virt", "-bios", "none", "-cpu", "rv32,a=off,f=off,d=off"], []],
]) {
  describe(name, () => {
    for (const what of ["cores", "heap", "slab", "buddy", "bump", "tiny", ...exercises]) {
      row(`${what}, in ${qemu}`, [target(name), program(qemu, debian)], () => {
        ok(run(qemu, [...machine, ...semihosting(what), "-kernel", build("bin", "board", name)]));
      });
    }
  });
}
