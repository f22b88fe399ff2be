//! The library's tests on this machine.

use anyhow::Result;

use super::audits;
use crate::process::cmd;
use crate::report::{Score, runners};
use crate::setup::Machine;
use crate::toolchain::Toolchain;
use crate::workspace;

pub fn suite(_: &Machine, score: &mut Score) -> Result<()> {
    let packages = workspace::packages()?;
    let library = workspace::library(&packages)?;
    let name = library.name.as_str();
    let features = library.stable_features().join(",");

    // The checker's atomics are of no use to any other test.
    score.tests(
        "shards in many orders of their threads' steps",
        || {
            let cargo = cmd("cargo").args(["test", "--no-fail-fast", "--package", name, "--lib"]);
            let cargo = cargo.args(["schedules", "--target-dir", "target/shuttle"]);
            cargo.env("RUSTFLAGS", "--cfg shuttle").tee()
        },
        |output| runners::libtest(&output.text),
    );

    let mut test = |what: &str, toolchain: &Toolchain, arguments: &[&str]| {
        let command = toolchain.cargo().args(["test", "--no-fail-fast"]).args(arguments);
        score.tests(what, || command.tee(), |output| runners::libtest(&output.text));
    };
    let active = Toolchain::ACTIVE;
    test("the library, default features", &active, &["--package", name]);
    test("the library, no features", &active, &["--package", name, "--no-default-features"]);
    test(
        "the library, every stable feature",
        &active,
        &["--package", name, "--features", &features],
    );

    // Out stays what other suites test in their own ways.
    let mut others = vec!["--workspace", "--exclude", name];
    for package in &packages {
        if package.tests_in_browsers() || package.folder.starts_with("tests/acid-compat") {
            others.extend(["--exclude", &package.name]);
        }
    }
    test("the other crates", &active, &others);
    let modules = ["--manifest-path", workspace::MODULES, "--target-dir", "target/modules/native"];
    let workbench = [&modules[..], &["--lib", "--features", "workbench"]].concat();
    test("the workbench", &active, &workbench);

    match Toolchain::nightly() {
        Some(nightly) => {
            // What its tests share must know of `unstable` too.
            let packages = ["--package", name, "--package", "bonsai_testkit"];
            test(
                "the library, every feature",
                &nightly,
                &[&packages[..], &["--all-features"]].concat(),
            );
            audits::asan_in_brief(score, library, &nightly)?;
        }
        None => {
            let without = "there is no nightly toolchain";
            score.skip("the library, every feature", without);
            score.skip("the library with AddressSanitizer", without);
        }
    }
    Ok(())
}
