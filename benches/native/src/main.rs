//! The cores beside their peers: the same operations, in one process, in turns.
//!
//! `cargo run --release -p bonsai_bench_native [-- --quick] [-- --json FILE]`
//!
//! A *round* gives every contestant of a workload one go, in an order that rotates, so that
//! whatever disturbs the machine disturbs all of them. The table shows the median of a contestant's
//! times, and the median over the rounds of its time divided by this crate's in the same round.

mod contestants;
mod record;
mod workload;

use std::{path::PathBuf, process::ExitCode};

use crate::{record::Record, workload::Workload};

/// The amount of work of a run.
#[derive(Clone, Copy, Debug)]
struct Effort {
    rounds: usize,
    /// Operations of a go.
    operations: usize,
}

impl Effort {
    const FULL: Effort = Effort { rounds: 31, operations: 400_000 };
    const QUICK: Effort = Effort { rounds: 3, operations: 20_000 };
}

const USAGE: &str = "\
usage: bonsai_bench_native [--quick] [--json FILE]
  --quick      a few seconds' work, to see that everything runs; the numbers mean little
  --json FILE  write every number to FILE too";

fn main() -> ExitCode {
    let mut effort = Effort::FULL;
    let mut json: Option<PathBuf> = None;
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--quick") => effort = Effort::QUICK,
            Some("--json") => json = arguments.next().map(PathBuf::from),
            Some("--help") => {
                println!("{USAGE}");
                return ExitCode::SUCCESS;
            }
            _ => {
                eprintln!("no such option: {}\n{USAGE}", argument.to_string_lossy());
                return ExitCode::FAILURE;
            }
        }
    }
    if cfg!(debug_assertions) {
        eprintln!("built without optimization: the numbers mean nothing");
    }

    let mut record = Record::new(effort.rounds, effort.operations);
    for workload in workload::all(effort.operations) {
        record.add(measure(&workload, effort.rounds));
        record.print_last();
    }
    if let Some(path) = json {
        if let Err(error) = std::fs::write(&path, record.to_json()) {
            eprintln!("{}: {error}", path.display());
            return ExitCode::FAILURE;
        }
        println!("\nwritten to {}", path.display());
    }
    ExitCode::SUCCESS
}

/// Nanoseconds an operation, of each contestant, in each round.
fn measure(workload: &Workload, rounds: usize) -> record::Measured {
    let contestants = contestants::for_workload(workload);
    let mut times = vec![Vec::with_capacity(rounds); contestants.len()];
    // A first go that is not counted: page faults, cold caches, the clock of the processor.
    for contestant in &contestants {
        (contestant.go)(workload);
    }
    for round in 0..rounds {
        for turn in 0..contestants.len() {
            let at = (turn + round) % contestants.len();
            let time = (contestants[at].go)(workload);
            times[at].push(time.as_secs_f64() * 1e9 / workload.steps.len() as f64);
        }
    }
    record::Measured {
        workload: workload.name,
        names: contestants.iter().map(|contestant| contestant.name).collect(),
        times,
    }
}
