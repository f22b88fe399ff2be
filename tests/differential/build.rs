//! Gives the module a memory that has an end which a program can reach.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        let max = 24 << 20;
        println!("cargo::rustc-link-arg-cdylib=--max-memory={max}");
    }
}
