//! Rust toolchains, as rustup names them.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::process::{Cmd, cmd};

/// The target that all of this is about.
pub const WASM: &str = "wasm32-unknown-unknown";

/// A toolchain, and so a cargo, a rustc, a clippy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolchain {
    /// Its name to rustup; none is the one that is active anyway.
    name: Option<String>,
}

impl Toolchain {
    pub const ACTIVE: Self = Self { name: None };

    pub fn named(name: &str) -> Self {
        Self { name: Some(name.to_owned()) }
    }

    /// Nightly: the active toolchain if it is one, or else rustup's, if that is installed.
    pub fn nightly() -> Option<Self> {
        let is_nightly = |toolchain: &Self| toolchain.version().contains("nightly");
        [Self::ACTIVE, Self::named("nightly")].into_iter().find(is_nightly)
    }

    /// The command, with this toolchain behind every cargo and rustc in it.
    pub fn on(&self, command: Cmd) -> Cmd {
        match &self.name {
            Some(name) => command.env("RUSTUP_TOOLCHAIN", name),
            None => command,
        }
    }

    pub fn cargo(&self) -> Cmd {
        self.on(cmd("cargo"))
    }

    /// Returns rustc's name and version; nothing if there is no such toolchain.
    pub fn version(&self) -> String {
        self.on(cmd("rustc")).arg("--version").read().unwrap_or_default()
    }

    /// The target that it compiles for if none is named.
    pub fn host(&self) -> Result<String> {
        let said = self.on(cmd("rustc")).arg("-vV").read()?;
        let host = said.lines().find_map(|line| line.strip_prefix("host: "));
        host.map(str::to_owned).context("rustc does not say what its host is")
    }

    /// Returns the folder of rustup's component llvm-tools.
    pub fn tools(&self) -> Result<PathBuf> {
        let sysroot = self.on(cmd("rustc")).args(["--print", "sysroot"]).read()?;
        Ok(PathBuf::from(sysroot).join("lib/rustlib").join(self.host()?).join("bin"))
    }

    /// Returns true if it makes wasm modules: that takes a std of this very compiler, and a linker.
    pub fn compiles_for_wasm(&self) -> bool {
        let compile = || -> Result<bool> {
            let folder = crate::root().join("target/xtask/probe");
            fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
            let source = folder.join("probe.rs");
            fs::write(
                &source,
                "#[unsafe(no_mangle)] pub fn probe() { drop(String::from(\"probe\")) }\n",
            )?;
            Ok(self
                .on(cmd("rustc"))
                .args(["--crate-type=cdylib", "--target", WASM, "--out-dir"])
                .args([&folder, &source])
                .succeeds())
        };
        compile().unwrap_or(false)
    }
}

/// Returns a toolchain of rustup's with these components, and fetches what is not there.
pub fn installed(name: &str, components: &[&str]) -> Result<Toolchain> {
    let toolchain = Toolchain::named(name);
    if toolchain.version().is_empty() {
        println!("set-up: installing Rust {name} (this job is about it)");
        cmd("rustup").args(["toolchain", "install", name, "--profile=minimal"]).progress(None)?;
    }
    if toolchain.version().is_empty() {
        bail!("rustup installed {name}, but its rustc does not run");
    }
    for component in components {
        add(&["component", "add", component], name)?;
    }
    Ok(toolchain)
}

/// Adds a target or component to a toolchain; rustup succeeds where it is there already.
pub fn add(what: &[&str], toolchain: &str) -> Result<()> {
    cmd("rustup").args(what).args(["--toolchain", toolchain]).quiet()
}
