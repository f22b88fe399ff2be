//! Tools of the targets beside wasm32-unknown-unknown. A row of tests/targets whose tool cannot be had is skipped.

use anyhow::Result;

use super::{apt, found, npm};
use crate::process::{cmd, find_program};

/// Targets that rustup has std for.
const TARGETS: [&str; 7] = [
    "wasm32-wasip1",
    "wasm32-wasip1-threads",
    "wasm32-wasip2",
    "wasm32v1-none",
    "wasm32-unknown-emscripten",
    "thumbv6m-none-eabi",
    "riscv32imc-unknown-none-elf",
];

/// Programs, and Debian's packages that have them. Emscripten is not installed: it takes a gigabyte.
const PROGRAMS: [(&str, &[&str], &str); 3] = [
    ("qemu-system-arm", &["qemu-system-arm"], "programs for a Cortex-M0 run in it"),
    ("qemu-system-riscv32", &["qemu-system-misc"], "programs for a RISC-V run in it"),
    ("clang", &["clang", "lld", "wasi-libc", "libclang-rt-dev-wasm32"], "C programs for WASI"),
];

/// Installs what can be had, and tells what cannot.
pub fn ensure() -> Result<()> {
    let optional = |what: &str, outcome: Result<()>| {
        if let Err(error) = outcome {
            println!("  tests that need {what} are skipped: {error:#}");
        }
    };
    for target in TARGETS {
        optional(target, cmd("rustup").args(["target", "add", target]).quiet());
    }
    for (program, packages, why) in PROGRAMS {
        match find_program(program) {
            Some(path) => found(program, path.display()),
            None => optional(program, apt::install(packages, why)),
        }
    }
    optional("jco", npm::targets());
    Ok(())
}
