//! Jobs that look at what the tests cannot: memory errors outside of any model, and what the
//! dependencies bring along.

use std::fs;

use anyhow::{Context as _, Result};

use crate::process::cmd;
use crate::report::{Score, runners};
use crate::setup::Machine;
use crate::toolchain::{Toolchain, installed};
use crate::workspace::{self, Package};

/// The native tests with AddressSanitizer.
pub fn asan(_: &Machine, score: &mut Score) -> Result<()> {
    let packages = workspace::packages()?;
    let library = workspace::library(&packages)?;
    sanitized(score, library, &installed("nightly", &[])?, &ADDRESS, &["--lib", "--tests"])
}

/// The native tests in which threads meet, with ThreadSanitizer.
pub fn tsan(_: &Machine, score: &mut Score) -> Result<()> {
    let packages = workspace::packages()?;
    let library = workspace::library(&packages)?;
    let nightly = installed("nightly", &["rust-src"])?;
    let mut tests = vec!["--lib".to_owned(), "--example=threads".to_owned()];
    // A global allocator's callers are the threads of libtest, too.
    for test in
        ["global_*", "checked_contracts", "checked_links", "heap_details", "heap_policy", "trace*"]
    {
        tests.push(format!("--test={test}"));
    }
    let tests: Vec<_> = tests.iter().map(String::as_str).collect();
    sanitized(score, library, &nightly, &THREAD, &tests)
}

/// A sanitizer and what it takes to run the tests with it.
struct Sanitizer {
    name: &'static str,
    flag: &'static str,
    /// Its folder below target.
    folder: &'static str,
    options: (&'static str, &'static str),
    /// Further arguments of cargo.
    cargo: &'static [&'static str],
}

const ADDRESS: Sanitizer = Sanitizer {
    name: "AddressSanitizer",
    flag: "-Zsanitizer=address",
    folder: "asan",
    // The tests of `Machine` reserve 4 GiB of addresses, and statics stay reachable.
    options: ("ASAN_OPTIONS", "detect_leaks=0:quarantine_size_mb=64"),
    cargo: &[],
};

const THREAD: Sanitizer = Sanitizer {
    name: "ThreadSanitizer",
    flag: "-Zsanitizer=thread",
    folder: "tsan",
    options: ("TSAN_OPTIONS", "halt_on_error=1"),
    // It must see what std's own locks and channels do.
    cargo: &["-Zbuild-std"],
};

/// The tests that [`asan_in_brief`] leaves out: every short sequence takes more time than all others together, and
/// leaves hardly a line to be reached that those do not; recorded memories are read by no code of the library.
const LEFT_OUT: [&str; 2] = ["exhaustive", "memories"];

/// Runs what the job `asan` does, but for [`LEFT_OUT`].
pub fn asan_in_brief(score: &mut Score, library: &Package, nightly: &Toolchain) -> Result<()> {
    let mut tests = vec!["--lib".to_owned()];
    let folder = crate::root().join("tests");
    for entry in fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        let is_test =
            path.extension().is_some_and(|ending| ending == "rs") || path.join("main.rs").exists();
        match path.file_stem().and_then(|name| name.to_str()) {
            Some(test) if is_test && !LEFT_OUT.contains(&test) => {
                tests.push(format!("--test={test}"))
            }
            _ => {}
        }
    }
    let tests: Vec<_> = tests.iter().map(String::as_str).collect();
    sanitized(score, library, nightly, &ADDRESS, &tests)
}

fn sanitized(
    score: &mut Score,
    library: &Package,
    nightly: &Toolchain,
    sanitizer: &Sanitizer,
    tests: &[&str],
) -> Result<()> {
    let host = nightly.host()?;
    score.tests(
        &format!("the library, every stable feature, with {}", sanitizer.name),
        || {
            nightly
                .cargo()
                .args(["test", "--no-fail-fast", "--package", &library.name])
                .args(tests)
                .args(["--features", &library.stable_features().join(",")])
                // With a target named, build scripts and macros go without the sanitizer.
                .args(["--target", &host])
                .args(sanitizer.cargo)
                .env("RUSTFLAGS", sanitizer.flag)
                .env("CARGO_TARGET_DIR", crate::root().join("target").join(sanitizer.folder))
                .env(sanitizer.options.0, sanitizer.options.1)
                .tee()
        },
        |output| runners::libtest(&output.text),
    );
    Ok(())
}

/// Holds the dependencies of every workspace against deny.toml, by cargo-deny.
pub fn deny(machine: &Machine, score: &mut Score) -> Result<()> {
    let program = machine.cargo_deny()?;
    let database = cmd(&program).args(["fetch", "db"]).quiet().is_ok();
    if !database {
        score.skip("advisories", "the database of RustSec cannot be had");
    }
    for manifest in workspace::MANIFESTS {
        let check = |what: &str| {
            // Of every crate of the workspace, not of its root package alone.
            let check = cmd(&program).args(["--workspace", "--manifest-path", manifest]);
            check.args(["--config", "deny.toml", "check", what])
        };
        for what in ["licenses", "bans", "sources"] {
            score.check(&format!("{what} of {manifest}"), || check(what).quiet());
        }
        if database {
            score.check(&format!("advisories on {manifest}"), || check("advisories").quiet());
        }
    }
    Ok(())
}
