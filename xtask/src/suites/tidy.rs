//! The suite tidy: format, lints, and house rules that no linter knows.

mod contracts;
mod language;
mod links;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::process::cmd;
use crate::report::Score;
use crate::setup::Machine;
use crate::{lint, workspace};

pub use self::links::are_documented;

pub fn suite(machine: &Machine, score: &mut Score) -> Result<()> {
    score.check("Rust code is formatted", || {
        lint::formatters().try_for_each(|fmt| fmt.arg("--check").quiet())
    });
    for (what, lint) in lint::linters(machine)? {
        score.check(what, || lint.quiet());
    }
    score.check("comments keep to the house's language", language::comments);
    score.check("links of Markdown files lead to files", links::lead_somewhere);
    score.check("docs/checked.md has each unsafe function's contract", contracts::listed);
    score.check("every crate takes the workspace's lints", inherited_lints);
    score.check("lock files of npm name no download address", lock_files);
    Ok(())
}

/// The template stands alone when it is copied, so it cannot take the workspace's lints.
const ALONE: &str = "template";

fn inherited_lints() -> Result<()> {
    for package in workspace::packages()?.iter().filter(|package| package.folder != ALONE) {
        let manifest = package.path().join("Cargo.toml");
        let text = read(&manifest)?;
        let mut lines = text.lines().skip_while(|line| line.trim() != "[lints]");
        if lines.nth(1).map(str::trim) != Some("workspace = true") {
            bail!("{} lacks `[lints]` with `workspace = true`", manifest.display());
        }
    }
    Ok(())
}

/// A lock file must do for every registry that a machine is set up with, so it names none.
fn lock_files() -> Result<()> {
    let files = cmd("git").args(["ls-files", "*package-lock.json"]).read()?;
    if files.is_empty() {
        bail!("there is no package-lock.json");
    }
    for file in files.lines() {
        let text = read(&crate::root().join(file))?;
        if let Some(line) = text.lines().find(|line| line.contains("\"resolved\"")) {
            bail!(
                "{file}: {}: set omit-lockfile-registry-resolved in .npmrc and lock anew",
                line.trim()
            );
        }
    }
    Ok(())
}

/// Returns the text of a file.
pub fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Every file under a folder whose name ends so, in order.
fn files_below(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_below(&path, ending)?);
        } else if path.to_string_lossy().ends_with(ending) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
