//! The mutants, as cargo-mutants lists them.

use std::env;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// One change of one place.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Mutant {
    /// The file, the place and the change, in words.
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) span: Span,
    /// What stands there instead.
    pub(crate) replacement: String,
    pub(crate) genre: Genre,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub(crate) enum Genre {
    FnValue,
    BinaryOperator,
    UnaryOperator,
    MatchArm,
    MatchArmGuard,
    StructField,
}

/// From a place to one behind it; lines and columns are counted from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub(crate) struct Span {
    pub(crate) start: Place,
    pub(crate) end: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// Every mutant of the library in `root` whose name has one of `names` in it; all if there are none.
pub(crate) fn mutants(root: &Path, names: &[String]) -> Result<Vec<Mutant>> {
    let program = env::var_os("BONSAI_CARGO_MUTANTS").unwrap_or_else(|| "cargo-mutants".into());
    let output = Command::new(&program)
        .args(["mutants", "--list", "--json", "-p", "bonsai_alloc"])
        .current_dir(root)
        .output()
        .with_context(|| {
            format!(
                "{} does not start: `cargo xtask mutants` installs it",
                Path::new(&program).display()
            )
        })?;
    ensure!(
        output.status.success(),
        "cargo mutants --list: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    let mut mutants: Vec<Mutant> =
        serde_json::from_slice(&output.stdout).context("the list of cargo mutants")?;
    mutants.retain(|mutant| {
        names.is_empty() || names.iter().any(|name| mutant.name.contains(name.as_str()))
    });
    ensure!(!mutants.is_empty(), "no mutant has any of these in its name: {}", names.join(", "));
    Ok(mutants)
}
