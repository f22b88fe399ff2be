//! The handles as JavaScript sees them, in browsers: every call goes through the JavaScript of the
//! classes.
#![cfg(target_family = "wasm")]

mod caller;
mod calls;
mod random_values;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
