//! The test suites: one short function each, in one table.

mod audits;
mod browsers;
mod differential;
mod features;
mod native;
mod release;
mod targets;
mod tidy;
mod toolchains;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::commands::bench;
use crate::process::cmd;
use crate::report::{self, Score};
use crate::setup::{Machine, Need};
use crate::toolchain::Toolchain;
use crate::workspace;

pub use self::toolchains::Shard;

/// A suite: what it is called, what it needs and how it runs.
#[derive(Debug)]
pub struct Suite {
    pub name: &'static str,
    about: &'static str,
    needs: &'static [Need],
    run: fn(&Machine, &mut Score) -> Result<()>,
}

/// In the order in which they run: what fails soonest comes first.
pub const ALL: &[Suite] = &[
    Suite {
        name: "tidy",
        about: "format, lints, and the house rules that no linter knows",
        needs: &[Need::WasmTarget, Need::PageModules],
        run: tidy::suite,
    },
    Suite {
        name: "native",
        about: "the library's tests and doctests on this machine, under several sets of features \
                and with AddressSanitizer",
        needs: &[],
        run: native::suite,
    },
    Suite {
        name: "acid-compat",
        about: "a program written for acid_alloc, over this crate and over acid_alloc",
        needs: &[],
        run: acid_compat,
    },
    Suite {
        name: "features",
        about: "every combination of features builds, natively and for wasm",
        needs: &[Need::WasmTarget],
        run: features::suite,
    },
    Suite {
        name: "docs",
        about: "the documentation builds without a warning",
        needs: &[],
        run: docs,
    },
    Suite {
        name: "package",
        about: "the crate and the npm package can be published as they are",
        needs: &[Need::PageModules],
        run: release::packages,
    },
    Suite {
        name: "wasm",
        about: "allocators and handles in headless Chromium and Firefox",
        needs: &[Need::WasmTarget, Need::WasmBindgen, Need::WasmPack, Need::Chrome, Need::Firefox],
        run: browsers::wasm,
    },
    Suite {
        name: "differential",
        about: "every heap answers in Node and in browsers as it does over simulated memory",
        needs: &[Need::WasmTarget, Need::Chrome, Need::Firefox, Need::PageModules],
        run: differential::suite,
    },
    Suite {
        name: "targets",
        about: "cores and heaps under WASI, in components, on Emscripten, over memory64, and on boards under QEMU",
        needs: &[Need::WasmTarget, Need::Chrome, Need::PageModules, Need::Targets],
        run: targets::suite,
    },
    Suite {
        name: "page",
        about: "the page's units, the page itself in headless Chromium, and a smoke run in Firefox",
        needs: &[
            Need::WasmTarget,
            Need::WasmBindgen,
            Need::WasmPack,
            Need::Chrome,
            Need::PageModules,
            Need::Perfetto,
            Need::SuiteModules,
        ],
        run: browsers::page,
    },
    Suite {
        name: "misuse",
        about: "a misused wasm module traps and says why; one whose memory fails goes on",
        needs: &[Need::WasmTarget, Need::SuiteModules],
        run: misuse,
    },
    Suite {
        name: "bench-smoke",
        about: "the benchmarks run, in their shortest form; memory of a long run stays bounded",
        needs: &[Need::WasmTarget, Need::Chrome, Need::Firefox, Need::PageModules],
        run: bench_smoke,
    },
    Suite {
        name: "size",
        about: "what each allocator adds to a module; TinyHeap adds less than lol_alloc, and none can panic",
        needs: &[Need::WasmTarget, Need::SuiteModules],
        run: size,
    },
];

