//! Gives the test modules a memory with an end that a test can reach: at once, or after growth.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        let fixed = std::env::var_os("CARGO_FEATURE_FIXED").is_some();
        let max = if fixed { 24 << 20 } else { 256 << 20 };
        println!("cargo::rustc-link-arg-tests=--max-memory={max}");
        if fixed {
            println!("cargo::rustc-link-arg-tests=--initial-memory={max}");
        }
    }
}
