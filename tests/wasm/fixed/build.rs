//! Gives the test modules a memory that cannot grow: its initial size is its maximum.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        let size = 24 << 20;
        println!("cargo::rustc-link-arg-tests=--initial-memory={size}");
        println!("cargo::rustc-link-arg-tests=--max-memory={size}");
    }
}
