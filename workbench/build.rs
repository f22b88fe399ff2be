//! Links the module with a small stack, so that what is counted in pages is the heap, and an end to
//! memory, so that an allocator that never frees fails before the browser does.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_FAMILY").as_deref() == Ok("wasm") {
        println!("cargo::rustc-link-arg-cdylib=-zstack-size=65536");
        println!("cargo::rustc-link-arg-cdylib=--max-memory=67108864");
    }
}
