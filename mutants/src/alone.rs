//! Mutants that are built by themselves: what the compiler evaluates, no variable changes; and what is
//! only there for wasm32, where there are no variables.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::build::{ALL, Build, LIBRARY, copy};
use crate::list::Mutant;
use crate::run::{Fate, Outcome, Tests, outcome};
use crate::weave::Lines;

const HOUR: Duration = Duration::from_secs(3600);

/// Builds the library with one mutant after the other in it, of those that still live, and runs every
/// test that takes no longer than `longest`: those in the library first, which take the least to build.
pub(crate) fn pass(
    root: &Path,
    folder: &Path,
    features: &'static str,
    mutants: &[Mutant],
    fates: &mut [Fate],
    longest: Duration,
    jobs: usize,
) -> Result<()> {
    let build = Build::new(root, folder, features, &[])?;
    let tests = Tests::record(folder, build.programs(ALL)?, 0, longest, jobs)?;
    each(folder, mutants, fates, || natively(&build, &tests))
}

/// The same for wasm32, and `suite` of the tests instead.
pub(crate) fn wasm_pass(
    root: &Path,
    folder: &Path,
    mutants: &[Mutant],
    fates: &mut [Fate],
    suite: &str,
) -> Result<()> {
    copy(root, folder)?;
    let cargo = |arguments: &[&str], limit| {
        let mut cargo = Command::new("cargo");
        cargo.args(arguments).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
        outcome(cargo.process_group(0), limit)
    };
    let test = ["xtask", "test", "--only", suite];
    let build = ["build", "--target", "wasm32-unknown-unknown", "--features", "trace,checked"];
    // The first time more than a mutant is built.
    let passed = cargo(&test, HOUR)?;
    ensure!(passed == Outcome::Passed, "the suite {suite} fails without a mutant");
    let start = Instant::now();
    cargo(&test, HOUR)?;
    let limit = start.elapsed() * 4;
    each(folder, mutants, fates, || {
        Ok(match cargo(&build, HOUR)? {
            Outcome::Passed => match cargo(&test, limit)? {
                Outcome::Passed => Fate::Missed,
                Outcome::Failed => Fate::Caught(suite.to_owned()),
                Outcome::TimedOut => Fate::TimedOut(suite.to_owned()),
            },
            _ => Fate::Impossible,
        })
    })
}

/// Puts one mutant after the other, of those that live, into the library, and asks for its fate.
fn each(
    folder: &Path,
    mutants: &[Mutant],
    fates: &mut [Fate],
    ask: impl Fn() -> Result<Fate>,
) -> Result<()> {
    for (mutant, before) in mutants.iter().zip(fates) {
        if !before.lives() {
            continue;
        }
        let file = folder.join(&mutant.file);
        let source = fs::read_to_string(&file)?;
        fs::write(&file, with(&source, mutant))?;
        let fate = ask();
        fs::write(&file, source)?;
        *before = fate.with_context(|| mutant.name.clone())?;
        eprintln!("  {}: {before:?}", mutant.name);
    }
    Ok(())
}

fn natively(build: &Build, tests: &Tests) -> Result<Fate> {
    for part in [LIBRARY, ALL] {
        let Ok(programs) = build.programs(part) else { return Ok(Fate::Impossible) };
        match tests.run(&programs)? {
            Fate::Missed => {}
            told => return Ok(told),
        }
    }
    Ok(Fate::Missed)
}

/// The source with the mutant in it.
fn with(source: &str, mutant: &Mutant) -> String {
    let lines = Lines::new(source);
    let (start, end) = (lines.offset(mutant.span.start), lines.offset(mutant.span.end));
    format!("{}{}{}", &source[..start], mutant.replacement, &source[end..])
}
