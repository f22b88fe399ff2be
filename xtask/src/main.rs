//! `cargo xtask`: every command of the project. Continuous integration runs nothing else, and each
//! command sets up what it needs.
//!
//! A module uses those before it in this list, never one behind it: `process`, `report`, `toolchain` and
//! `workspace`, `setup`, `lint` and `modules`, `commands`, `suites`.

mod commands;
mod lint;
mod modules;
mod process;
mod report;
mod setup;
mod suites;
mod toolchain;
mod workspace;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use lexopt::{Arg, Parser, ValueExt as _};

use crate::commands::{bench, c, coverage, fuzz, mutants, serve};
use crate::setup::{Machine, Need};

const HELP: &str = "\
The commands of bonsai_alloc; each sets up what it needs.

Usage: cargo xtask COMMAND [OPTIONS]

Every day
  serve [--port N] [--check]   Build the page's modules and serve the page on 127.0.0.1;
                               --check fetches it once and stops
  test [--only SUITE,...]      Run every suite, or some; the last line is `N passed, N failed`
  fmt                          Format all Rust code
  lint                         Run clippy, natively and for wasm, eslint and the type check
  tidy                         Run the suite tidy
  doc [--open]                 Build the documentation
  build                        Build the library, the page's modules, and the page into www/dist
  c                            Build libbonsai.a, the heap for C and C++, into target/c
  setup                        Install whatever is missing for all other commands

Measuring
  bench [--native] [-- ...]    Compare global allocators in wasm engines; with --native the cores with
                               their peers. Arguments after -- go to benches/suite or benches/native
  replay FILE [--heap NAME]... [--cost]
                               Replay a recorded trace on every allocator of the crate
  memories                     Record the heaps in tests/memories anew, after a change of the layout

Searching for bugs
  fuzz [--target NAME] [--seconds N] [--keep]
                               Run the fuzz targets with AddressSanitizer, 60 seconds each;
                               --keep adds what earlier runs found to fuzz/corpus instead
  mutants [--since COMMIT] [--shard K/N] [-- ...]
                               Change the library in one place at a time and run its tests:
                               the lines that differ from a commit, one shard, or all of src
  miri [--shard K/N]           Run native tests under Miri, or every Nth of them
  coverage                     Tell what the fuzzers' corpus reaches of each file of the library

The workflow
  ci                           Run all suites, then msrv, nightly, miri, asan, tsan,
                               deny and semver
  powerset                     Run the suite features
";

