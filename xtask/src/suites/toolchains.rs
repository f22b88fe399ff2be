//! Jobs that need a toolchain other than the active one.

use std::str::FromStr;

use anyhow::{Context as _, Result, bail};

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

/// Those that make pointers from numbers, as memory that a host provides has to: strict provenance forbids it.
const MADE_OF_NUMBERS: [&str; 2] = ["machine::pieces::", "heap::shards::"];

/// The models: a name, Miri's flags, and the library's features.
const MIRI_MODELS: [(&str, &str, &[&str]); 4] = [
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

/// Runs native tests under Miri: the default features with each of its models of borrowing, and
/// core's own provenance methods held to strict provenance. A shard has every so many-th test, by each model.
pub fn miri(score: &mut Score, shard: Option<Shard>) -> Result<()> {
    let packages = workspace::packages()?;
    let name = workspace::library(&packages)?.name.as_str();
    let toolchain = installed("nightly", &["miri", "rust-src"])?;
    for (what, flags, features) in MIRI_MODELS {
        let test = |arguments: &[String]| {
            toolchain
                .cargo()
                .args(["miri", "test", "--no-fail-fast", "--package", name, "--lib"])
                .args(MIRI_TESTS.iter().flat_map(|test| ["--test", test]))
                .args(features)
                .arg("--")
                .args(arguments)
                .env("MIRIFLAGS", flags)
                // Miri interprets, and says of every crate that it does not optimize.
                .env("CARGO_PROFILE_DEV_OPT_LEVEL", "0")
        };
        let mut chosen = Vec::new();
        if flags.contains("strict") {
            chosen.extend(
                MADE_OF_NUMBERS.iter().flat_map(|name| ["--skip".to_owned(), (*name).to_owned()]),
            );
        }
        if let Some(shard) = shard {
            let list = ["--list", "--format=terse"].map(str::to_owned);
            let names = listed(&test(&[&chosen[..], &list].concat()).read()?);
            chosen = vec!["--exact".to_owned()];
            chosen.extend(shard.of(names));
        }
        let run = || test(&chosen).tee();
        score.tests(what, run, |output| runners::libtest(&output.text));
    }
    Ok(())
}

/// The names of the tests in libtest's list.
fn listed(list: &str) -> Vec<String> {
    list.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect()
}

/// One of several parts of a job.
#[derive(Clone, Copy, Debug)]
pub struct Shard {
    part: usize,
    parts: usize,
}

impl FromStr for Shard {
    type Err = anyhow::Error;

    /// Reads `2/8`; the first part is 0.
    fn from_str(text: &str) -> Result<Self> {
        let numbers = text.split_once('/').and_then(|(part, parts)| {
            Some(Self { part: part.parse().ok()?, parts: parts.parse().ok()? })
        });
        match numbers {
            Some(shard) if shard.part < shard.parts => Ok(shard),
            _ => bail!("--shard {text}: it is K/N, with K from 0 to N - 1"),
        }
    }
}

impl Shard {
    /// Neighbours, which take a similar time, go to different parts.
    fn of(self, all: Vec<String>) -> impl Iterator<Item = String> {
        all.into_iter().skip(self.part).step_by(self.parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_test_is_in_one_shard() {
        let list = "a::b: test\nc: test\nd: bench\ne: test\n\n2 tests, 1 benchmark\n";
        let all = listed(list);
        assert_eq!(all, ["a::b", "c", "e"]);
        let shard = |text: &str| text.parse::<Shard>().unwrap().of(all.clone()).collect::<Vec<_>>();
        assert_eq!(shard("0/1"), all);
        assert_eq!(
            (shard("0/2"), shard("1/2")),
            (vec!["a::b".into(), "e".into()], vec!["c".into()])
        );
        for wrong in ["2/2", "1", "x/2", "0/0", "-1/2"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
