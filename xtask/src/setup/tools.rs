//! Programs that cargo installs: into a folder of the user's, one for each version, so that
//! neither another project's versions nor a clean build is in the way.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::{found, installing};
use crate::process::{cmd, find_program};

struct Tool<'a> {
    package: &'a str,
    program: &'a str,
    /// The version to install.
    version: &'a str,
    /// Whether another version will not do.
    exact: bool,
    /// How far rustc optimizes it: what is not needed is minutes of set-up saved.
    opt_level: &'static str,
    why: &'a str,
}

pub fn wasm_bindgen() -> Result<PathBuf> {
    let path = crate::root().join("Cargo.lock");
    let lock = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let version = locked_version(&lock, "wasm-bindgen")
        .with_context(|| format!("{} names no wasm-bindgen", path.display()))?;
    ensure(&Tool {
        package: "wasm-bindgen-cli",
        program: "wasm-bindgen",
        version,
        exact: true,
        // It reads and writes modules of megabytes.
        opt_level: "1",
        why: "makes JavaScript modules of wasm and runs tests in browsers; as new as Cargo.lock's",
    })
}

pub fn wasm_pack() -> Result<PathBuf> {
    ensure(&Tool {
        package: "wasm-pack",
        program: "wasm-pack",
        version: "0.15.1",
        exact: false,
        opt_level: "0",
        why: "builds and tests wasm packages",
    })
}

pub fn geckodriver() -> Result<PathBuf> {
    ensure(&Tool {
        package: "geckodriver",
        program: "geckodriver",
        version: "0.37.1",
        exact: false,
        opt_level: "0",
        why: "drives Firefox for tests",
    })
}

pub fn cargo_fuzz() -> Result<PathBuf> {
    ensure(&Tool {
        package: "cargo-fuzz",
        program: "cargo-fuzz",
        version: "0.13.2",
        exact: false,
        opt_level: "0",
        why: "builds fuzz targets and runs them",
    })
}

pub fn cargo_deny() -> Result<PathBuf> {
    ensure(&Tool {
        package: "cargo-deny",
        program: "cargo-deny",
        version: "0.20.2",
        exact: false,
        opt_level: "0",
        why: "looks at licences, sources and advisories of dependencies",
    })
}

pub fn cargo_mutants() -> Result<PathBuf> {
    ensure(&Tool {
        package: "cargo-mutants",
        program: "cargo-mutants",
        version: "27.1.0",
        exact: false,
        opt_level: "0",
        why: "lists what can be changed in the library",
    })
}

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
    installing(
        &format!("{} {}", tool.package, tool.version),
        &format!("{}; two minutes or so", tool.why),
    );
    let install = |locked: bool| {
        cmd("cargo")
            .args(["install", tool.package, "--version", tool.version, "--root"])
            .arg(&root)
            .args(locked.then_some("--locked"))
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", tool.opt_level)
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .progress(None)
    };
    if install(true).is_err() {
        println!("  once more, with the newest versions of what it depends on");
        install(false)?;
    }
    match version_of(&cached) {
        Some(_) => Ok(cached),
        None => bail!("{} was installed, but does not run", cached.display()),
    }
}

/// The version that a program claims: the first word of its first line that begins with a digit.
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

/// Where installed tools are kept: BONSAI_CACHE, or the user's folder for such things.
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
}
