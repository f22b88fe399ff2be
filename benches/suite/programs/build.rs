//! Links the module with a stack that its interpreters can do with, so that what is counted in pages is the heap, and an end
//! to memory, so that an allocator that leaks fails soon.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-arg-cdylib=-zstack-size=262144");
    println!("cargo::rustc-link-arg-cdylib=--max-memory=1073741824");
}
