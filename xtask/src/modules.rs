//! The wasm modules of the page: the handles of js/, and the programs of demo/ and workbench/ once for
//! each heap. Each goes into a folder of www/src/wasm, where the page's modules.ts looks for it by name.

use std::fs;
use std::path::Path;
use std::slice;

use anyhow::{Context as _, Result};

use crate::process::{Cmd, cmd};
use crate::setup::Machine;
use crate::toolchain::WASM;
use crate::workspace::{self, Package};

/// The way from JavaScript to a module.
#[derive(Clone, Copy)]
enum Glue {
    /// Through what wasm-bindgen writes.
    Bindgen,
    /// As it is: it imports nothing.
    None,
}

/// The crates, and what the page calls their modules. A crate with features gives a module for
/// each: they choose its allocator. All but [`TRACE`], which goes with each of them.
const CRATES: [(&str, &str, Glue); 3] = [
    ("js", "handles", Glue::Bindgen),
    ("demo", "demo", Glue::Bindgen),
    ("workbench", "workbench", Glue::None),
];

/// The feature of a crate whose allocator can be recorded.
const TRACE: &str = "trace";
/// That of one whose allocators find misuse; the page's do not look for any.
const CHECKED: &str = "checked";

pub fn build(machine: &Machine) -> Result<()> {
    let packages = workspace::packages()?;
    for (folder, name, glue) in CRATES {
        let package = packages
            .iter()
            .find(|package| package.folder == folder)
            .with_context(|| format!("no crate in {folder}/"))?;
        let (with, allocators): (Vec<_>, Vec<_>) =
            package.stable_features().into_iter().partition(|feature| feature == TRACE);
        let allocators: Vec<_> = allocators.into_iter().filter(|name| name != CHECKED).collect();
        if allocators.is_empty() {
            build_one(machine, package, "", name, glue)?;
        }
        for allocator in allocators {
            let features = [slice::from_ref(&allocator), &with].concat().join(",");
            build_one(machine, package, &features, &format!("{name}-{allocator}"), glue)?;
        }
    }
    Ok(())
}

fn build_one(
    machine: &Machine,
    package: &Package,
    features: &str,
    name: &str,
    glue: Glue,
) -> Result<()> {
    // A folder of its own, so that no CARGO_TARGET_DIR decides where the module is found.
    let target = crate::root().join("target/modules");
    machine
        .wasm_target()?
        .cargo()
        .args(["build", "--release", "--target", WASM, "--package", &package.name])
        .args(["--no-default-features", "--features", features])
        .arg("--target-dir")
        .arg(&target)
        .run()?;
    let module = target.join(WASM).join("release").join(format!("{}.wasm", package.name));
    let folder = crate::root().join("www/src/wasm").join(name);
    match glue {
        Glue::Bindgen => cmd(machine.wasm_bindgen()?)
            .args(["--target", "web", "--out-dir"])
            .arg(folder)
            .arg(module)
            .run(),
        Glue::None => {
            let to = folder.join(format!("{}_bg.wasm", package.name));
            fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
            fs::copy(&module, &to).with_context(|| format!("copying to {}", to.display()))?;
            Ok(())
        }
    }
}

/// A program out of a folder's node_modules, run by node itself: no shell and no npm in between
/// that would have to pass on signals and exit codes.
pub fn node(folder: &Path, script: &str) -> Cmd {
    cmd("node").arg(folder.join("node_modules").join(script)).dir(folder)
}
