//! Which tests reach a place, and whether one of them tells a mutant.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// What a process may take of memory, in KiB: a mutant that never stops allocating ends.
const MEMORY: u64 = 6 << 20;

/// One test of a program.
#[derive(Debug)]
struct Test {
    program: usize,
    name: String,
    takes: Duration,
    /// A byte a mutant: whether the test comes through its place.
    reached: Vec<u8>,
}

/// Every test that is short enough.
#[derive(Debug)]
pub(crate) struct Tests {
    folder: PathBuf,
    programs: Vec<PathBuf>,
    tests: Vec<Test>,
}

/// What became of a mutant.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fate {
    /// This test failed.
    Caught(String),
    /// This test did not end.
    TimedOut(String),
    /// Every test that comes through its place passed.
    Missed,
    /// No test comes through its place.
    NotReached,
    /// It does not compile.
    Impossible,
    /// It has to be run by cargo-mutants.
    LeftOut,
}

impl Fate {
    /// Whether no test has told it from the library, though it may be one.
    pub(crate) fn lives(&self) -> bool {
        matches!(self, Self::Missed | Self::NotReached | Self::LeftOut)
    }
}

impl Tests {
    /// Runs every test alone, without a mutant, and notes what it reaches; tests that take longer
    /// than `longest` are left out.
    pub(crate) fn record(
        folder: &Path,
        programs: Vec<PathBuf>,
        mutants: usize,
        longest: Duration,
        jobs: usize,
    ) -> Result<Self> {
        let mut names = Vec::new();
        for (number, program) in programs.iter().enumerate() {
            let listed = Command::new(program)
                .args(["--list", "--format", "terse"])
                .current_dir(folder)
                .output()?;
            for line in String::from_utf8_lossy(&listed.stdout).lines() {
                if let Some(name) = line.strip_suffix(": test") {
                    names.push((number, name.to_owned()));
                }
            }
        }
        let tests = Mutex::new(Vec::new());
        let failed = Mutex::new(Vec::new());
        parallel(jobs, names.len(), |number| {
            let (program, name) = &names[number];
            let map = std::env::temp_dir()
                .join(format!("bonsai-reached-{}-{number}", std::process::id()));
            let noted = (|| -> Result<()> {
                fs::write(&map, vec![0; mutants])?;
                let start = Instant::now();
                let outcome = outcome(
                    test_command(&programs[*program], std::slice::from_ref(name), folder)
                        .env("BONSAI_REACHED", &map),
                    longest,
                )?;
                match outcome {
                    Outcome::Passed => tests.lock().expect("no test panics").push(Test {
                        program: *program,
                        name: name.clone(),
                        takes: start.elapsed(),
                        reached: fs::read(&map)?,
                    }),
                    Outcome::Failed => failed.lock().expect("no test panics").push(name.clone()),
                    Outcome::TimedOut => {
                        eprintln!("  left out, for it takes longer than {longest:?}: {name}");
                    }
                }
                Ok(())
            })();
            let _ = fs::remove_file(&map);
            if let Err(error) = noted {
                failed.lock().expect("no test panics").push(format!("{name}: {error:#}"));
            }
        });
        for name in failed.into_inner().expect("no test panics") {
            eprintln!("  left out, for it fails without a mutant: {name}");
        }
        let mut tests = tests.into_inner().expect("no test panics");
        tests.sort_by_key(|test| test.takes);
        Ok(Self { folder: folder.to_owned(), programs, tests })
    }

    pub(crate) fn len(&self) -> usize {
        self.tests.len()
    }

    /// Runs the tests that come through a mutant's place, the quick ones first and together.
    pub(crate) fn fate(&self, mutant: usize, place: usize) -> Result<Fate> {
        let reaching: Vec<&Test> =
            self.tests.iter().filter(|test| test.reached[place] != 0).collect();
        if reaching.is_empty() {
            return Ok(Fate::NotReached);
        }
        let mut groups: Vec<Vec<&Test>> = Vec::new();
        for test in reaching {
            let quick = |takes: Duration| takes.as_millis().max(30).ilog2() / 2;
            match groups.iter_mut().rev().find(|group| {
                group[0].program == test.program && quick(group[0].takes) == quick(test.takes)
            }) {
                Some(group) if group.len() < 24 => group.push(test),
                _ => groups.push(vec![test]),
            }
        }
        for group in groups {
            let takes: Duration = group.iter().map(|test| test.takes).sum();
            let names: Vec<String> = group.iter().map(|test| test.name.clone()).collect();
            let outcome = outcome(
                test_command(&self.programs[group[0].program], &names, &self.folder)
                    .env("BONSAI_MUTANT", mutant.to_string()),
                takes * 8 + Duration::from_secs(5),
            )?;
            let named = match &names[..] {
                [name] => name.clone(),
                [name, ..] => format!("{name} or {} more", names.len() - 1),
                [] => continue,
            };
            match outcome {
                Outcome::Passed => {}
                Outcome::Failed => return Ok(Fate::Caught(named)),
                Outcome::TimedOut => return Ok(Fate::TimedOut(named)),
            }
        }
        Ok(Fate::Missed)
    }

    /// Runs the tests of some of the programs, whatever they come through.
    pub(crate) fn run(&self, programs: &[PathBuf]) -> Result<Fate> {
        for (number, program) in self.programs.iter().enumerate() {
            let of = |test: &&Test| test.program == number;
            let tests: Vec<&Test> = self.tests.iter().filter(of).collect();
            if tests.is_empty() || !programs.contains(program) {
                continue;
            }
            let names: Vec<String> = tests.iter().map(|test| test.name.clone()).collect();
            let takes: Duration = tests.iter().map(|test| test.takes).sum();
            let limit = takes * 8 + Duration::from_secs(5);
            let name = || program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            match outcome(&mut test_command(program, &names, &self.folder), limit)? {
                Outcome::Passed => {}
                Outcome::Failed => return Ok(Fate::Caught(name())),
                Outcome::TimedOut => return Ok(Fate::TimedOut(name())),
            }
        }
        Ok(Fate::Missed)
    }
}

/// Does something for every number below `count`, with `jobs` threads.
pub(crate) fn parallel(jobs: usize, count: usize, each: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    each(number);
                }
            });
        }
    });
}

/// How a program ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed,
    TimedOut,
}

fn test_command(program: &Path, names: &[String], folder: &Path) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("ulimit -v {MEMORY}; ulimit -c 0; exec \"$0\" \"$@\"")])
        .arg(program)
        .args(["--exact", "--test-threads", "1"])
        .args(names)
        .current_dir(folder)
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    command
}

/// Runs a program, in a process group of its own, no longer than `limit`.
pub(crate) fn outcome(command: &mut Command, limit: Duration) -> Result<Outcome> {
    let mut child = command.spawn().context("a test program does not start")?;
    let start = Instant::now();
    let mut pause = Duration::from_micros(500);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(if status.success() { Outcome::Passed } else { Outcome::Failed });
        }
        if start.elapsed() > limit {
            end(&mut child)?;
            return Ok(Outcome::TimedOut);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Ends a test and whatever it started.
fn end(child: &mut Child) -> Result<()> {
    Command::new("kill").args(["-9", "--", &format!("-{}", child.id())]).status()?;
    child.wait()?;
    Ok(())
}
