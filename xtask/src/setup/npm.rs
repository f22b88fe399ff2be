//! Packages from npm.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::{found, installing};
use crate::process::{cmd, find_program};

pub fn page() -> Result<PathBuf> {
    let folder = crate::root().join("www");
    packages(&folder, "the page's npm packages", "its framework, Vite, and its tests' tools")?;
    Ok(folder)
}

/// wasm-opt comes from npm everywhere: Linux distributions carry versions that are years old.
pub fn suite() -> Result<PathBuf> {
    let folder = crate::root().join(crate::workspace::SUITE);
    packages(&folder, "wasm-opt", "code size is weighed after it; the npm package binaryen")?;
    Ok(folder)
}

/// jco runs components in Node.
pub fn targets() -> Result<()> {
    packages(&crate::root().join("tests/targets"), "jco", "components run in Node by it")
}

/// `npm ci`, unless it was done before for the same package-lock.json. The copy by which that is
/// known lies in node_modules: if someone removes that, it goes along.
fn packages(folder: &Path, what: &str, why: &str) -> Result<()> {
    node()?;
    let lock_path = folder.join("package-lock.json");
    let lock = fs::read_to_string(&lock_path)
        .with_context(|| format!("cannot read {}", lock_path.display()))?;
    let stamp = folder.join("node_modules/.installed-package-lock.json");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        found(what, "installed");
        return Ok(());
    }
    installing(what, why, &format!("rm -r {}", folder.join("node_modules").display()));
    npm().arg("ci").args(["--no-audit", "--no-fund"]).dir(folder).progress(None)?;
    fs::write(&stamp, lock).with_context(|| format!("cannot write {}", stamp.display()))
}

fn npm() -> crate::process::Cmd {
    cmd(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

fn node() -> Result<()> {
    const HINT: &str = "install Node.js 20 or newer with npm, from nodejs.org or your system";
    if find_program("node").is_none() {
        bail!("node is not on PATH: {HINT}");
    }
    let version = cmd("node").arg("--version").read()?;
    let major = version.trim_start_matches('v').split('.').next().unwrap_or_default();
    match major.parse::<u32>() {
        Ok(20..) => Ok(()),
        _ => bail!("node is {version}: {HINT}"),
    }
}
