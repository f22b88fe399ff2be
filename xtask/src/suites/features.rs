//! Every combination of the library's features builds, natively and for wasm.

use anyhow::Result;

use crate::report::Score;
use crate::setup::Machine;
use crate::toolchain::{Toolchain, WASM};
use crate::workspace::{self, UNSTABLE};

/// This feature changes nothing on the targets that are built here, and would double the sets.
const ELSEWHERE: &str = "critical-section";

pub fn suite(machine: &Machine, score: &mut Score) -> Result<()> {
    let packages = workspace::packages()?;
    let library = workspace::library(&packages)?;
    let mut stable = library.stable_features();
    stable.retain(|feature| feature != ELSEWHERE);
    let sets = workspace::powerset(&stable);

    build_each(score, &library.name, "native", &Toolchain::ACTIVE, None, &sets);
    build_each(score, &library.name, "wasm32", &machine.wasm_target()?, Some(WASM), &sets);

    let Some(nightly) = Toolchain::nightly() else {
        score.skip("combinations with `unstable`", "there is no nightly toolchain");
        return Ok(());
    };
    let sets: Vec<_> = sets
        .into_iter()
        .map(|mut set| {
            set.push(UNSTABLE);
            set
        })
        .collect();
    build_each(score, &library.name, "native, nightly", &nightly, None, &sets);
    if nightly.compiles_for_wasm() {
        build_each(score, &library.name, "wasm32, nightly", &nightly, Some(WASM), &sets);
    } else {
        score.skip("combinations with `unstable` for wasm32", "nightly has no such target");
    }
    Ok(())
}

pub fn build_each(
    score: &mut Score,
    package: &str,
    place: &str,
    toolchain: &Toolchain,
    target: Option<&str>,
    sets: &[Vec<&str>],
) {
    for set in sets {
        let set = set.join(",");
        score.check(
            &format!("{place}: {}", if set.is_empty() { "no feature" } else { &set }),
            || {
                toolchain
                    .cargo()
                    .args(["build", "--package", package, "--no-default-features"])
                    .args(["--features", &set])
                    .args(target.map(|target| ["--target", target]).into_iter().flatten())
                    // The flag is part of what cargo remembers: a folder of its own keeps the
                    // other commands' builds fresh.
                    .args(["--target-dir", "target/features"])
                    .env("RUSTFLAGS", "-Dwarnings")
                    .quiet()
            },
        );
    }
}
