//! `cargo xtask`: every command of the project. Whatever continuous integration runs is one of
//! these, and each sets up what it needs.

mod commands;
mod coverage;
mod fuzz;
mod modules;
mod process;
mod report;
mod serve;
mod setup;
mod suites;
mod tidy;
mod toolchain;
mod workspace;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::setup::{Machine, Need};

/// The commands of bonsai_alloc
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build the page's modules and serve the page on 127.0.0.1
    Serve {
        /// The port to prefer; a free one is taken if it is in use
        #[arg(long, default_value_t = serve::PORT)]
        port: u16,
        /// Fetch the page once over HTTP, then stop: fails unless it was served
        #[arg(long)]
        check: bool,
    },
    /// Run every test suite, or some; the last line is `N passed, N failed`
    Test {
        /// The suites to run, of: tidy, native, acid-compat, features, docs, wasm,
        /// differential, page, misuse, bench-smoke, size
        #[arg(long, value_name = "SUITE", value_delimiter = ',', value_parser = suites::find)]
        only: Vec<&'static suites::Suite>,
    },
    /// Install whatever is missing for all other commands
    Setup,
    /// Build the library, the page's modules, and the page itself into www/dist
    Build,
    /// Compare global allocators in wasm engines; arguments after -- go to benches/suite
    Bench {
        /// Compare the cores with their peers natively instead (benches/native)
        #[arg(long)]
        native: bool,
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Replay a recorded trace on every allocator of the crate: FILE [--heap NAME]... [--cost]
    Replay {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Record the heaps' memories in tests/memories anew, for the tests of the layout
    Memories,
    /// Format all Rust code
    Fmt,
    /// Run clippy, natively and for wasm, and the page's linter and type check
    Lint,
    /// Check format, lints, who imports whom and other house rules (the suite tidy)
    Tidy,
    /// Build the documentation
    Doc {
        /// Open it in a browser
        #[arg(long)]
        open: bool,
    },
    /// Build with the oldest Rust that Cargo.toml promises
    Msrv,
    /// Test and lint with every feature on nightly Rust
    Nightly,
    /// Run the native tests under Miri, with both of its borrow models (needs nightly's miri)
    Miri,
    /// Build every combination of features, natively and for wasm (the suite features)
    Powerset,
    /// Run the native tests with AddressSanitizer (needs nightly)
    Asan,
    /// Look at licences, sources and advisories of every dependency
    Deny,
    /// Run the fuzz targets with AddressSanitizer, until something is found or time is up
    Fuzz {
        /// One target only, of those in fuzz/fuzz_targets
        #[arg(long)]
        target: Option<String>,
        /// How long each target runs
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Do not fuzz: add to fuzz/corpus what earlier runs found and it does not reach
        #[arg(long)]
        keep: bool,
    },
    /// Tell what the fuzzers' corpus reaches of each file of the library
    Coverage,
    /// Change the library, one place at a time, and look whether a test fails; arguments after --
    /// go to mutants/
    Mutants {
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Everything that the workflow runs, in its order: test, msrv, nightly, miri, asan, deny
    Ci,
}

fn main() -> ExitCode {
    let machine = Machine::default();
    match execute(Arguments::parse().command, &machine) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command, machine: &Machine) -> Result<ExitCode> {
    let suite = |name| Ok(commands::test(machine, [suites::find(name)?]));
    match command {
        Command::Serve { port, check } => serve::serve(machine, port, check)?,
        Command::Test { only } if only.is_empty() => {
            return Ok(commands::test(machine, suites::ALL));
        }
        Command::Test { only } => return Ok(commands::test(machine, only)),
        Command::Ci => return Ok(commands::test(machine, suites::ALL.iter().chain(suites::JOBS))),
        Command::Tidy => return suite("tidy"),
        Command::Powerset => return suite("features"),
        Command::Msrv => return suite("msrv"),
        Command::Nightly => return suite("nightly"),
        Command::Miri => return suite("miri"),
        Command::Asan => return suite("asan"),
        Command::Deny => return suite("deny"),
        Command::Coverage => coverage::coverage()?,
        Command::Fuzz { target, seconds, keep } => {
            fuzz::fuzz(machine, target.as_deref(), seconds, keep)?;
        }
        Command::Setup => Need::ALL.iter().try_for_each(|need| machine.ensure(*need))?,
        Command::Build => commands::build(machine)?,
        Command::Bench { native: true, arguments } => commands::bench_cores(&arguments)?,
        Command::Bench { native: false, arguments } => commands::bench(machine, &arguments)?,
        Command::Mutants { arguments } => commands::mutants(machine, &arguments)?,
        Command::Replay { arguments } => commands::replay(&arguments)?,
        Command::Memories => commands::memories(machine)?,
        Command::Fmt => commands::fmt()?,
        Command::Lint => commands::lint(machine)?,
        Command::Doc { open } => commands::doc(open)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The project's folder.
fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}
