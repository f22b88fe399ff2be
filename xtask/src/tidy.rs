//! The suite tidy: format, lints, and house rules that no linter knows.

mod contracts;
mod imports;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::process::{Cmd, cmd};
use crate::report::Score;
use crate::setup::Machine;
use crate::toolchain::{Toolchain, WASM};
use crate::workspace::{self, Package};
use crate::{commands, modules};

pub fn suite(machine: &Machine, score: &mut Score) -> Result<()> {
    score.check("Rust code is formatted", || {
        let formatters = commands::formatters().into_iter();
        formatters.map(|fmt| fmt.arg("--check")).try_for_each(Cmd::quiet)
    });
    for (what, lint) in lints(machine)? {
        score.check(what, || lint.quiet());
    }
    score.check("modules of the library import what the table allows", imports::library);
    score.check("docs/checked.md has each unsafe function's contract", contracts::listed);
    score.check("every crate takes the workspace's lints", inherited_lints);
    score.check("lock files of npm name no download address", lock_files);
    Ok(())
}

/// Every linter, for Rust and for the page, and what each looks at.
pub fn lints(machine: &Machine) -> Result<Vec<(&'static str, Cmd)>> {
    let packages = workspace::packages()?;
    let library = workspace::library(&packages)?;
    let name = library.name.as_str();
    let features = library.stable_features().join(",");
    let wasm = machine.wasm_target()?;
    let page = machine.page_modules()?;

    let clippy = |toolchain: &Toolchain, arguments: &[&str]| {
        toolchain.cargo().arg("clippy").args(arguments).args(["--", "-Dwarnings"])
    };
    let active = Toolchain::ACTIVE;
    let mut in_wasm = vec!["--all-targets", "--target", WASM];
    for package in packages.iter().filter(|package| is_for_wasm(package)) {
        in_wasm.extend(["--package", &package.name]);
    }
    Ok(vec![
        ("clippy, all crates", clippy(&active, &["--workspace", "--all-targets"])),
        (
            "clippy, the library with no features",
            clippy(&active, &["--package", name, "--no-default-features"]),
        ),
        (
            "clippy, the library with every stable feature",
            clippy(&active, &["--package", name, "--all-targets", "--features", &features]),
        ),
        (
            "clippy, the library for wasm",
            clippy(&wasm, &["--package", name, "--features", &features, "--target", WASM]),
        ),
        ("clippy, crates for wasm and their tests", clippy(&wasm, &in_wasm)),
        ("clippy, the benchmark suite", suite_lint(&wasm)),
        (
            "eslint, the page",
            modules::node(&page, "eslint/bin/eslint.js").args([".", "--max-warnings=0"]),
        ),
        ("type check, the page", modules::node(&page, "typescript/bin/tsc").arg("--noEmit")),
    ])
}

/// The benchmark suite is a workspace of its own. Its programs bring a hundred crates along, which would have to be
/// compiled for lints of a few lines: they are left out.
fn suite_lint(wasm: &Toolchain) -> Cmd {
    let suite = crate::root().join(commands::WASM_BENCHES);
    wasm.cargo()
        .args(["clippy", "--locked", "--target", WASM, "--manifest-path"])
        .arg(suite.join("Cargo.toml"))
        .args(["--package", "bonsai_suite_shapes", "--package", "bonsai_suite_allocators"])
        .args(["--package", "bonsai_suite_soak", "--features", "bonsai_suite_shapes/soak"])
        .args(["--features", "bonsai_suite_allocators/bound,bonsai_suite_allocators/watch"])
        .args(["--target-dir", "target/bench-lint"])
        .args(["--", "-Dwarnings"])
}

/// A crate that ends up in a wasm module, besides the library.
fn is_for_wasm(package: &Package) -> bool {
    package.tests_in_browsers()
        || ["js", "demo", "workbench", "benches/size", "tests/differential"]
            .contains(&package.folder.as_str())
}

fn inherited_lints() -> Result<()> {
    for package in workspace::packages()? {
        let manifest = package.path().join("Cargo.toml");
        let text = read(&manifest)?;
        let mut lines = text.lines().skip_while(|line| line.trim() != "[lints]");
        if lines.nth(1).map(str::trim) != Some("workspace = true") {
            bail!("{} lacks `[lints]` with `workspace = true`", manifest.display());
        }
    }
    Ok(())
}

/// A lock file must do for every registry that a machine is set up with, so it names none.
fn lock_files() -> Result<()> {
    let files = cmd("git").args(["ls-files", "*package-lock.json"]).read()?;
    if files.is_empty() {
        bail!("there is no package-lock.json");
    }
    for file in files.lines() {
        let text = read(&crate::root().join(file))?;
        if let Some(line) = text.lines().find(|line| line.contains("\"resolved\"")) {
            bail!(
                "{file}: {}: set omit-lockfile-registry-resolved in .npmrc and lock anew",
                line.trim()
            );
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Every file under a folder whose name ends so, in order.
fn files_below(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_below(&path, ending)?);
        } else if path.to_string_lossy().ends_with(ending) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
