//! A toolchain that compiles for wasm32-unknown-unknown: the active one, with rustup's target, or
//! else Debian's own rustc with a std that is built here once.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::{apt, found, installing};
use crate::process::{cmd, find_program};
use crate::toolchain::{Toolchain, WASM};

/// rustup's name for Debian's toolchain once it is linked.
const LINKED: &str = "bonsai-wasm32";

/// Debian's build of a current Rust, kept for building browsers; and what std is built from.
const DEBIAN_PACKAGES: [&str; 6] =
    ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "rust-web-clippy", "rustfmt-web"];

/// rustup gives up by itself where a server refuses; where packets vanish, it may take ages.
const RUSTUP_LIMIT: Duration = Duration::from_secs(240);

pub fn ensure() -> Result<Toolchain> {
    for (toolchain, name) in [(Toolchain::ACTIVE, "the active toolchain"), (linked(), LINKED)] {
        if toolchain.compiles_for_wasm() {
            found(WASM, format_args!("{name}, {}", toolchain.version()));
            return Ok(toolchain);
        }
    }
    let from_rustup = match from_rustup() {
        Ok(toolchain) => return Ok(toolchain),
        Err(error) => error,
    };
    println!("  not from rustup: {from_rustup:#}");
    from_debian().with_context(|| {
        format!(
            "there is no toolchain for {WASM}. rustup could not fetch it ({from_rustup:#}); \
             Debian's packages {} would do instead. Install either the target \
             (`rustup target add {WASM}`) or those packages, and run this again",
            DEBIAN_PACKAGES.join(" ")
        )
    })
}

/// Sees to it that a toolchain has std's sources. Debian's has them from the start.
pub fn ensure_sources(toolchain: &Toolchain) -> Result<()> {
    let sysroot = toolchain.on(cmd("rustc")).args(["--print", "sysroot"]).read()?;
    if !Path::new(&sysroot).join("lib/rustlib/src/rust/library/Cargo.lock").exists() {
        let why = "modules with threads are built with a std that has atomics";
        installing("rust-src", why, "rustup component remove rust-src");
        let add = toolchain.on(cmd("rustup")).args(["component", "add", "rust-src"]);
        add.progress(Some(RUSTUP_LIMIT))?;
    }
    Ok(())
}

fn linked() -> Toolchain {
    Toolchain::named(LINKED)
}

fn from_rustup() -> Result<Toolchain> {
    if find_program("rustup").is_none() {
        bail!("rustup is not installed");
    }
    let undo = format!("rustup target remove {WASM}");
    installing(WASM, "std for wasm, from rustup's server", &undo);
    cmd("rustup").args(["target", "add", WASM]).progress(Some(RUSTUP_LIMIT))?;
    if Toolchain::ACTIVE.compiles_for_wasm() {
        Ok(Toolchain::ACTIVE)
    } else {
        bail!("rustup added the target, but it does not compile")
    }
}

fn from_debian() -> Result<Toolchain> {
    if let Err(why) = apt::usable() {
        bail!("{why}");
    }
    if find_program("rustup").is_none() {
        bail!("rustup is needed to choose between Debian's toolchain and the active one");
    }
    let why = "Debian's Rust compiles for wasm where rustup's target is out of reach";
    apt::install(&DEBIAN_PACKAGES, why)?;
    // The linker is a mere link to the lld of LLVM's version, whose package is only recommended.
    let linker = fs::read_link("/usr/bin/rust-lld").unwrap_or_default();
    if let Some(lld) = linker.to_str().filter(|lld| find_program(lld).is_none()) {
        apt::install(&[lld], "its linker")?;
    }
    let sysroot = PathBuf::from(cmd("/usr/bin/rustc").args(["--print", "sysroot"]).read()?);
    let undo = format!("rustup toolchain uninstall {LINKED}");
    installing(LINKED, "rustup's name for Debian's Rust", &undo);
    cmd("rustup").args(["toolchain", "link", LINKED]).arg(&sysroot).run()?;
    if !linked().compiles_for_wasm() {
        let place = sysroot.join("lib/rustlib").join(WASM);
        let undo = format!("{} -r {}", apt::as_root("rm"), place.display());
        installing(
            &format!("std for {WASM}"),
            "built once, about a minute, into Debian's Rust",
            &undo,
        );
        build_std(&sysroot)?;
    }
    if linked().compiles_for_wasm() {
        Ok(linked())
    } else {
        bail!("std for {WASM} was built in {}, but does not compile", sysroot.display())
    }
}

/// Has cargo build std for an empty crate, and moves what it built to where rustc looks for it.
fn build_std(sysroot: &Path) -> Result<()> {
    const EMPTY: &str = "bonsai_empty";
    let folder = crate::root().join("target/xtask/wasm-std");
    fs::create_dir_all(folder.join("src"))
        .with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(folder.join("src/lib.rs"), "")?;
    fs::write(
        folder.join("Cargo.toml"),
        format!("[package]\nname = \"{EMPTY}\"\nedition = \"2021\"\n[workspace]\n"),
    )?;
    linked()
        .cargo()
        .args(["build", "--release", "--target", WASM, "--target-dir", "target"])
        .arg("-Zbuild-std=std,panic_abort,proc_macro,test")
        .env("RUSTC_BOOTSTRAP", "1")
        // Without bitcode in std, fat LTO fails.
        .env("RUSTFLAGS", "-Cembed-bitcode=yes")
        .dir(&folder)
        .progress(None)?;
    let built = folder.join("target").join(WASM).join("release/deps");
    let libraries = folder.join("lib");
    fs::create_dir_all(&libraries)?;
    for entry in fs::read_dir(&built).with_context(|| format!("cannot read {}", built.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        let shown = name.to_string_lossy();
        if shown.ends_with(".rlib") && !shown.starts_with(&format!("lib{EMPTY}")) {
            fs::rename(&path, libraries.join(name))?;
        }
    }
    let place = sysroot.join("lib/rustlib").join(WASM).join("lib");
    // What an earlier rustc's std left there would be found twice.
    apt::as_root("rm").arg("-rf").arg(&place).run()?;
    let parent = place.parent().unwrap_or(sysroot);
    apt::as_root("mkdir").arg("-p").arg(parent).run()?;
    apt::as_root("cp").arg("-r").args([&libraries, &place]).run()?;
    fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))
}
