//! Mutation testing of the library: cargo-mutants says what to change, and all changes go into one
//! build, where an environment variable says which of them is alive. A test that does not come
//! through a mutant's place is not run for it. So a mutant takes a second instead of a build.

mod alone;
mod build;
mod list;
mod report;
mod run;
mod weave;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;

use crate::build::{ALL, Build};
use crate::report::Report;
use crate::run::{Fate, Tests, parallel};

/// The features of the two passes; what the first does not catch, the second has to.
const PASSES: [&str; 2] = ["alloc,allocator-api2,trace", "alloc,allocator-api2,trace,checked"];

/// Change the library, one place at a time, and see whether a test fails
#[derive(Debug, Parser)]
#[command(name = "cargo xtask mutants --")]
struct Arguments {
    /// Only mutants with one of these in their names (src/heap.rs, for example)
    names: Vec<String>,
    /// Leave out tests that take longer, in seconds
    #[arg(long, default_value_t = 20.0)]
    longest: f64,
    /// How many tests run at a time
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// One pass only, of the two: 0 without `checked`, 1 with it
    #[arg(long)]
    pass: Option<usize>,
    /// Only the mutants that lived in the last run
    #[arg(long)]
    again: bool,
    /// One build a mutant, of those that lived: for what the compiler evaluates; half a minute each
    #[arg(long, requires = "again")]
    alone: bool,
    /// The same with the tests of a suite that runs wasm: for what is only there for wasm32
    #[arg(long, value_name = "SUITE", requires = "again")]
    wasm: Option<String>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("no workspace")?;
    let work = root.join("target/mutants");
    let results = work.join("results.json");
    let mut mutants = list::mutants(root, &arguments.names)?;
    let mut report = Report::default();
    if arguments.again {
        report = Report::read(&results)?;
        mutants.retain(|mutant| report.lives(mutant));
    }
    // The mutants of a place get numbers next to each other.
    mutants.sort_by(|one, other| {
        (&one.file, one.span, one.genre).cmp(&(&other.file, other.span, other.genre))
    });
    eprintln!("{} mutants", mutants.len());

    let folder = work.join("tree");
    let longest = Duration::from_secs_f64(arguments.longest);
    let mut fates = vec![Fate::NotReached; mutants.len()];
    if let Some(suite) = &arguments.wasm {
        alone::wasm_pass(root, &work.join("wasm"), &mutants, &mut fates, suite)?;
        report.note(&mutants, &fates);
        report.keep(&results)?;
        report.print();
        return Ok(());
    }
    for (number, features) in PASSES.into_iter().enumerate() {
        if arguments.pass.is_some_and(|pass| pass != number) {
            continue;
        }
        eprintln!("with the features {features}");
        if arguments.alone {
            alone::pass(root, &folder, features, &mutants, &mut fates, longest, arguments.jobs)?;
        } else {
            let build = Build::new(root, &folder, features, &mutants)?;
            let programs = build.programs(ALL)?;
            let tests = Tests::record(&folder, programs, mutants.len(), longest, arguments.jobs)?;
            eprintln!("{} tests", tests.len());
            pass(&build, &tests, &mut fates, arguments.jobs)?;
        }
        report.note(&mutants, &fates);
        report.keep(&results)?;
    }
    report.print();
    Ok(())
}

/// Runs every mutant that is not caught yet.
fn pass(build: &Build, tests: &Tests, fates: &mut [Fate], jobs: usize) -> Result<()> {
    let open: Vec<usize> = (0..fates.len())
        .filter(|&number| fates[number].lives() || fates[number] == Fate::Impossible)
        .collect();
    let done = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    parallel(jobs, open.len(), |index| {
        let number = open[index];
        let fate = if build.impossible.contains(&number) {
            Ok(Fate::Impossible)
        } else if build.left_out.contains(&number) {
            Ok(Fate::LeftOut)
        } else {
            // What another pass compiles may not be part of this one.
            build
                .places
                .get(&number)
                .map_or(Ok(Fate::NotReached), |&place| tests.fate(number, place))
        };
        found.lock().expect("no thread panics").push((number, fate));
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if done % 100 == 0 {
            eprintln!("  {done} of {}", open.len());
        }
    });
    for (number, fate) in found.into_inner().expect("no thread panics") {
        let fate = fate?;
        // What one pass says of a mutant stays where the other one does not come.
        if fate != Fate::NotReached {
            fates[number] = fate;
        }
    }
    Ok(())
}
