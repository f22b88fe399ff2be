//! The same programs in a wasm module and natively.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::process::cmd;
use crate::report::{Score, runners};
use crate::setup::Machine;
use crate::toolchain::{Toolchain, WASM};
use crate::workspace;

/// A native target with words of 4 bytes, as wasm32 has them, that brings its own linker.
const NARROW: &str = "i686-unknown-linux-musl";

pub fn suite(machine: &Machine, score: &mut Score) -> Result<()> {
    let packages = workspace::packages()?;
    let package = packages.iter().find(|package| package.folder == "tests/differential");
    let package = package.context("no crate in tests/differential/")?;
    let (name, folder) = (package.name.as_str(), package.path());
    // A folder of its own, so that no CARGO_TARGET_DIR decides where programs are found.
    let target = crate::root().join("target/differential");

    let build = |toolchain: &Toolchain, arguments: &[&str]| {
        let build = toolchain.cargo().args(["build", "--release", "--package", name]);
        build.args(arguments).arg("--target-dir").arg(&target).quiet()
    };
    build(&machine.wasm_target()?, &["--lib", "--target", WASM])?;
    let module = target.join(WASM).join("release").join(format!("{name}.wasm"));

    let simulated = |folder: &Path| -> PathBuf {
        folder.join("release").join(format!("simulated{}", std::env::consts::EXE_SUFFIX))
    };
    let add = cmd("rustup").args(["target", "add", NARROW]);
    let runs = |program: &Path| cmd(program).args(["0"; 5]).args(["1", "1"]).succeeds();
    let narrow = simulated(&target.join(NARROW));
    let narrow_builds = cfg!(target_os = "linux")
        && add.quiet().is_ok()
        && build(&Toolchain::ACTIVE, &["--bin", "simulated", "--target", NARROW]).is_ok()
        && runs(&narrow);
    let (program, word) = if narrow_builds {
        (narrow, "4")
    } else {
        score.skip(
            "addresses of SlabHeap and BumpHeap, which depend on the size of a word",
            "no native programs with words of 4 bytes here",
        );
        build(&Toolchain::ACTIVE, &["--bin", "simulated"])?;
        (simulated(&target), "8")
    };
    let compare = |script: &str| {
        let node = cmd("node").args(["--test", "--test-reporter=tap"]).arg(folder.join(script));
        node.env("DIFFERENTIAL_MODULE", &module)
            .env("DIFFERENTIAL_PROGRAM", &program)
            .env("DIFFERENTIAL_WORD", word)
    };
    score.tests(
        "a wasm module in Node beside simulated memory",
        || compare("node.test.mjs").tee(),
        |output| runners::node(&output.text),
    );
    score.tests(
        "the same in Chromium and Firefox",
        || {
            let browsers = [machine.chrome()?, machine.firefox()?];
            let named = browsers.iter().fold(compare("browsers.test.mjs"), |node, browser| {
                node.env(browser.variable, &browser.binary)
            });
            named.tee()
        },
        |output| runners::node(&output.text),
    );
    Ok(())
}
