//! Jobs that need a toolchain other than the active one.

use anyhow::{Context as _, Result};

use super::features::{self, Place};
use crate::report::{Score, runners};
use crate::setup::Machine;
use crate::toolchain::{WASM, add, installed};
use crate::workspace;

/// The oldest Rust that Cargo.toml promises builds every combination of stable features.
pub fn msrv(_: &Machine, score: &mut Score) -> Result<()> {
    let packages = workspace::packages()?;
    let library = workspace::library(&packages)?;
    let version = library.rust_version.as_deref().context("Cargo.toml promises no version")?;
    let toolchain = installed(version, &[])?;
    let features = library.stable_features();
    let sets = workspace::powerset(&features);
    add(&["target", "add", WASM], version)?;
    let place = |name, target| Place { name, toolchain: toolchain.clone(), target, sets: &sets };
    let in_wasm = format!("{version}, wasm32");
    let places = [place(version, None), place(&in_wasm, Some(WASM))];
    features::check_each(score, &library.name, &places);
    Ok(())
}

/// Tests, lints and documentation with every feature, on nightly Rust.
pub fn nightly(_: &Machine, score: &mut Score) -> Result<()> {
    let packages = workspace::packages()?;
    let name = workspace::library(&packages)?.name.as_str();
    let toolchain = installed("nightly", &["clippy"])?;
    let cargo = |arguments: &[&str]| {
        toolchain.cargo().args(arguments).args(["--package", name, "--all-features"])
    };
    score.tests(
        "tests with every feature",
        || cargo(&["test", "--no-fail-fast"]).tee(),
        |output| runners::libtest(&output.text),
    );
    score.check("clippy with every feature", || {
        cargo(&["clippy", "--all-targets"]).args(["--", "-Dwarnings"]).quiet()
    });
    score.check("documentation, as docs.rs builds it", || {
        cargo(&["doc", "--no-deps"]).env("RUSTDOCFLAGS", "-Dwarnings --cfg docsrs").quiet()
    });
    Ok(())
}

/// Those of the library's tests that Miri gets through: it takes a thousand times as long, so the
/// suites of random operations and of every sequence are left to the other jobs.
const MIRI_TESTS: [&str; 3] = ["refusals", "forebear", "short_programs"];

/// Native tests under Miri: the default features with each of its models of borrowing, and
/// core's own provenance methods held to strict provenance.
pub fn miri(_: &Machine, score: &mut Score) -> Result<()> {
    let packages = workspace::packages()?;
    let name = workspace::library(&packages)?.name.as_str();
    let toolchain = installed("nightly", &["miri", "rust-src"])?;
    let runs: [(&str, &str, &[&str]); 4] = [
        ("stacked borrows", "", &[]),
        ("tree borrows", "-Zmiri-tree-borrows", &[]),
        (
            "stacked borrows, strict provenance",
            "-Zmiri-strict-provenance",
            &["--no-default-features", "--features", "alloc"],
        ),
        (
            "tree borrows, strict provenance",
            "-Zmiri-tree-borrows -Zmiri-strict-provenance",
            &["--no-default-features", "--features", "alloc"],
        ),
    ];
    for (what, flags, features) in runs {
        score.tests(
            what,
            || {
                toolchain
                    .cargo()
                    .args(["miri", "test", "--no-fail-fast", "--package", name])
                    .args(["--lib"])
                    .args(MIRI_TESTS.iter().flat_map(|test| ["--test", test]))
                    .args(features)
                    .env("MIRIFLAGS", flags)
                    .tee()
            },
            |output| runners::libtest(&output.text),
        );
    }
    Ok(())
}
