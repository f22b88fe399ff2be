//! Links the workbench with a small stack, so that what is counted in pages is the heap, and an end to
//! memory, so that an allocator that never frees fails before the browser does.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let in_wasm = env::var("CARGO_CFG_TARGET_FAMILY").as_deref() == Ok("wasm");
    if in_wasm && env::var_os("CARGO_FEATURE_WORKBENCH").is_some() {
        println!("cargo::rustc-link-arg-cdylib=-zstack-size=65536");
        println!("cargo::rustc-link-arg-cdylib=--max-memory=67108864");
    }
}
