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
    if !is_debian() {
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

pub fn is_debian() -> bool {
    system_is("debian")
}

pub fn is_ubuntu() -> bool {
    system_is("ubuntu")
}

/// Returns true if the system calls itself that in /etc/os-release.
fn system_is(id: &str) -> bool {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    release.lines().any(|line| line.trim() == format!("ID={id}"))
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

pub fn is_root() -> bool {
    cmd("id").arg("-u").read().is_ok_and(|id| id == "0")
}

fn has_sudo() -> bool {
    find_program("sudo").is_some() && cmd("sudo").args(["--non-interactive", "true"]).succeeds()
}
