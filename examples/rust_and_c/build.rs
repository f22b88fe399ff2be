//! Compiles the C half by clang.

fn main() {
    println!("cargo::rerun-if-changed=src/shout.c");
    cc::Build::new().file("src/shout.c").compile("shout");
}
