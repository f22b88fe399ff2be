//! The crates of the repository, as cargo knows them.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::process::cmd;

/// The feature that needs nightly Rust.
pub const UNSTABLE: &str = "unstable";

/// The workspaces of the repository: this one, the benchmark with threads, the example with C, the fuzz targets',
/// and those of the wasm modules and of the programs for other targets, the one with rayon apart.
pub const MANIFESTS: [&str; 7] = [
    "Cargo.toml",
    "benches/threads/Cargo.toml",
    "examples/rust_and_c/Cargo.toml",
    "fuzz/Cargo.toml",
    MODULES,
    "tests/targets/Cargo.toml",
    "tests/targets/rayon/Cargo.toml",
];

/// The crate of wasm modules.
pub const MODULES: &str = "modules/Cargo.toml";

/// The benchmark suite.
pub const SUITE: &str = "benches/suite";

/// A member of the workspace.
#[derive(Debug)]
pub struct Package {
    pub name: String,
    /// Its folder, relative to the root, with forward slashes; empty for the root package.
    pub folder: String,
    pub features: Vec<String>,
    /// The oldest Rust that it promises to build with.
    pub rust_version: Option<String>,
}

impl Package {
    pub fn path(&self) -> PathBuf {
        crate::root().join(&self.folder)
    }

    /// Its features that stable Rust can build, without the set named default.
    pub fn stable_features(&self) -> Vec<String> {
        let unwanted = ["default", UNSTABLE];
        self.features.iter().filter(|name| !unwanted.contains(&name.as_str())).cloned().collect()
    }

    /// A crate whose tests run in browsers only.
    pub fn tests_in_browsers(&self) -> bool {
        self.folder == "tests/wasm"
    }
}

/// The root package: the library itself.
pub fn library(packages: &[Package]) -> Result<&Package> {
    packages.iter().find(|package| package.folder.is_empty()).context("there is no root package")
}

pub fn packages() -> Result<Vec<Package>> {
    let json = cmd("cargo").args(["metadata", "--no-deps", "--format-version=1"]).read()?;
    parse(&serde_json::from_str(&json)?, &crate::root().to_string_lossy())
        .context("cannot make sense of what cargo metadata said")
}

fn parse(metadata: &Value, root: &str) -> Option<Vec<Package>> {
    let package = |value: &Value| {
        let manifest = value["manifest_path"].as_str()?.strip_prefix(root)?.replace('\\', "/");
        let folder = manifest.strip_suffix("Cargo.toml")?.trim_matches('/').to_owned();
        Some(Package {
            name: value["name"].as_str()?.to_owned(),
            folder,
            features: value["features"].as_object()?.keys().cloned().collect(),
            rust_version: value["rust_version"].as_str().map(str::to_owned),
        })
    };
    metadata["packages"].as_array()?.iter().map(package).collect()
}

/// Every set of these features, the empty one first.
pub fn powerset(features: &[String]) -> Vec<Vec<&str>> {
    let mut sets = vec![Vec::new()];
    for feature in features {
        let with: Vec<_> = sets
            .iter()
            .map(|set: &Vec<&str>| set.iter().copied().chain([feature.as_str()]).collect())
            .collect();
        sets.extend(with);
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn packages_are_read_from_cargos_json() {
        let metadata = json!({ "packages": [
            { "name": "a", "manifest_path": "/p/Cargo.toml", "features": { "x": [] },
              "rust_version": "1.85" },
            { "name": "b", "manifest_path": "/p/tests/wasm/Cargo.toml", "features": {},
              "rust_version": null },
        ]});
        let packages = parse(&metadata, "/p").unwrap();
        assert_eq!(packages[0].folder, "");
        assert_eq!(packages[0].features, ["x"]);
        assert_eq!(packages[0].rust_version.as_deref(), Some("1.85"));
        assert!(!packages[0].tests_in_browsers());
        assert_eq!(packages[1].folder, "tests/wasm");
        assert_eq!(packages[1].rust_version, None);
        assert!(packages[1].tests_in_browsers());
        assert!(parse(&json!({}), "/p").is_none());
    }

    #[test]
    fn the_powerset_has_every_combination_once() {
        let features = ["a", "b", "c"].map(str::to_owned);
        let mut sets = powerset(&features);
        assert_eq!(sets.len(), 8);
        assert_eq!(sets[0], Vec::<&str>::new());
        assert!(sets.contains(&vec!["a", "c"]) && sets.contains(&vec!["a", "b", "c"]));
        sets.sort();
        sets.dedup();
        assert_eq!(sets.len(), 8);
    }
}
