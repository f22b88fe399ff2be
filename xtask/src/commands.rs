//! The commands that are more than a test suite and less than a module of their own.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::process::{Cmd, cmd};
use crate::setup::{Browser, Machine};
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
    let engines = engines(arguments);
    if engines.is_none() {
        machine.size_modules()?;
    }
    let wants = |name| engines.as_ref().is_none_or(|all| all.iter().any(|one| one == name));
    if wants("chromium") {
        command = with_browser(command, machine.chrome());
    }
    if wants("firefox") {
        command = with_browser(command, machine.firefox());
    }
    command.arg(script).args(arguments).run()
}

/// Names a browser and its driver to the suite, which does without where there is none.
fn with_browser(command: Cmd, browser: Result<Browser>) -> Cmd {
    match browser {
        Ok(browser) => {
            let [binary, driver] = browser.variables;
            command.env(binary, browser.binary).env(driver, browser.driver)
        }
        Err(missing) => {
            println!("  without an engine: {missing:#}");
            command
        }
    }
}

/// The engines that these arguments name for the suite; none is all of them.
fn engines(arguments: &[String]) -> Option<Vec<String>> {
    let mut named = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let names = match word.strip_prefix("--engine") {
            Some("") => words.next().map_or("", String::as_str),
            Some(rest) => rest.trim_start_matches('='),
            None => continue,
        };
        named.extend(names.split(',').map(str::to_owned));
    }
    let short = ["--quick", "--smoke", "--help", "--from"];
    let complete = named.is_empty() && !arguments.iter().any(|word| short.contains(&word.as_str()));
    let all = complete || named.iter().any(|name| name == "all");
    (!all).then_some(named)
}

/// Formats every workspace.
pub fn fmt() -> Result<()> {
    formatters().into_iter().try_for_each(Cmd::run)
}

/// cargo fmt for each workspace of the repository.
pub fn formatters() -> [Cmd; workspace::MANIFESTS.len()] {
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

/// Changes the library, one place at a time, and looks whether a test fails.
pub fn mutants(machine: &Machine, arguments: &[String]) -> Result<()> {
    let program = machine.cargo_mutants()?;
    program_of("mutants")?.args(arguments).env("BONSAI_CARGO_MUTANTS", program).run()
}

/// What the tests of the layout read, from the modules as they are now.
pub fn memories(machine: &Machine) -> Result<()> {
    modules::build(machine)?;
    cmd("node").arg(crate::root().join("tests/memories/record.mjs")).run()
}

/// Runs the program of a crate that measures.
fn optimized(folder: &str, arguments: &[String]) -> Result<()> {
    program_of(folder)?.args(arguments).run()
}

fn program_of(folder: &str) -> Result<Cmd> {
    let packages = workspace::packages()?;
    let package = packages.iter().find(|package| package.folder == folder);
    let name = &package.with_context(|| format!("no crate in {folder}/"))?.name;
    Ok(cmd("cargo").args(["run", "--quiet", "--release", "--package", name, "--"]))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_are_read_from_the_arguments_of_the_suite() {
        let engines =
            |line: &str| engines(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(engines(""), None);
        assert_eq!(engines("--peer talc"), None);
        assert_eq!(engines("--quick"), Some(vec![]));
        assert_eq!(engines("--quick --engine all"), None);
        let two = Some(vec!["node".to_owned(), "firefox".to_owned()]);
        assert_eq!(engines("--quick --engine node,firefox"), two);
        assert_eq!(engines("--engine=node --engine firefox"), two);
    }
}
