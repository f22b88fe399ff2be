//! Browsers, and the programs that drive them for wasm-pack's tests.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::{apt, found, installing, npm, tools};
use crate::process::{cmd, find_program};

/// A browser and what drives it.
#[derive(Clone, Debug)]
pub struct Browser {
    pub name: &'static str,
    pub binary: PathBuf,
    pub driver: PathBuf,
    /// The name that wasm-pack's options have for it, and for its driver.
    pub flag: &'static str,
    pub driver_flag: &'static str,
    /// The variable that names another browser to set-up, and this one to the tests.
    pub variable: &'static str,
    /// The driver's capabilities, in the form of webdriver.json.
    pub capabilities: serde_json::Value,
}

pub fn chrome() -> Result<Browser> {
    // Some hosted machines name the folder of the driver in a variable instead of PATH.
    let driver = || {
        from_env("CHROMEDRIVER")
            .or_else(|| find_program("chromedriver"))
            .or_else(|| in_folder_of("CHROMEWEBDRIVER", "chromedriver"))
            .or_else(|| downloaded("chromedriver"))
    };
    let binary = |driver: Option<&Path>| {
        from_env("BONSAI_CHROMIUM").or_else(|| {
            let known = every(
                &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
                &[
                    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
                    "/Applications/Chromium.app/Contents/MacOS/Chromium",
                    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
                    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
                ],
            );
            // A chromedriver drives the browser of its own version only.
            let wanted = driver.and_then(major_version);
            let fits = |path: &&PathBuf| wanted.is_some() && major_version(path) == wanted;
            known.iter().find(fits).or(known.first()).cloned().or_else(|| downloaded("chrome"))
        })
    };
    if binary(None).is_none() || driver().is_none() {
        let why = "tests of the page and of wasm in a browser";
        install(&["chromium", "chromium-driver"], &["chrome", "chromedriver"], why)
            .context("install Chrome or Chromium, and the chromedriver of its version on PATH")?;
    }
    let driver = driver().context("chromedriver was installed, but is not on PATH")?;
    let binary = binary(Some(&driver)).context("Chromium was installed, but is not on PATH")?;
    found("Chromium", format_args!("{}, {}", binary.display(), driver.display()));
    let capabilities = json!({
        "goog:chromeOptions": {
            "binary": binary,
            // Looks for updates and the like would only get in the way of the tests.
            "args": [
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        },
    });
    Ok(Browser {
        name: "Chromium",
        binary,
        driver,
        flag: "--chrome",
        driver_flag: "--chromedriver",
        variable: "BONSAI_CHROMIUM",
        capabilities,
    })
}

pub fn firefox() -> Result<Browser> {
    let binary = || {
        from_env("BONSAI_FIREFOX").or_else(|| {
            let known = every(
                &["firefox", "firefox-esr"],
                &[
                    "/Applications/Firefox.app/Contents/MacOS/firefox",
                    r"C:\Program Files\Mozilla Firefox\firefox.exe",
                ],
            );
            known.first().cloned().or_else(|| downloaded("firefox"))
        })
    };
    if binary().is_none() {
        install(&["firefox-esr"], &["firefox"], "tests of wasm in a second browser")
            .context("install Firefox")?;
    }
    let binary = binary().context("Firefox was installed, but is not on PATH")?;
    let known = from_env("GECKODRIVER").or_else(|| in_folder_of("GECKOWEBDRIVER", "geckodriver"));
    let driver = match known {
        Some(driver) => driver,
        None => tools::geckodriver()?,
    };
    found("Firefox", format_args!("{}, {}", binary.display(), driver.display()));
    let capabilities = json!({ "moz:firefoxOptions": { "binary": binary } });
    Ok(Browser {
        name: "Firefox",
        binary,
        driver,
        flag: "--firefox",
        driver_flag: "--geckodriver",
        variable: "BONSAI_FIREFOX",
        capabilities,
    })
}

/// Installs packages of Debian's; elsewhere, where Ubuntu's packages are snaps, which no container runs,
/// the stable builds of the browsers' makers, by Puppeteer's installer.
fn install(packages: &[&str], builds: &[&str], why: &str) -> Result<()> {
    if apt::is_debian() {
        return apt::install(packages, why);
    }
    if !apt::is_ubuntu() {
        bail!("set-up installs browsers on Debian and Ubuntu only");
    }
    let installer = npm::page()?.join("node_modules/@puppeteer/browsers/lib/cjs/main-cli.js");
    let folder = tools::cache()?.join(BROWSERS);
    for build in builds {
        let undo = format!("rm -r {}", folder.join(build).display());
        installing(&format!("{build}, stable"), why, &undo);
        let mut install = cmd("node").arg(&installer).args(["install", &format!("{build}@stable")]);
        if apt::is_root() && *build != "chromedriver" {
            // The libraries that it is linked with, by apt.
            install = install.arg("--install-deps");
        }
        install.arg("--path").arg(&folder).progress(None)?;
    }
    Ok(())
}

/// The folder of downloaded browsers in the cache.
const BROWSERS: &str = "browsers";

/// A program that [`install`] has downloaded before.
fn downloaded(build: &str) -> Option<PathBuf> {
    downloaded_in(&tools::cache().ok()?.join(BROWSERS), build)
}

/// Returns `folder/BUILD/VERSION/FOLDER/BUILD`, as Puppeteer's installer lays it out, of the last version.
fn downloaded_in(folder: &Path, build: &str) -> Option<PathBuf> {
    let below = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    };
    let inner = below(&folder.join(build)).into_iter().flat_map(|version| below(&version));
    inner.map(|folder| folder.join(build)).filter(|path| path.is_file()).max()
}

fn from_env(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_file())
}

fn in_folder_of(variable: &str, program: &str) -> Option<PathBuf> {
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    let path = PathBuf::from(std::env::var_os(variable)?).join(file);
    path.is_file().then_some(path)
}

/// Every one of these programs that is on PATH or at one of these places.
fn every(programs: &[&str], paths: &[&str]) -> Vec<PathBuf> {
    let on_path = programs.iter().filter_map(|program| find_program(program));
    on_path.chain(paths.iter().map(PathBuf::from).filter(|path| path.is_file())).collect()
}

fn major_version(program: &Path) -> Option<u32> {
    let version = tools::version_of(program)?;
    version.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_downloaded_browser_is_found_again() {
        let folder = std::env::temp_dir().join(format!("bonsai-browsers-{}", std::process::id()));
        assert_eq!(downloaded_in(&folder, "chrome"), None);
        for version in ["linux-141.0.1", "linux-142.0.2"] {
            let place = folder.join("chrome").join(version).join("chrome-linux64");
            std::fs::create_dir_all(&place).unwrap();
            std::fs::write(place.join("chrome"), "").unwrap();
        }
        let found = downloaded_in(&folder, "chrome").unwrap();
        assert!(found.ends_with("linux-142.0.2/chrome-linux64/chrome"), "{}", found.display());
        assert_eq!(downloaded_in(&folder, "chromedriver"), None);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
