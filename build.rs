//! Sets the cfg `threads` for wasm modules whose memory threads share. The target feature `atomics` says so, but a stable compiler
//! shows it to no source: there the target's name has to.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(threads)");
    println!("cargo::rustc-check-cfg=cfg(shuttle)");
    let value = |name| env::var(name).unwrap_or_default();
    let shared = value("CARGO_CFG_TARGET_FEATURE").split(',').any(|feature| feature == "atomics")
        || value("TARGET").ends_with("-threads");
    if shared && value("CARGO_CFG_TARGET_FAMILY").split(',').any(|family| family == "wasm") {
        println!("cargo::rustc-cfg=threads");
    }
}
