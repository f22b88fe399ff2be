//! Both packages as they would be published, and the changes of the library's interface.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::tidy::read;
use crate::process::cmd;
use crate::report::Score;
use crate::setup::Machine;
use crate::{modules, workspace};

/// The folder of the npm package's manifest, README and changelog.
const COMPONENT: &str = "www/component";

/// Packs the crate and the npm package, builds what is in them, and uploads nothing.
pub fn packages(machine: &Machine, score: &mut Score) -> Result<()> {
    let folder = machine.page_modules()?;
    let packages = workspace::packages()?;
    let library = workspace::library(&packages)?;
    score.check("crate, npm package and changelogs have one version", one_version);
    score.check("cargo publish --dry-run", || {
        cmd("cargo")
            .args(["publish", "--dry-run", "--allow-dirty", "--package", &library.name])
            .args(["--target-dir", "target/package-check"])
            .quiet()
    });
    score.check("npm publish --dry-run", || {
        modules::node(&folder, "vite/bin/vite.js")
            .args(["build", "--config", "vite.component.config.ts", "--logLevel", "error"])
            .quiet()?;
        let npm = cmd(if cfg!(windows) { "npm.cmd" } else { "npm" });
        npm.args(["publish", "--dry-run", "--offline"]).dir(&folder.join("dist-component")).quiet()
    });
    Ok(())
}

/// Compares the library's public items with those of the last release, by cargo-semver-checks: a
/// change that breaks programs needs a version that says so.
pub fn semver(machine: &Machine, score: &mut Score) -> Result<()> {
    score.check("crate, npm package and changelogs have one version", one_version);
    let tag = cmd("git").args(["describe", "--tags", "--abbrev=0", "--match", "v[0-9]*"]).read();
    let Ok(tag) = tag else {
        score.skip("the public items", "no version is released: no tag begins with v");
        return Ok(());
    };
    let program = machine.cargo_semver_checks()?;
    score.check(&format!("the public items since {}", tag.trim()), || {
        cmd(&program)
            .args(["semver-checks", "--package", "bonsai_alloc", "--baseline-rev", tag.trim()])
            .quiet()
    });
    Ok(())
}

/// Checks that both manifests have the same version, and that both changelogs tell of it or of what
/// comes after the last one.
fn one_version() -> Result<()> {
    let manifest = read(&crate::root().join("Cargo.toml"))?;
    let version = version_of(&manifest).context("Cargo.toml has no version")?;
    let package: Value =
        serde_json::from_str(&read(&crate::root().join(COMPONENT).join("package.json"))?)?;
    if package["version"] != version {
        bail!("Cargo.toml has version {version}, {COMPONENT}/package.json {}", package["version"]);
    }
    for changelog in ["CHANGELOG.md".to_owned(), format!("{COMPONENT}/CHANGELOG.md")] {
        let text = read(&crate::root().join(&changelog))?;
        let newest = text.lines().find_map(|line| line.strip_prefix("## ")).unwrap_or_default();
        if newest != "Unreleased" && newest.split(' ').next() != Some(version) {
            bail!("{changelog} begins with {newest:?}: neither Unreleased nor {version}");
        }
    }
    Ok(())
}

/// Returns the version of the first package of a manifest.
fn version_of(manifest: &str) -> Option<&str> {
    let line = manifest.lines().find_map(|line| line.strip_prefix("version = \""))?;
    line.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_package() {
        let manifest = "[package]\nname = \"a\"\nversion = \"1.2.3\"\n[dependencies]\nb = \"2\"\n";
        assert_eq!(version_of(manifest), Some("1.2.3"));
        assert_eq!(version_of("[workspace]\n"), None);
    }
}
