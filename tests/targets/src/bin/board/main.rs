//! A program for boards without compare-and-swap, under QEMU: a Cortex-M0 with 16 KiB of RAM, and a RISC-V
//! without the A extension. Its argument says what to exercise. It prints "ok", or the place that failed.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod bare;

#[cfg(not(target_os = "none"))]
fn main() {}
