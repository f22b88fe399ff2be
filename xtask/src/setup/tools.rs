//! Programs that cargo installs: into a folder of the user's, one for each version, so that
//! neither another project's versions nor a clean build is in the way.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::{found, installing};
use crate::process::{cmd, find_program};

/// A program that cargo installs.
struct Tool<'a> {
    package: &'a str,
    program: &'a str,
    version: &'a str,
    /// True if no other version will do.
    exact: bool,
    why: &'a str,
}

const WASM_PACK: Tool<'_> =
    tool("wasm-pack", "wasm-pack", "0.15.1", "builds and tests wasm packages");
const GECKODRIVER: Tool<'_> =
    tool("geckodriver", "geckodriver", "0.37.1", "drives Firefox for tests");
const CARGO_FUZZ: Tool<'_> =
    tool("cargo-fuzz", "cargo-fuzz", "0.13.2", "builds fuzz targets and runs them");
const CARGO_DENY: Tool<'_> =
    tool("cargo-deny", "cargo-deny", "0.20.2", "checks licences and sources of dependencies");
const CARGO_MUTANTS: Tool<'_> =
    tool("cargo-mutants", "cargo-mutants", "27.1.0", "changes the library and runs its tests");
const CARGO_SEMVER_CHECKS: Tool<'_> = tool(
    "cargo-semver-checks",
    "cargo-semver-checks",
    "0.51.0",
    "compares the library's interface with that of the last release",
);

const fn tool<'a>(package: &'a str, program: &'a str, version: &'a str, why: &'a str) -> Tool<'a> {
    Tool { package, program, version, exact: false, why }
}

pub fn wasm_bindgen() -> Result<PathBuf> {
    let path = crate::root().join("Cargo.lock");
    let lock = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let version = locked_version(&lock, "wasm-bindgen")
        .with_context(|| format!("{} names no wasm-bindgen", path.display()))?;
    let why = "makes JavaScript modules of wasm and runs tests in browsers; as new as Cargo.lock's";
    ensure(&Tool { exact: true, ..tool("wasm-bindgen-cli", "wasm-bindgen", version, why) })
}

pub fn wasm_pack() -> Result<PathBuf> {
    ensure(&WASM_PACK)
}

pub fn geckodriver() -> Result<PathBuf> {
    ensure(&GECKODRIVER)
}

pub fn cargo_fuzz() -> Result<PathBuf> {
    ensure(&CARGO_FUZZ)
}

pub fn cargo_deny() -> Result<PathBuf> {
    ensure(&CARGO_DENY)
}

pub fn cargo_mutants() -> Result<PathBuf> {
    ensure(&CARGO_MUTANTS)
}

pub fn cargo_semver_checks() -> Result<PathBuf> {
    ensure(&CARGO_SEMVER_CHECKS)
}

/// Returns the program: the one on PATH or in the cache if its version will do, else a prebuilt one
/// by cargo-binstall where that is installed, else one that cargo builds.
fn ensure(tool: &Tool<'_>) -> Result<PathBuf> {
    let root = cache()?.join(format!("{}-{}", tool.package, tool.version));
    let cached = root.join("bin").join(format!("{}{}", tool.program, std::env::consts::EXE_SUFFIX));
    for path in find_program(tool.program).into_iter().chain([cached.clone()]) {
        if let Some(version) = version_of(&path) {
            if !tool.exact || version == tool.version {
                found(tool.program, format_args!("{version}, {}", path.display()));
                return Ok(path);
            }
        }
    }
    let undo = format!("rm -r {}", root.display());
    installing(&format!("{} {}", tool.package, tool.version), tool.why, &undo);
    if find_program("cargo-binstall").is_some() {
        let wanted = format!("{}@{}", tool.package, tool.version);
        let prebuilt = cmd("cargo").args(["binstall", "--no-confirm", "--root"]).arg(&root);
        match prebuilt.arg(wanted).progress(Some(PREBUILT_LIMIT)) {
            Ok(()) if version_of(&cached).is_some() => return Ok(cached),
            outcome => println!("  no prebuilt one: {outcome:?}; building it"),
        }
    }
    build(tool, &root)?;
    match version_of(&cached) {
        Some(_) => Ok(cached),
        None => bail!("{} was installed, but does not run", cached.display()),
    }
}

