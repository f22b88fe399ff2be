//! Coverage of the library by the fuzzers' corpus: `cargo xtask coverage`.

use std::fs;

use anyhow::{Context as _, Result};

use crate::process::cmd;
use crate::toolchain::Toolchain;
use crate::workspace;

/// Replays the corpus with counters in the code and prints, for each file of `src/`, how many of its
/// regions, functions and lines were reached.
pub fn coverage() -> Result<()> {
    let packages = workspace::packages()?;
    let name = &workspace::library(&packages)?.name;
    cmd("rustup").args(["component", "add", "llvm-tools"]).quiet()?;
    let active = Toolchain::ACTIVE;
    let tools = active.tools()?;
    let folder = crate::root().join("target/coverage");
    let profiles = folder.join("profiles");
    if profiles.exists() {
        fs::remove_dir_all(&profiles)
            .with_context(|| format!("cannot remove {}", profiles.display()))?;
    }
    let test = |arguments: &[&str]| {
        active
            .cargo()
            .args(["test", "--package", name, "--test", "corpus"])
            .args(arguments)
            .env("RUSTFLAGS", "-Cinstrument-coverage")
            .env("CARGO_TARGET_DIR", &folder)
            .env("LLVM_PROFILE_FILE", profiles.join("%p-%m.profraw"))
    };
    let messages = test(&["--no-run", "--message-format=json"]).read()?;
    let program = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(str::to_owned))
        .context("cargo names no test program")?;
    test(&[]).run()?;

    let counts = folder.join("corpus.profdata");
    let raw = fs::read_dir(&profiles)
        .with_context(|| format!("cannot read {}", profiles.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    cmd(tools.join("llvm-profdata"))
        .args(["merge", "-sparse", "-o"])
        .arg(&counts)
        .args(raw)
        .quiet()?;
    cmd(tools.join("llvm-cov"))
        .args(["report", &program])
        .arg(format!("--instr-profile={}", counts.display()))
        .arg(crate::root().join("src"))
        .run()
}
