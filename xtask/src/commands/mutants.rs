//! Mutation testing by cargo-mutants: `cargo xtask mutants`. `.cargo/mutants.toml` has its settings.

use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::process::cmd;
use crate::setup::Machine;

/// Runs the mutants of one change, of one shard, or all of them. A mutant that no test notices is
/// a failure.
pub fn mutants(
    machine: &Machine,
    since: Option<&str>,
    shard: Option<&str>,
    arguments: &[String],
) -> Result<()> {
    let program = machine.cargo_mutants()?;
    let output = crate::root().join("target/xtask");
    fs::create_dir_all(&output).with_context(|| format!("cannot make {}", output.display()))?;
    let mut command = cmd(&program).args(["mutants", "--output"]).arg(&output);
    if let Some(commit) = since {
        let diff = cmd("git").args(["diff", "--merge-base", commit, "--", "src"]).read()?;
        if diff.is_empty() {
            println!("nothing in src differs from {commit}");
            return Ok(());
        }
        let file = output.join("mutants.diff");
        fs::write(&file, diff + "\n")
            .with_context(|| format!("cannot write {}", file.display()))?;
        command = command.arg("--in-diff").arg(file);
    }
    if let Some(shard) = shard {
        command = command.args(["--shard", shard]);
    }
    command.args(arguments).run().or_else(|error| {
        let missed = fs::read_to_string(output.join("mutants.out/missed.txt")).unwrap_or_default();
        if missed.is_empty() {
            return Err(error);
        }
        bail!(
            "no test notices these mutants. Write one, or give a reason in .cargo/mutants.toml \
             (docs/mutants.md says how):\n{missed}"
        )
    })
}
