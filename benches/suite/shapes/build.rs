//! Links the module with a small stack, so that what is counted in pages is the heap, and an end
//! to memory, so that an allocator that leaks fails soon.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-arg-cdylib=-zstack-size=65536");
    println!("cargo::rustc-link-arg-cdylib=--max-memory=1073741824");
}
