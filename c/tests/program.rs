//! C and C++ programs, compiled by clang against wasi-libc and linked with `libbonsai.a`, run by Node.
//!
//! Skipped, and said to be, where clang, wasi-libc, Node or Rust's target wasm32-wasip1 is missing.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const TARGET: &str = "wasm32-wasip1";

const RUN: &str = r#"
const { readFileSync } = require("node:fs");
const { WASI } = require("node:wasi");
const wasi = new WASI({ version: "preview1", args: ["program"], returnOnExit: true });
WebAssembly.instantiate(readFileSync(process.argv[1]), wasi.getImportObject())
  .then(({ instance }) => { process.exitCode = wasi.start(instance); });
"#;

/// Runs a command. `None` if the program is not there.
fn run(command: &mut Command) -> Option<Output> {
    command.output().ok()
}

fn text(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    String::from_utf8_lossy(out).into_owned() + &String::from_utf8_lossy(err)
}

/// Builds the static library. `None` if the target is not installed.
fn library(folder: &Path) -> Option<PathBuf> {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = run(Command::new(cargo)
        .args(["rustc", "--release", "--package", "bonsai_c", "--target", TARGET])
        .args(["--crate-type", "staticlib", "--target-dir"])
        .arg(folder)
        .current_dir(env!("CARGO_MANIFEST_DIR")))?;
    if text(&output).contains("target may not be installed") {
        return None;
    }
    assert!(output.status.success(), "{}", text(&output));
    Some(folder.join(TARGET).join("release/libbonsai.a"))
}

/// Compiles a program with the library, runs it, and expects "ok". Skips it, and says so, where a tool is missing.
fn runs(compiler: &str, flags: &[&str], program: &str, packages: &str) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(compiler);
    std::fs::create_dir_all(&folder).unwrap();
    let module = folder.join("program.wasm");
    let empty = folder.join(program);
    std::fs::write(&empty, "#include <stdio.h>\nint main(void) { return 0; }\n").unwrap();
    // Without -fno-builtin clang removes calls of malloc whose result it can guess.
    let compile = |file: &Path, library: Option<&Path>| {
        run(Command::new(compiler)
            .args([
                "--target=wasm32-wasi",
                "-O1",
                "-fno-builtin",
                "-Wl,--max-memory=33554432",
                "-I",
            ])
            .arg(source)
            .args(flags)
            .arg(file)
            .args(library)
            .arg("-o")
            .arg(&module))
    };
    if !compile(&empty, None).is_some_and(|output| output.status.success()) {
        println!("skipped: no {compiler} with wasi-libc (Debian: {packages})");
        return;
    }
    let Some(library) = library(&folder) else {
        println!("skipped: `rustup target add {TARGET}` would install Rust's target");
        return;
    };
    let output = compile(&source.join("tests").join(program), Some(&library)).unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let Some(output) = run(Command::new("node").args(["--no-warnings", "-e", RUN]).arg(&module))
    else {
        println!("skipped: no Node");
        return;
    };
    assert_eq!(text(&output).trim(), "ok");
}

#[test]
fn a_c_program_finds_c17_and_posix_in_the_library() {
    let packages = "clang, lld, wasi-libc, libclang-rt-dev-wasm32";
    runs("clang", &["-D_GNU_SOURCE"], "program.c", packages);
}

#[test]
fn operator_new_follows() {
    let packages = "clang, lld, libc++-14-dev-wasm32, libc++abi-14-dev-wasm32";
    runs("clang++", &["-std=c++17", "-fno-exceptions"], "program.cpp", packages);
}
