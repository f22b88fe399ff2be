//! Set-up: for each thing that a command needs, "is it there? use it; else install it and say so".
//!
//! A unit runs at most once a run ([`Memo`]); what it installs outlives the run, and most of it
//! the clone: cargo's tools go into a folder of the user's, one for each version.

mod apt;
mod browsers;
mod npm;
mod perfetto;
mod targets;
mod tools;
mod wasm_target;

use std::cell::RefCell;
use std::path::PathBuf;

use anyhow::{Result, anyhow};

pub use browsers::Browser;

use crate::toolchain::Toolchain;

/// A need of a command or a suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    WasmTarget,
    WasmBindgen,
    WasmPack,
    Chrome,
    Firefox,
    PageModules,
    Perfetto,
    SuiteModules,
    Targets,
}

impl Need {
    /// In the order in which they are set up: what others build on comes first.
    pub const ALL: [Self; 9] = [
        Self::WasmTarget,
        Self::WasmBindgen,
        Self::WasmPack,
        Self::Chrome,
        Self::Firefox,
        Self::PageModules,
        Self::Perfetto,
        Self::SuiteModules,
        Self::Targets,
    ];
}

/// The tools that were found on this machine, or put there.
#[derive(Debug, Default)]
pub struct Machine {
    wasm_target: Memo<Toolchain>,
    wasm_bindgen: Memo<PathBuf>,
    wasm_pack: Memo<PathBuf>,
    chrome: Memo<Browser>,
    firefox: Memo<Browser>,
    page_modules: Memo<PathBuf>,
    perfetto: Memo<Option<PathBuf>>,
    suite_modules: Memo<PathBuf>,
    targets: Memo<()>,
    cargo_fuzz: Memo<PathBuf>,
    cargo_deny: Memo<PathBuf>,
    cargo_mutants: Memo<PathBuf>,
    cargo_semver_checks: Memo<PathBuf>,
}

impl Machine {
    pub fn ensure(&self, need: Need) -> Result<()> {
        match need {
            Need::WasmTarget => self.wasm_target().map(drop),
            Need::WasmBindgen => self.wasm_bindgen().map(drop),
            Need::WasmPack => self.wasm_pack().map(drop),
            Need::Chrome => self.chrome().map(drop),
            Need::Firefox => self.firefox().map(drop),
            Need::PageModules => self.page_modules().map(drop),
            Need::Perfetto => self.perfetto().map(drop),
            Need::SuiteModules => self.suite_modules().map(drop),
            Need::Targets => self.targets.get("the tools of other targets", targets::ensure),
        }
    }

    /// A toolchain that compiles for wasm32-unknown-unknown.
    pub fn wasm_target(&self) -> Result<Toolchain> {
        self.wasm_target.get("the wasm32-unknown-unknown target", wasm_target::ensure)
    }

    /// The toolchain of [`Machine::wasm_target`] with std's sources, of which modules with threads
    /// build a std of their own.
    pub fn atomics(&self) -> Result<Toolchain> {
        let toolchain = self.wasm_target()?;
        wasm_target::ensure_sources(&toolchain)?;
        Ok(toolchain)
    }

    /// The program wasm-bindgen, of the version that Cargo.lock has; its test runner lies beside.
    pub fn wasm_bindgen(&self) -> Result<PathBuf> {
        self.wasm_bindgen.get("wasm-bindgen", tools::wasm_bindgen)
    }

    pub fn wasm_pack(&self) -> Result<PathBuf> {
        self.wasm_pack.get("wasm-pack", tools::wasm_pack)
    }

    pub fn chrome(&self) -> Result<Browser> {
        self.chrome.get("Chromium and chromedriver", browsers::chrome)
    }

    pub fn firefox(&self) -> Result<Browser> {
        self.firefox.get("Firefox and geckodriver", browsers::firefox)
    }

    /// The folder www, with its npm packages in place.
    pub fn page_modules(&self) -> Result<PathBuf> {
        self.page_modules.get("the page's npm packages", npm::page)
    }

    /// The folder of Perfetto's page, if it could be had.
    pub fn perfetto(&self) -> Result<Option<PathBuf>> {
        self.perfetto.get("Perfetto", perfetto::ensure)
    }

    /// The folder of the benchmark suite, with its npm package (binaryen's wasm-opt) in place.
    pub fn suite_modules(&self) -> Result<PathBuf> {
        self.suite_modules.get("wasm-opt", npm::suite)
    }

    pub fn cargo_fuzz(&self) -> Result<PathBuf> {
        self.cargo_fuzz.get("cargo-fuzz", tools::cargo_fuzz)
    }

    pub fn cargo_deny(&self) -> Result<PathBuf> {
        self.cargo_deny.get("cargo-deny", tools::cargo_deny)
    }

    pub fn cargo_mutants(&self) -> Result<PathBuf> {
        self.cargo_mutants.get("cargo-mutants", tools::cargo_mutants)
    }

    pub fn cargo_semver_checks(&self) -> Result<PathBuf> {
        self.cargo_semver_checks.get("cargo-semver-checks", tools::cargo_semver_checks)
    }
}

/// The result of a unit, kept: neither success nor failure is worked for twice in a run.
#[derive(Debug)]
struct Memo<T>(RefCell<Option<Result<T, String>>>);

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self(RefCell::new(None))
    }
}

impl<T: Clone> Memo<T> {
    fn get(&self, what: &str, make: impl FnOnce() -> Result<T>) -> Result<T> {
        let mut kept = self.0.borrow_mut();
        kept.get_or_insert_with(|| make().map_err(|error| format!("{error:#}")))
            .clone()
            .map_err(|error| anyhow!("set-up of {what}: {error}"))
    }
}

fn found(what: &str, detail: impl std::fmt::Display) {
    println!("set-up: {what}: {detail}");
}

/// Announces an installation: the command itself is shown when it runs.
fn installing(what: &str, why: &str, undo: &str) {
    println!("set-up: installing {what} ({why}); to undo: {undo}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_runs_once_whatever_comes_of_it() {
        let memo = Memo::<u8>::default();
        let failing = memo.get("x", || Err(anyhow!("no"))).unwrap_err();
        assert_eq!(failing.to_string(), "set-up of x: no");
        assert!(memo.get("x", || unreachable!()).is_err());
        let memo = Memo::default();
        assert_eq!(memo.get("y", || Ok(3)).unwrap(), 3);
        assert_eq!(memo.get("y", || unreachable!()).unwrap(), 3);
    }
}
