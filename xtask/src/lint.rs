//! Formatters and linters, for Rust and for the page.

use anyhow::{Result, bail};

use crate::process::{Cmd, cmd};
use crate::setup::Machine;
use crate::toolchain::{Toolchain, WASM};
use crate::workspace::{self, Package};
use crate::{modules, root};

/// Formats every workspace.
pub fn format() -> Result<()> {
    formatters().try_for_each(|fmt| fmt.run())
}

/// Returns cargo fmt for each workspace of the repository.
pub fn formatters() -> impl Iterator<Item = Cmd> {
    workspace::MANIFESTS.into_iter().map(|manifest| {
        cmd("cargo").args(["fmt", "--all", "--manifest-path"]).arg(root().join(manifest))
    })
}

/// Runs every linter, and names those that complain at the end.
pub fn all(machine: &Machine) -> Result<()> {
    let mut failed = Vec::new();
    for (what, lint) in linters(machine)? {
        if lint.run().is_err() {
            failed.push(what);
        }
    }
    if failed.is_empty() { Ok(()) } else { bail!("complaints from: {}", failed.join("; ")) }
}

/// Returns every linter, with what it looks at.
pub fn linters(machine: &Machine) -> Result<Vec<(&'static str, Cmd)>> {
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
    let mut all = vec![
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
        (
            "eslint, the page",
            modules::node(&page, "eslint/bin/eslint.js").args([".", "--max-warnings=0"]),
        ),
        ("type check, the page", modules::node(&page, "typescript/bin/tsc").arg("--noEmit")),
    ];
    all.extend(MODULES.map(|(what, features)| {
        let clippy = wasm.cargo().args(["clippy", "--locked", "--target", WASM, "--all-targets"]);
        let clippy = clippy.args(["--manifest-path", workspace::MODULES, "--features", features]);
        (what, clippy.args(["--target-dir", "target/modules/lint", "--", "-Dwarnings"]))
    }));
    Ok(all)
}

/// The parts of the crate of modules that are looked at. Its real programs bring a hundred crates along, which would have to be
/// compiled for lints of a few lines: they are left out.
const MODULES: [(&str, &str); 3] = [
    ("clippy, modules that are timed", "empty,shapes,soak,free,watch,bound"),
    ("clippy, modules of the page and of tests", "demo,trace,misuse,heap"),
    ("clippy, the workbench", "workbench,tiny"),
];

/// A crate that ends up in a wasm module, besides the library.
fn is_for_wasm(package: &Package) -> bool {
    package.tests_in_browsers() || ["js", "tests/differential"].contains(&package.folder.as_str())
}
