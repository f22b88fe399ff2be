//! The heap as a static library for C and C++: `cargo xtask c`.

use std::fs;

use anyhow::{Context as _, Result};

use crate::process::cmd;

/// The targets whose C library it can replace the allocator of, and how a program is linked with it.
const TARGETS: [(&str, &str); 2] = [
    ("wasm32-wasip1", "clang --target=wasm32-wasi program.c libbonsai.a"),
    ("wasm32-unknown-emscripten", "emcc program.c libbonsai.a"),
];

/// Builds `libbonsai.a` for each target, and puts it beside `bonsai.h` into `target/c/TARGET`.
pub fn c() -> Result<()> {
    for (target, link) in TARGETS {
        cmd("rustup").args(["target", "add", target]).quiet().with_context(|| {
            format!("Rust's target {target} is missing, and rustup could not install it")
        })?;
        cmd("cargo")
            .args(["rustc", "--release", "--package", "bonsai_c", "--crate-type", "staticlib"])
            .args(["--target", target])
            // The compiler sees the whole library, and leaves out what no C program can call.
            .args(["--config", "profile.release.lto=true"])
            .run()?;
        let built = crate::root().join("target").join(target).join("release/libbonsai.a");
        let folder = crate::root().join("target/c").join(target);
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        for file in [built, crate::root().join("c/bonsai.h")] {
            let to = folder.join(file.file_name().context("a file has a name")?);
            fs::copy(&file, &to)
                .with_context(|| format!("cannot copy {} to {}", file.display(), to.display()))?;
        }
        println!("{}: link it before the C library, as in `{link}`", folder.display());
    }
    Ok(())
}