/// The jobs of the workflow beside the suites.
pub const JOBS: &[Suite] = &[
    Suite {
        name: "msrv",
        about: "the oldest Rust that Cargo.toml promises builds the library",
        needs: &[],
        run: toolchains::msrv,
    },
    Suite {
        name: "nightly",
        about: "tests, lints and documentation with every feature",
        needs: &[],
        run: toolchains::nightly,
    },
    Suite {
        name: "miri",
        about: "the native tests under Miri, with both of its models of borrowing",
        needs: &[],
        run: |_, score| toolchains::miri(score, None),
    },
    Suite {
        name: "asan",
        about: "the native tests with AddressSanitizer",
        needs: &[],
        run: audits::asan,
    },
    Suite {
        name: "tsan",
        about: "the native tests in which threads meet, with ThreadSanitizer",
        needs: &[],
        run: audits::tsan,
    },
    Suite {
        name: "deny",
        about: "licences, sources and advisories of every dependency",
        needs: &[],
        run: audits::deny,
    },
    Suite {
        name: "semver",
        about: "the library's interface changes as its version says",
        needs: &[],
        run: release::semver,
    },
];

pub fn find(name: &str) -> Result<&'static Suite> {
    ALL.iter().chain(JOBS).find(|suite| suite.name == name).with_context(|| {
        let names: Vec<_> = ALL.iter().map(|suite| suite.name).collect();
        format!("there is no suite {name}; there are: {}", names.join(", "))
    })
}

/// A line on each suite and job, for the help.
pub fn list() -> String {
    let line = |suite: &Suite| format!("  {:<14} {}\n", suite.name, suite.about);
    ALL.iter().chain(JOBS).map(line).collect()
}

/// Runs suites and tells the score.
pub fn run_all<'a>(machine: &Machine, suites: impl IntoIterator<Item = &'a Suite>) -> ExitCode {
    told(&suites.into_iter().map(|suite| run(suite, machine, suite.run)).collect::<Vec<_>>())
}

/// Runs one shard of the job `miri`.
pub fn run_miri(machine: &Machine, shard: Shard) -> Result<ExitCode> {
    let score = run(find("miri")?, machine, |_, score| toolchains::miri(score, Some(shard)));
    Ok(told(&[score]))
}

