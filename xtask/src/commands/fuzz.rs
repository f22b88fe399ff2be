//! Fuzzing: `cargo xtask fuzz`.
//!
//! New inputs go to `target/fuzz/<target>`; `cargo xtask fuzz --keep` adds those to the corpus in the
//! repository that reach more than it does.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::process::Cmd;
use crate::setup::Machine;
use crate::toolchain::installed;

/// The workspace of the fuzz targets.
const WORKSPACE: &str = "fuzz";

/// Runs one target, or each of them, for so many seconds; the first finding ends it.
pub fn fuzz(machine: &Machine, target: Option<&str>, seconds: u64, keep: bool) -> Result<()> {
    let all = targets()?;
    let chosen = match target {
        None => all,
        Some(name) if all.iter().any(|target| target == name) => vec![name.to_owned()],
        Some(name) => bail!("there is no target {name}; there are: {}", all.join(", ")),
    };
    let nightly = installed("nightly", &[])?;
    let program = machine.cargo_fuzz()?;
    let folder = crate::root().join(WORKSPACE);
    let fuzzer = |command: &str, target: &str| -> Cmd {
        // The decoder compares with nothing that a fuzzer would have to guess, and the calls for
        // each comparison take two thirds of the time.
        let arguments = ["fuzz", command, "--no-trace-compares", target];
        nightly.on(crate::process::cmd(&program)).args(arguments).dir(&folder)
    };
    for target in &chosen {
        let found = crate::root().join("target/fuzz").join(target);
        fs::create_dir_all(&found).with_context(|| format!("making {}", found.display()))?;
        let corpus = folder.join("corpus").join(target);
        if keep {
            merge(fuzzer("run", target), &corpus, &found)?;
        } else {
            fuzzer("run", target)
                .args([&found, &corpus])
                .args(["--", "-max_len=512", "-timeout=60", "-print_final_stats=1"])
                .arg(format!("-max_total_time={seconds}"))
                .run()?;
        }
    }
    Ok(())
}

/// Adds as few of `found` to `corpus` as together reach what no input there does.
fn merge(run: Cmd, corpus: &Path, found: &Path) -> Result<()> {
    run.args([corpus, found]).args(["--", "-set_cover_merge=1", "-max_len=512"]).progress(None)
}

/// The names of the targets.
fn targets() -> Result<Vec<String>> {
    let folder = crate::root().join(WORKSPACE).join("fuzz_targets");
    let entries =
        fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_the_files_of_the_workspace() {
        let targets = targets().unwrap();
        assert!(targets.iter().any(|target| target == "slab_heap"), "{targets:?}");
        let error = fuzz(&Machine::default(), Some("slap"), 1, false).unwrap_err().to_string();
        assert!(error.contains("no target slap") && error.contains("slab,"), "{error}");
    }
}
