//! `cargo xtask serve`: the page, on this machine alone.

use anyhow::Result;

use crate::modules;
use crate::process::cmd;
use crate::setup::{Machine, Need};

/// The port that is tried first.
pub const PORT: u16 = 5173;

/// Builds the page's modules and has Vite serve the page, or fetch it once.
pub fn serve(machine: &Machine, port: u16, check: bool) -> Result<()> {
    for need in [Need::WasmTarget, Need::WasmBindgen, Need::PageModules] {
        machine.ensure(need)?;
    }
    modules::build(machine)?;
    cmd("node")
        .args(["serve.mjs", &port.to_string()])
        .args(check.then_some("--check"))
        .dir(&machine.page_modules()?)
        .run()
}