/// A download takes seconds; a server out of reach may not say so.
const PREBUILT_LIMIT: Duration = Duration::from_secs(120);

/// Has cargo build a tool, quickly rather than well: the first command waits for it.
fn build(tool: &Tool<'_>, root: &Path) -> Result<()> {
    let install = cmd("cargo")
        .args(["install", tool.package, "--version", tool.version, "--root"])
        .arg(root)
        // wasm-bindgen reads and writes modules of megabytes.
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", if tool.exact { "1" } else { "0" })
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    println!("  two minutes or so");
    // Read once for each version of a tool: a registry that lagged is not asked again.
    let lagged = root.with_file_name(format!("{}-{}.registry-lags", tool.package, tool.version));
    if lagged.exists() {
        println!("  without its lock file, because of {}", lagged.display());
        return install.progress(None);
    }
    match install.clone().arg("--locked").progress(None) {
        Err(error) if lacks_a_version(&format!("{error:#}")) => {
            println!(
                "  the registry lacks a version that the lock file names; with the newest ones:"
            );
            let folder = root.parent().unwrap_or(root);
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
            std::fs::write(&lagged, format!("{error:#}\n"))
                .with_context(|| format!("cannot write {}", lagged.display()))?;
            install.progress(None)
        }
        outcome => outcome,
    }
}

/// Returns true for cargo's error where a registry lags behind the lock file of a package.
fn lacks_a_version(error: &str) -> bool {
    error.contains("failed to select a version")
}

/// Returns the version that a program claims: the first word of its first line that begins with a digit.
pub fn version_of(program: &Path) -> Option<String> {
    // Some of cargo's subcommands expect to be called as cargo calls them.
    let subcommand = program.file_stem()?.to_str()?.strip_prefix("cargo-");
    let said = cmd(program)
        .arg("--version")
        .read()
        .or_else(|_| cmd(program).args(subcommand).arg("--version").read())
        .ok()?;
    let mut words = said.lines().next()?.split_whitespace();
    words.find(|word| word.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned)
}

/// The folder of installed tools: BONSAI_CACHE, or one in the user's cache.
pub fn cache() -> Result<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    if let Some(folder) = variable("BONSAI_CACHE") {
        return Ok(folder);
    }
    let user = if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library/Caches"))
    } else {
        variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")))
    };
    let user = user.context("no folder to keep tools in: set BONSAI_CACHE to one")?;
    Ok(user.join("bonsai_alloc"))
}

/// The version of a package in the text of a Cargo.lock.
fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| line.trim() != name);
    lines.nth(1)?.trim().strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locked_version_is_found() {
        let lock = "version = 4\n\n[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"0.2.1\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.99\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen"), Some("0.2.99"));
        assert_eq!(locked_version(lock, "wasm-bindgen-macro"), Some("0.2.1"));
        assert_eq!(locked_version(lock, "wasm"), None);
    }

    #[test]
    fn one_wasm_bindgen_serves_both_workspaces() {
        let version = |folder: &str| {
            let lock = crate::root().join(folder).join("Cargo.lock");
            let lock = std::fs::read_to_string(lock).unwrap();
            locked_version(&lock, "wasm-bindgen").unwrap().to_owned()
        };
        assert_eq!(version(""), version("modules"));
    }

    #[test]
    fn a_registry_that_lags_is_told_from_other_failures() {
        let lags = "`cargo install x` failed\nerror: failed to select a version for the requirement \
                    `webpki-roots = \"^1.0.10\"` (locked to 1.0.11)";
        assert!(lacks_a_version(lags));
        assert!(!lacks_a_version("error: could not compile `ureq` (lib)"));
    }
}
