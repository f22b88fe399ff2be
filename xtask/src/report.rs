//! Scores: counted and told. [`runners`] reads them from the reports of test runners.

pub mod runners;

use std::time::Instant;

use anyhow::Result;

use crate::process::Output;
use runners::Ran;

/// The number of tests that passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
}

impl Tally {
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// Exactly what continuous integration looks for, alone on a line.
    pub fn line(self) -> String {
        format!("{} passed, {} failed", self.passed, self.failed)
    }
}

/// The score of one suite.
#[derive(Debug)]
pub struct Score {
    pub suite: &'static str,
    pub tally: Tally,
    pub seconds: f32,
    /// A line for each failure, told again at the end.
    pub failures: Vec<String>,
    /// A line for each test that failed, and passed when it was tried again.
    pub unsteady: Vec<String>,
    /// A line for each part that was left out, with the reason.
    pub skipped: Vec<String>,
}

impl Score {
    pub fn new(suite: &'static str) -> Self {
        Self {
            suite,
            tally: Tally::default(),
            seconds: 0.0,
            failures: Vec::new(),
            unsteady: Vec::new(),
            skipped: Vec::new(),
        }
    }

    /// One test: passed unless it is an error.
    pub fn check(&mut self, what: &str, test: impl FnOnce() -> Result<()>) {
        let start = self.begin(what);
        let error = test().err().map(|error| format!("{error:#}"));
        let tally = match error {
            None => Tally { passed: 1, failed: 0 },
            Some(_) => Tally { passed: 0, failed: 1 },
        };
        self.end(what, start, tally, error);
    }

    /// As many tests as `read` finds in the output of a run. A run that failed or ended without
    /// a failed test, and one in which there was no test, is a failure of its own.
    pub fn tests(
        &mut self,
        what: &str,
        run: impl FnOnce() -> Result<Output>,
        read: impl FnOnce(&Output) -> Ran,
    ) {
        let start = self.begin(what);
        let (mut tally, mut error) = (Tally::default(), None);
        match run() {
            Err(failure) => error = Some(format!("{failure:#}")),
            Ok(output) => {
                let ran = read(&output);
                tally = ran.tally;
                self.unsteady.extend(ran.unsteady);
                if tally.failed > 0 {
                    self.failures.push(format!("{what}: {} failed", tally.failed));
                    self.failures.extend(ran.failed);
                } else if !output.status.success() {
                    error = Some(format!("ended early ({})", output.status));
                } else if tally.passed == 0 {
                    error = Some("ran no test".to_owned());
                }
            }
        }
        if error.is_some() {
            tally.failed += 1;
        }
        self.end(what, start, tally, error);
    }

    pub fn skip(&mut self, what: &str, why: &str) {
        println!("[{}] {what}: skipped, {why}", self.suite);
        self.skipped.push(format!("{what}: {why}"));
    }

    fn begin(&self, what: &str) -> Instant {
        println!("[{}] {what}", self.suite);
        Instant::now()
    }

    fn end(&mut self, what: &str, start: Instant, tally: Tally, error: Option<String>) {
        self.tally.add(tally);
        let seconds = start.elapsed().as_secs_f32();
        println!("[{}] {what}: {} ({seconds:.1} s)", self.suite, tally.line());
        if let Some(error) = error {
            println!("{error}");
            self.failures.push(format!("{what}: {}", gist(&error)));
        }
    }
}

/// Tells every score and the total; the total's last line is the one that machines read.
pub fn summary(scores: &[Score]) -> Tally {
    let mut total = Tally::default();
    println!();
    for score in scores {
        total.add(score.tally);
        println!("{:<12} {}, {:.0} s", score.suite, score.tally.line(), score.seconds);
        for skipped in &score.skipped {
            println!("{:<12}   skipped: {skipped}", "");
        }
        for unsteady in &score.unsteady {
            println!("{:<12}   passed when tried again: {unsteady}", "");
        }
        for failure in &score.failures {
            println!("{:<12}   failed: {failure}", "");
        }
    }
    println!("{}", total.line());
    total
}

/// The line of an error that says most: the first that a tool marked as one.
fn gist(error: &str) -> &str {
    let mut lines = error.lines();
    let first = lines.next().unwrap_or_default();
    lines.find(|line| line.starts_with("error") || line.contains(" error ")).unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gist_of_an_error_is_what_a_tool_called_one() {
        let error =
            "`cargo build` failed (exit status: 101)\n   Compiling a\nerror[E0119]: no\nerror: 2";
        assert_eq!(gist(error), "error[E0119]: no");
        assert_eq!(gist("`x` failed\nDiff in a.rs"), "`x` failed");
        assert_eq!(gist(""), "");
    }

    #[test]
    fn the_closing_line_is_what_machines_read() {
        assert_eq!(Tally { passed: 3, failed: 0 }.line(), "3 passed, 0 failed");
    }

    #[test]
    fn a_run_without_a_test_is_a_failure() {
        let mut score = Score::new("sample");
        score.tests(
            "true",
            || crate::process::cmd("true").capture(),
            |o| runners::libtest(&o.text),
        );
        assert_eq!(score.tally, Tally { passed: 0, failed: 1 });
        assert_eq!(score.failures, ["true: ran no test"]);
    }

    #[test]
    fn a_run_that_ends_early_is_a_failure() {
        let mut score = Score::new("sample");
        let early = || crate::process::cmd("false").capture();
        let four = Tally { passed: 4, failed: 0 };
        score.tests("false", early, |_| Ran { tally: four, ..Ran::default() });
        assert_eq!(score.tally, Tally { passed: 4, failed: 1 });
        score.check("error", || anyhow::bail!("no"));
        assert_eq!(score.tally, Tally { passed: 4, failed: 2 });
    }

    #[test]
    fn failed_tests_are_told_by_their_names() {
        let mut score = Score::new("sample");
        let output = "test a::b ... FAILED\ntest result: FAILED. 1 passed; 1 failed; 0 ignored\n";
        let run = || crate::process::cmd("printf").arg(output).capture();
        score.tests("some tests", run, |o| runners::libtest(&o.text));
        assert_eq!(score.failures, ["some tests: 1 failed", "a::b"]);
    }
}
