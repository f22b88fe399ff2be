import assert from "node:assert/strict";
import { test } from "node:test";

import { panics } from "./panics.mjs";

const OWN = "_ZN12bonsai_alloc4heap5State5serve17h2f4121075a21b7b5E";

test("each call of a function that panics is found, however its name is mangled", () => {
  const callees = [
    "_RNvNtCsgXGp5Oqx2Ny_4core9panicking18panic_bounds_check",
    "_RNvNtNtCsgXGp5Oqx2Ny_4core9panicking11panic_const23panic_const_div_by_zero",
    "_ZN4core9panicking9panic_fmt17h0123456789abcdefE",
    "_ZN4core6option13unwrap_failed17h0123456789abcdefE",
    "_RNvNtNtCsgXGp5Oqx2Ny_4core5slice5index16slice_index_fail",
    "_ZN5alloc5alloc18handle_alloc_error17h0123456789abcdefE",
  ];
  const calls = callees.map((name) => `  (call $${name}\n   (i32.const 1)\n  )`).join("\n");
  const text = `(module\n (func $allocate (param $0 i32)\n${calls}\n )\n (func $${OWN}\n  (nop)\n )\n)`;
  assert.deepEqual(
    panics(text),
    callees.map((callee) => ({ caller: "allocate", callee })),
  );
});

test("what the standard library calls of its own, and what only sounds like a panic, is no site", () => {
  const text = `(module
 (func $_RNvNtCsgXGp5Oqx2Ny_4core9panicking18panic_bounds_check (param $0 i32)
  (call $_RNvNtCsgXGp5Oqx2Ny_4core9panicking9panic_fmt)
 )
 (func $_RNvCsfLfy6EI15iL_7___rustc17rust_begin_unwind
  (call $_RNvNtCsebHcaeoSrxy_3std9panicking15panic_with_hook)
 )
 (func $${OWN}
  (call $_ZN12bonsai_alloc4heap5State6refuse17h2f4121075a21b7b5E)
  (call $_ZN12bonsai_alloc4heap5State11may_failing17h2f4121075a21b7b5E)
 )
)`;
  assert.deepEqual(panics(text), []);
});

test("a module without names is refused", () => {
  assert.throws(() => panics("(module\n (func $0\n  (call $1)\n )\n)"), /no names/);
});
