//! The commands. Those of a few lines are here, the others in a module each.

pub mod bench;
pub mod c;
pub mod coverage;
pub mod fuzz;
pub mod mutants;
pub mod serve;

use anyhow::{Context as _, Result};

use crate::process::{Cmd, cmd};
use crate::setup::Machine;
use crate::{modules, workspace};

/// Builds the library, the page's modules, and the page.
pub fn build(machine: &Machine) -> Result<()> {
    cmd("cargo").args(["build", "--release"]).run()?;
    modules::build(machine)?;
    modules::node(&machine.page_modules()?, "vite/bin/vite.js").arg("build").run()
}

/// Replays a recorded trace on every allocator of the crate, natively.
pub fn replay(arguments: &[String]) -> Result<()> {
    program("benches/replay")?.args(arguments).run()
}

/// Records the memories that the tests of the layout read, from the modules as they are now.
pub fn memories(machine: &Machine) -> Result<()> {
    modules::build(machine)?;
    cmd("node").arg(crate::root().join("tests/memories/record.mjs")).run()
}

/// Builds the documentation with every stable feature.
pub fn doc(open: bool) -> Result<()> {
    let packages = workspace::packages()?;
    let library = workspace::library(&packages)?;
    cmd("cargo")
        .args(["doc", "--no-deps", "--package", &library.name])
        .args(["--features", &library.stable_features().join(",")])
        .args(open.then_some("--open"))
        .run()
}

/// Returns the optimized program of the crate in this folder.
fn program(folder: &str) -> Result<Cmd> {
    let packages = workspace::packages()?;
    let package = packages.iter().find(|package| package.folder == folder);
    let name = &package.with_context(|| format!("no crate in {folder}/"))?.name;
    Ok(cmd("cargo").args(["run", "--quiet", "--release", "--package", name, "--"]))
}
