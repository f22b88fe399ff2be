//! The commands that are more than a test suite and less than a module of their own.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::process::{Cmd, cmd};
use crate::setup::Machine;
use crate::suites::{self, Suite};
use crate::{modules, report, tidy, workspace};

/// Runs suites and tells the score.
pub fn test<'a>(machine: &Machine, suites: impl IntoIterator<Item = &'a Suite>) -> ExitCode {
    let scores: Vec<_> = suites.into_iter().map(|suite| suites::run(suite, machine)).collect();
    let total = report::summary(&scores);
    if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

pub fn build(machine: &Machine) -> Result<()> {
    cmd("cargo").args(["build", "--release"]).run()?;
    modules::build(machine)?;
    modules::node(&machine.page_modules()?, "vite/bin/vite.js").arg("build").run()
}

/// The folder of the benchmark suite, a workspace of its own.
pub const WASM_BENCHES: &str = "benches/suite";

/// Global allocators in wasm engines.
pub fn bench(machine: &Machine, arguments: &[String]) -> Result<()> {
    let script = crate::root().join(WASM_BENCHES).join("run.mjs");
    let mut command = machine.wasm_target()?.on(cmd("node"));
    let short = ["--quick", "--smoke", "--help"];
    if !arguments.iter().any(|argument| short.contains(&argument.as_str())) {
        machine.size_modules()?;
        for browser in [machine.chrome(), machine.firefox()] {
            match browser {
                Ok(browser) => {
                    let [binary, driver] = browser.variables;
                    command = command.env(binary, browser.binary).env(driver, browser.driver);
                }
                Err(missing) => println!("  without an engine: {missing:#}"),
            }
        }
    }
    command.arg(script).args(arguments).run()
}

/// Formats every workspace.
pub fn fmt() -> Result<()> {
    formatters().into_iter().try_for_each(Cmd::run)
}

/// cargo fmt for each workspace of the repository.
pub fn formatters() -> [Cmd; 3] {
    workspace::MANIFESTS.map(|manifest| {
        cmd("cargo").args(["fmt", "--all", "--manifest-path"]).arg(crate::root().join(manifest))
    })
}

/// The cores beside their peers, natively.
pub fn bench_cores(arguments: &[String]) -> Result<()> {
    optimized("benches/native", arguments)
}

/// A recorded trace on every allocator of the crate, natively.
pub fn replay(arguments: &[String]) -> Result<()> {
    optimized("benches/replay", arguments)
}

/// Runs the program of a crate that measures.
fn optimized(folder: &str, arguments: &[String]) -> Result<()> {
    let packages = workspace::packages()?;
    let package = packages.iter().find(|package| package.folder == folder);
    let name = &package.with_context(|| format!("no crate in {folder}/"))?.name;
    let run = ["run", "--quiet", "--release", "--package", name, "--"];
    cmd("cargo").args(run).args(arguments).run()
}

pub fn lint(machine: &Machine) -> Result<()> {
    let mut failed = Vec::new();
    for (what, lint) in tidy::lints(machine)? {
        if lint.run().is_err() {
            failed.push(what);
        }
    }
    if failed.is_empty() { Ok(()) } else { bail!("complaints from: {}", failed.join("; ")) }
}

pub fn doc(open: bool) -> Result<()> {
    let packages = workspace::packages()?;
    let library = workspace::library(&packages)?;
    cmd("cargo")
        .args(["doc", "--no-deps", "--package", &library.name])
        .args(["--features", &library.stable_features().join(",")])
        .args(open.then_some("--open"))
        .run()
}
