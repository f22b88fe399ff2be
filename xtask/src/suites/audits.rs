//! Jobs that look at what the tests cannot: memory errors outside of any model, and what the
//! dependencies bring along.

use anyhow::Result;

use super::toolchains::installed;
use crate::process::cmd;
use crate::report::{self, Score};
use crate::setup::Machine;
use crate::workspace;

/// The native tests with AddressSanitizer.
pub fn asan(_: &Machine, score: &mut Score) -> Result<()> {
    let packages = workspace::packages()?;
    let library = workspace::library(&packages)?;
    let nightly = installed("nightly", &[])?;
    let host = nightly.host()?;
    score.tests(
        "the library, every stable feature",
        || {
            nightly
                .cargo()
                .args(["test", "--no-fail-fast", "--package", &library.name, "--lib", "--tests"])
                .args(["--features", &library.stable_features().join(",")])
                // With a target named, build scripts and macros go without the sanitizer.
                .args(["--target", &host])
                .env("RUSTFLAGS", "-Zsanitizer=address")
                .env("CARGO_TARGET_DIR", crate::root().join("target/asan"))
                // The tests of `Machine` reserve 4 GiB of addresses, and statics stay reachable.
                .env("ASAN_OPTIONS", "detect_leaks=0:quarantine_size_mb=64")
                .tee()
        },
        |output| report::libtest(&output.text),
    );
    Ok(())
}

/// What cargo-deny says of the dependencies of every workspace, as deny.toml rules.
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
