//! Gives the program for boards its linker script.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=board");
    let target = env::var("TARGET").unwrap_or_default();
    let script = match target.split('-').next() {
        Some("thumbv6m") => "arm.ld",
        Some("riscv32imc") => "riscv.ld",
        _ => return,
    };
    let folder = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    println!("cargo:rustc-link-arg-bin=board=-T{folder}/board/{script}");
}