fn told(scores: &[Score]) -> ExitCode {
    if report::summary(scores).failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Sets up what a suite needs and does its work. What keeps it from running is a failure of its own.
fn run(
    suite: &Suite,
    machine: &Machine,
    work: impl FnOnce(&Machine, &mut Score) -> Result<()>,
) -> Score {
    let start = Instant::now();
    let mut score = Score::new(suite.name);
    println!("\n== {}: {}", suite.name, suite.about);
    let outcome = suite
        .needs
        .iter()
        .try_for_each(|need| machine.ensure(*need))
        .and_then(|()| work(machine, &mut score));
    if let Err(error) = outcome {
        score.check("could not run to its end", || Err(error));
    } else if score.tally == report::Tally::default() {
        score.check("ran no test", || bail!("the suite {} is empty", suite.name));
    }
    score.seconds = start.elapsed().as_secs_f32();
    println!("== {}: {} ({:.1} s)", suite.name, score.tally.line(), score.seconds);
    score
}

fn acid_compat(_: &Machine, score: &mut Score) -> Result<()> {
    let packages = workspace::packages()?;
    for package in packages.iter().filter(|p| p.folder.starts_with("tests/acid-compat")) {
        score.tests(
            &package.name,
            || cmd("cargo").args(["test", "--no-fail-fast", "--package", &package.name]).tee(),
            |output| report::runners::libtest(&output.text),
        );
    }
    let Some(nightly) = Toolchain::nightly() else {
        score.skip("constructors over any `Allocator`", "there is no nightly toolchain");
        return Ok(());
    };
    // Only this crate: acid_alloc's own `unstable` no longer builds.
    let package = packages.iter().find(|package| package.folder == "tests/acid-compat");
    let name = &package.context("no crate in tests/acid-compat/")?.name;
    score.tests(
        &format!("{name}, nightly"),
        || {
            let test = nightly.cargo().args(["test", "--no-fail-fast", "--package", name]);
            test.args(["--features", workspace::UNSTABLE]).tee()
        },
        |output| report::runners::libtest(&output.text),
    );
    Ok(())
}

fn docs(_: &Machine, score: &mut Score) -> Result<()> {
    let packages = workspace::packages()?;
    let library = workspace::library(&packages)?;
    let document = |arguments: &[&str]| {
        let command = cmd("cargo").args(["doc", "--no-deps", "--package", &library.name]);
        command.args(arguments).env("RUSTDOCFLAGS", "-Dwarnings").quiet()
    };
    score.check("the library, with its default features", || document(&[]));
    score.check("the README links to pages of it", tidy::are_documented);
    let features = library.stable_features().join(",");
    score.check("the library, with every stable feature and private items", || {
        document(&["--features", &features, "--document-private-items"])
    });
    Ok(())
}

fn misuse(machine: &Machine, score: &mut Score) -> Result<()> {
    let wasm = machine.wasm_target()?;
    let tests = crate::root().join("tests/misuse");
    score.tests(
        "misuses with the feature checked, and faults of memory, in Node",
        || wasm.on(cmd("node")).args(["--test", "--test-reporter=tap"]).dir(&tests).tee(),
        |output| report::runners::node(&output.text),
    );
    Ok(())
}

fn bench_smoke(machine: &Machine, score: &mut Score) -> Result<()> {
    let wasm = machine.wasm_target()?;
    let suite = crate::root().join(workspace::SUITE);
    score.check("the cores, natively", || bench::cores(&["--quick".to_owned()]));
    score.tests(
        "the harness of the benchmark suite",
        || cmd("node").args(["--test", "--test-reporter=tap"]).dir(&suite.join("harness")).tee(),
        |output| report::runners::node(&output.text),
    );
    let smoke = |arguments: &[&str]| {
        wasm.on(cmd("node")).arg(suite.join("run.mjs")).arg("--smoke").args(arguments).run()
    };
    score.check("the benchmark suite, every allocator", || smoke(&["--shape", "shapes"]));
    // Linking all of them with every allocator would take longer than all other suites.
    score.check("the benchmark suite, real programs", || {
        smoke(&["--shape", "programs", "--peer", "talc,heap"])
    });
    score.check("the benchmark suite, in browsers", || {
        bench::heaps(machine, &BROWSERS_SMOKE.map(str::to_owned))
    });
    score.check("a soak: memory stops growing", || {
        wasm.on(cmd("node")).arg(suite.join("soak.mjs")).run()
    });
    Ok(())
}

/// Two allocators are enough: the code that drives the browsers is the same for each.
const BROWSERS_SMOKE: [&str; 7] =
    ["--smoke", "--engine", "chromium,firefox", "--shape", "shapes", "--peer", "talc,heap"];

fn size(machine: &Machine, score: &mut Score) -> Result<()> {
    let wasm = machine.wasm_target()?;
    let script = machine.suite_modules()?.join("sizes.mjs");
    score.check("TinyHeap adds fewer bytes than lol_alloc, and no heap has a panic", || {
        wasm.on(cmd("node")).arg(&script).arg("--assert").run()
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_that_ran_no_test_has_failed() {
        let empty = Suite { name: "empty", about: "", needs: &[], run: |_, _| Ok(()) };
        let score = run(&empty, &Machine::default(), empty.run);
        assert_eq!(score.tally, report::Tally { passed: 0, failed: 1 });
    }

    #[test]
    fn a_suite_that_cannot_run_has_failed() {
        let broken = Suite { name: "broken", about: "", needs: &[], run: |_, _| bail!("no disk") };
        let score = run(&broken, &Machine::default(), broken.run);
        assert_eq!(score.tally, report::Tally { passed: 0, failed: 1 });
        assert_eq!(score.failures, ["could not run to its end: no disk"]);
    }

    #[test]
    fn suites_are_found_by_name() {
        assert_eq!(find("wasm").unwrap().name, "wasm");
        assert!(find("wasn").unwrap_err().to_string().contains("tidy, native"));
    }
}