fn main() -> ExitCode {
    match execute(Parser::from_env(), &Machine::default()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn execute(mut parser: Parser, machine: &Machine) -> Result<ExitCode> {
    let command = match parser.next()? {
        Some(Arg::Value(name)) => name.string()?,
        None | Some(Arg::Long("help") | Arg::Short('h')) => "help".to_owned(),
        Some(other) => return Err(other.unexpected().into()),
    };
    // replay has options of its own.
    let own_options = command == "replay";
    let given = if own_options {
        Given { rest: strings(parser.raw_args()?)?, ..Given::default() }
    } else {
        let [flags, values, rest] = options(&command)?;
        Given::parse(parser, flags, values, !rest.is_empty())?
    };
    if given.has("help") || command == "help" {
        println!("{HELP}\nSuites and jobs\n{}", suites::list());
        return Ok(ExitCode::SUCCESS);
    }
    match command.as_str() {
        "serve" => {
            serve::serve(
                machine,
                given.number("port")?.unwrap_or(serve::PORT),
                given.has("check"),
            )?;
        }
        "test" => {
            let names: Vec<_> =
                given.value("only").into_iter().flat_map(|names| names.split(',')).collect();
            let only = names.into_iter().map(suites::find).collect::<Result<Vec<_>>>()?;
            return Ok(if only.is_empty() {
                suites::run_all(machine, suites::ALL)
            } else {
                suites::run_all(machine, only)
            });
        }
        "ci" => return Ok(suites::run_all(machine, suites::ALL.iter().chain(suites::JOBS))),
        "powerset" => return Ok(suites::run_all(machine, [suites::find("features")?])),
        "setup" => Need::ALL.iter().try_for_each(|need| machine.ensure(*need))?,
        "build" => commands::build(machine)?,
        "c" => c::c()?,
        "fmt" => lint::format()?,
        "lint" => lint::all(machine)?,
        "doc" => commands::doc(given.has("open"))?,
        "bench" if given.has("native") => bench::cores(&given.rest)?,
        "bench" => bench::heaps(machine, &given.rest)?,
        "replay" => commands::replay(&given.rest)?,
        "memories" => commands::memories(machine)?,
        "fuzz" => {
            let seconds = given.number("seconds")?.unwrap_or(60);
            fuzz::fuzz(machine, given.value("target"), seconds, given.has("keep"))?;
        }
        "mutants" => {
            mutants::mutants(machine, given.value("since"), given.value("shard"), &given.rest)?;
        }
        "coverage" => coverage::coverage()?,
        "miri" if given.value("shard").is_some() => {
            let shard = given.value("shard").unwrap_or_default().parse()?;
            return suites::run_miri(machine, shard);
        }
        suite => return Ok(suites::run_all(machine, [suites::find(suite)?])),
    }
    Ok(ExitCode::SUCCESS)
}

/// The flags of a command, its options with a value, and whether it takes more arguments.
fn options(command: &str) -> Result<[&'static [&'static str]; 3]> {
    Ok(match command {
        "serve" => [&["check"], &["port"], &[]],
        "test" => [&[], &["only"], &[]],
        "doc" => [&["open"], &[], &[]],
        "bench" => [&["native"], &[], &["..."]],
        "fuzz" => [&["keep"], &["target", "seconds"], &[]],
        "miri" => [&[], &["shard"], &[]],
        "mutants" => [&[], &["since", "shard"], &["..."]],
        "help" | "ci" | "powerset" | "setup" | "build" | "c" | "fmt" | "lint" | "memories"
        | "coverage" => [&[], &[], &[]],
        suite if suites::find(suite).is_ok() => [&[], &[], &[]],
        other => bail!("there is no command {other}; `cargo xtask --help` lists them"),
    })
}

/// The arguments behind a command.
#[derive(Debug, Default)]
struct Given {
    flags: Vec<String>,
    values: Vec<(String, String)>,
    rest: Vec<String>,
}

impl Given {
    fn parse(mut parser: Parser, flags: &[&str], values: &[&str], rest: bool) -> Result<Self> {
        let mut given = Self::default();
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Long("help") | Arg::Short('h') => given.flags.push("help".to_owned()),
                Arg::Long(name) if flags.contains(&name) => given.flags.push(name.to_owned()),
                Arg::Long(name) if values.contains(&name) => {
                    let name = name.to_owned();
                    given.values.push((name, parser.value()?.string()?));
                }
                Arg::Value(value) if rest => given.rest.push(value.string()?),
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(given)
    }

    fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|given| given == flag)
    }

    fn value(&self, option: &str) -> Option<&str> {
        self.values.iter().rev().find(|(name, _)| name == option).map(|(_, value)| value.as_str())
    }

    fn number<N: std::str::FromStr>(&self, option: &str) -> Result<Option<N>> {
        let parse = |text: &str| {
            text.parse().ok().with_context(|| format!("--{option} {text}: not a number that fits"))
        };
        self.value(option).map(parse).transpose()
    }
}

fn strings(words: impl Iterator<Item = std::ffi::OsString>) -> Result<Vec<String>> {
    words.map(|word| Ok(word.string()?)).collect()
}

/// The project's folder.
fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(line: &str) -> Result<Given> {
        let mut words = line.split(' ');
        let [flags, values, rest] = options(words.next().unwrap_or_default())?;
        Given::parse(Parser::from_args(words), flags, values, !rest.is_empty())
    }

    #[test]
    fn every_command_of_the_help_exists_with_its_options() {
        let lines = HELP.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        let mut commands = 0;
        for line in lines.skip_while(|line| line.contains("Usage")) {
            let name = line.split_whitespace().next().unwrap();
            if name != "replay" {
                let [flags, values, _] = options(name).unwrap();
                for option in flags.iter().chain(values) {
                    assert!(line.contains(&format!("[--{option}")), "{name} --{option}");
                }
            }
            commands += 1;
        }
        assert_eq!(commands, 18);
    }

    #[test]
    fn options_are_read_and_others_refused() {
        let test = given("test --only native,wasm").unwrap();
        assert_eq!(test.value("only"), Some("native,wasm"));
        let bench = given("bench --native -- --quick --engine node").unwrap();
        assert!(bench.has("native"));
        assert_eq!(bench.rest, ["--quick", "--engine", "node"]);
        assert_eq!(given("fuzz --seconds=5").unwrap().number("seconds").unwrap(), Some(5_u64));
        assert!(given("serve --port x").unwrap().number::<u16>("port").is_err());
        for wrong in ["test --all", "fmt now", "serve --port", "tests", "bench --quick"] {
            assert!(given(wrong).is_err(), "{wrong}");
        }
    }
}
