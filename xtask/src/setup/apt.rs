//! Debian's packages.

use std::cell::Cell;

use anyhow::{Result, bail};

use super::installing;
use crate::process::{Cmd, cmd, find_program};

thread_local! {
    static UPDATED: Cell<bool> = const { Cell::new(false) };
}

/// Succeeds on a Debian on which this user may install packages; tells what is missing elsewhere.
pub fn usable() -> Result<(), &'static str> {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    if !release.lines().any(|line| line.trim() == "ID=debian") {
        return Err("this is not Debian");
    }
    if find_program("apt-get").is_none() {
        return Err("there is no apt-get");
    }
    if is_root() || has_sudo() {
        Ok(())
    } else {
        Err("Debian's packages need root or a sudo that asks for no password")
    }
}

/// Installs packages, after saying why and how to undo it.
pub fn install(packages: &[&str], why: &str) -> Result<()> {
    if let Err(why) = usable() {
        bail!("{why}");
    }
    let names = packages.join(" ");
    installing(&names, why, &format!("{} remove {names}", as_root("apt-get")));
    if !UPDATED.replace(true) {
        // Package lists of someone else's server may be out of reach; what matters is whether
        // the packages below can be had.
        if let Err(error) = apt_get().arg("update").progress(None) {
            println!("  {error}; going on with the package lists as they are");
        }
    }
    apt_get().args(["install", "--yes", "--no-install-recommends"]).args(packages).progress(None)
}

/// The command, run as root.
pub fn as_root(program: &str) -> Cmd {
    if is_root() { cmd(program) } else { cmd("sudo").args(["--non-interactive", program]) }
}

fn apt_get() -> Cmd {
    // Through `env`, since sudo hands no variables on. Another apt may be at work: wait for it.
    as_root("env").args([
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "--quiet",
        "--option=DPkg::Lock::Timeout=300",
    ])
}

fn is_root() -> bool {
    cmd("id").arg("-u").read().is_ok_and(|id| id == "0")
}

fn has_sudo() -> bool {
    find_program("sudo").is_some() && cmd("sudo").args(["--non-interactive", "true"]).succeeds()
}
