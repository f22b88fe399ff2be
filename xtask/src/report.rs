//! Scores: counted, told, and read from the reports of test runners.

use std::time::Instant;

use anyhow::Result;

use crate::process::Output;

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

    /// As many tests as `count` finds in the output of a run. A run that failed or ended without
    /// a failed test, and one in which there was no test, is a failure of its own.
    pub fn tests(
        &mut self,
        what: &str,
        run: impl FnOnce() -> Result<Output>,
        count: impl FnOnce(&Output) -> Tally,
    ) {
        let start = self.begin(what);
        let (mut tally, mut error) = (Tally::default(), None);
        match run() {
            Err(failure) => error = Some(format!("{failure:#}")),
            Ok(output) => {
                tally = count(&output);
                if tally.failed > 0 {
                    self.failures.push(format!("{what}: {} failed", tally.failed));
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
        for failure in &score.failures {
            println!("{:<12}   failed: {failure}", "");
        }
    }
    println!("{}", total.line());
    total
}

/// The tests that libtest reports, and wasm-bindgen's test runner, which speaks like it:
/// `test result: ok. 3 passed; 1 failed; 0 ignored; ...`, any number of times.
pub fn libtest(output: &str) -> Tally {
    let mut tally = Tally::default();
    for line in output.lines() {
        let Some((_, counts)) = line.split_once("test result: ") else { continue };
        tally.passed += number_before(counts, " passed");
        tally.failed += number_before(counts, " failed");
    }
    tally
}

/// The closing lines of node's test runner: `# pass 3`, `# fail 1`.
pub fn node(output: &str) -> Tally {
    let number = |name: &str| {
        let count = output.lines().rev().find_map(|line| line.strip_prefix(name));
        count.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
    };
    Tally { passed: number("# pass "), failed: number("# fail ") }
}

/// The tests that node's runner says were skipped, and why: `ok 1 - a name # SKIP the reason`.
pub fn skipped_by_node(output: &str) -> Vec<(String, String)> {
    let skipped = |line: &str| {
        let (test, why) = line.trim_start().split_once(" # SKIP ")?;
        let (_, name) = test.split_once(" - ")?;
        Some((name.to_owned(), why.to_owned()))
    };
    output.lines().filter_map(skipped).collect()
}

/// Vitest's JSON report.
pub fn vitest(json: &serde_json::Value) -> Tally {
    let number = |name: &str| json[name].as_u64().unwrap_or(0);
    Tally { passed: number("numPassedTests"), failed: number("numFailedTests") }
}

/// Playwright's JSON report. A test that passed only when tried again has failed.
pub fn playwright(json: &serde_json::Value) -> Tally {
    let number = |name: &str| json["stats"][name].as_u64().unwrap_or(0);
    Tally { passed: number("expected"), failed: number("unexpected") + number("flaky") }
}

/// The tests that Playwright's JSON report says were skipped, and why.
pub fn skipped_by_playwright(json: &serde_json::Value) -> Vec<(String, String)> {
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let mut skipped = Vec::new();
    let mut suites = list(&json["suites"]);
    while let Some(suite) = suites.pop() {
        suites.extend(list(&suite["suites"]));
        for spec in list(&suite["specs"]) {
            for note in list(&spec["tests"]).iter().flat_map(|test| list(&test["annotations"])) {
                if note["type"] == "skip" {
                    let text = |value: &serde_json::Value| value.as_str().unwrap_or("?").to_owned();
                    skipped.push((text(&spec["title"]), text(&note["description"])));
                }
            }
        }
    }
    skipped
}

/// The line of an error that says most: the first that a tool marked as one.
fn gist(error: &str) -> &str {
    let mut lines = error.lines();
    let first = lines.next().unwrap_or_default();
    lines.find(|line| line.starts_with("error") || line.contains(" error ")).unwrap_or(first)
}

fn number_before(text: &str, word: &str) -> u64 {
    let Some(end) = text.find(word) else { return 0 };
    let digits = text[..end].rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_node_skips_is_told_with_its_reason() {
        let output = "ok 1 - a\n    ok 2 - b - c # SKIP there is no emcc\nnot ok 3 - d\n";
        let expected = [("b - c".to_owned(), "there is no emcc".to_owned())];
        assert_eq!(skipped_by_node(output), expected);
    }

    #[test]
    fn libtest_results_are_added_up() {
        let output = "
running 2 tests
test a ... ok
test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s
     Running tests/b.rs
test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out
\u{1b}[0mtest result: \u{1b}[32mok\u{1b}[0m. 1 passed; 0 failed; 0 ignored; 0 filtered out
";
        assert_eq!(libtest(output), Tally { passed: 16, failed: 2 });
        assert_eq!(libtest("no tests to run!"), Tally::default());
    }

    #[test]
    fn nodes_closing_lines_are_read() {
        let output = "TAP version 13\nok 1 - a\n1..1\n# tests 4\n# pass 3\n# fail 1\n# skipped 0\n";
        assert_eq!(node(output), Tally { passed: 3, failed: 1 });
        assert_eq!(node("ok 1 - a"), Tally::default());
    }

    #[test]
    fn reports_of_the_pages_suites_are_read() {
        let vitest_report = json!({ "numPassedTests": 7, "numFailedTests": 1 });
        assert_eq!(vitest(&vitest_report), Tally { passed: 7, failed: 1 });
        let stats =
            json!({ "stats": { "expected": 5, "unexpected": 1, "flaky": 1, "skipped": 4 } });
        assert_eq!(playwright(&stats), Tally { passed: 5, failed: 2 });
        assert_eq!(playwright(&json!({})), Tally::default());
    }

    #[test]
    fn what_playwright_skipped_is_named() {
        let test = |title: &str, notes: serde_json::Value| json!({ "title": title, "tests": [{ "annotations": notes }] });
        let report = json!({ "suites": [{ "specs": [test("a", json!([]))], "suites": [{
            "specs": [test("b", json!([{ "type": "slow" }, { "type": "skip", "description": "no x" }]))],
        }] }] });
        assert_eq!(skipped_by_playwright(&report), [("b".to_owned(), "no x".to_owned())]);
        assert_eq!(skipped_by_playwright(&json!({})), []);
    }

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
        score.tests("true", || crate::process::cmd("true").capture(), |o| libtest(&o.text));
        assert_eq!(score.tally, Tally { passed: 0, failed: 1 });
        assert_eq!(score.failures, ["true: ran no test"]);
    }

    #[test]
    fn a_run_that_ends_early_is_a_failure() {
        let mut score = Score::new("sample");
        let early = || crate::process::cmd("false").capture();
        score.tests("false", early, |_| Tally { passed: 4, failed: 0 });
        assert_eq!(score.tally, Tally { passed: 4, failed: 1 });
        score.check("error", || anyhow::bail!("no"));
        assert_eq!(score.tally, Tally { passed: 4, failed: 2 });
    }
}
