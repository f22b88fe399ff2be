//! The wasm modules of the page, and its programs.

use std::path::Path;

use anyhow::Result;

use crate::process::{Cmd, cmd};
use crate::setup::Machine;

/// Has modules/build.mjs put the page's modules into www/src/wasm, where the page's modules.ts looks for them by name.
pub fn build(machine: &Machine) -> Result<()> {
    let node = machine.wasm_target()?.on(cmd("node")).arg("modules/build.mjs");
    node.env("WASM_BINDGEN", machine.wasm_bindgen()?).run()
}

/// A program out of a folder's node_modules, run by node itself: no shell and no npm in between
/// that would have to pass on signals and exit codes.
pub fn node(folder: &Path, script: &str) -> Cmd {
    cmd("node").arg(folder.join("node_modules").join(script)).dir(folder)
}
