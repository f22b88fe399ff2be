//! Readers of the reports of test runners: the number of tests, and the names of those that failed.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Tally;

/// The tests of one run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ran {
    pub tally: Tally,
    /// A line for each failed test that the runner named.
    pub failed: Vec<String>,
    /// A line for each test that failed, and passed when it was tried again.
    pub unsteady: Vec<String>,
}

/// The tests that libtest reports, and wasm-bindgen's test runner, which speaks like it:
/// `test result: ok. 3 passed; 1 failed; 0 ignored; ...`, any number of times.
pub fn libtest(output: &str) -> Ran {
    let mut tally = Tally::default();
    // wasm-bindgen's runner says `FAIL`, and names a failed test twice.
    let mut failed = BTreeSet::new();
    for line in output.lines() {
        if let Some((_, counts)) = line.split_once("test result: ") {
            tally.passed += number_before(counts, " passed");
            tally.failed += number_before(counts, " failed");
        } else if let Some((name, result)) = line.trim_start().split_once(" ... ") {
            if result.starts_with("FAIL") {
                failed.insert(name.trim_start_matches("test ").to_owned());
            }
        }
    }
    Ran { tally, failed: failed.into_iter().collect(), unsteady: Vec::new() }
}

/// The closing lines of node's test runner: `# pass 3`, `# fail 1`; and its `not ok 2 - a name`.
pub fn node(output: &str) -> Ran {
    let number = |name: &str| {
        let count = output.lines().rev().find_map(|line| line.strip_prefix(name));
        count.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
    };
    let name = |line: &str| {
        let (_, name) = line.trim_start().strip_prefix("not ok ")?.split_once(" - ")?;
        Some(name.to_owned())
    };
    let tally = Tally { passed: number("# pass "), failed: number("# fail ") };
    Ran { tally, failed: output.lines().filter_map(name).collect(), unsteady: Vec::new() }
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
pub fn vitest(json: &Value) -> Ran {
    let number = |name: &str| json[name].as_u64().unwrap_or(0);
    let tally = Tally { passed: number("numPassedTests"), failed: number("numFailedTests") };
    let tests = list(&json["testResults"]).iter().flat_map(|file| list(&file["assertionResults"]));
    let failed = tests.filter(|test| test["status"] == "failed");
    let line = |test: &Value| told(&text(&test["fullName"]), &test["failureMessages"][0]);
    Ran { tally, failed: failed.map(line).collect(), unsteady: Vec::new() }
}

/// Playwright's JSON report.
pub fn playwright(json: &Value) -> Ran {
    let number = |name: &str| json["stats"][name].as_u64().unwrap_or(0);
    let passed = number("expected") + number("flaky");
    let tally = Tally { passed, failed: number("unexpected") };
    let mut ran = Ran { tally, ..Ran::default() };
    for_each_spec(json, &mut |spec| {
        for test in list(&spec["tests"]) {
            let bad =
                |result: &&Value| !matches!(result["status"].as_str(), Some("passed" | "skipped"));
            if let Some(result) = list(&test["results"]).iter().find(bad) {
                let name =
                    format!("{}:{} {}", text(&spec["file"]), spec["line"], text(&spec["title"]));
                let told = told(&name, &result["error"]["message"]);
                let unsteady = test["status"] == "flaky";
                if unsteady { &mut ran.unsteady } else { &mut ran.failed }.push(told);
            }
        }
    });
    ran
}

/// The tests that Playwright's JSON report says were skipped, and why.
pub fn skipped_by_playwright(json: &Value) -> Vec<(String, String)> {
    let mut skipped = Vec::new();
    for_each_spec(json, &mut |spec| {
        for note in list(&spec["tests"]).iter().flat_map(|test| list(&test["annotations"])) {
            if note["type"] == "skip" {
                skipped.push((text(&spec["title"]), text(&note["description"])));
            }
        }
    });
    skipped
}

/// Calls `see` with each spec of Playwright's JSON report.
fn for_each_spec(suite: &Value, see: &mut impl FnMut(&Value)) {
    list(&suite["specs"]).iter().for_each(&mut *see);
    for inner in list(&suite["suites"]) {
        for_each_spec(inner, see);
    }
}

/// Returns one line: the test's name, and the first line of its error.
fn told(name: &str, error: &Value) -> String {
    match error.as_str().and_then(|error| error.lines().next()) {
        Some(error) => format!("{name}: {error}"),
        None => name.to_owned(),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("?").to_owned()
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
        assert_eq!(libtest(output).tally, Tally { passed: 16, failed: 2 });
        assert_eq!(libtest("no tests to run!"), Ran::default());
    }

    #[test]
    fn nodes_closing_lines_are_read() {
        let output = "TAP version 13\nok 1 - a\n1..1\n# tests 4\n# pass 3\n# fail 1\n# skipped 0\n";
        assert_eq!(node(output).tally, Tally { passed: 3, failed: 1 });
        assert_eq!(node("ok 1 - a"), Ran::default());
    }

    #[test]
    fn reports_of_the_pages_suites_are_read() {
        let vitest_report = json!({ "numPassedTests": 7, "numFailedTests": 1 });
        assert_eq!(vitest(&vitest_report).tally, Tally { passed: 7, failed: 1 });
        let stats =
            json!({ "stats": { "expected": 5, "unexpected": 1, "flaky": 1, "skipped": 4 } });
        assert_eq!(playwright(&stats).tally, Tally { passed: 6, failed: 1 });
        assert_eq!(playwright(&json!({})), Ran::default());
    }

    #[test]
    fn each_runner_names_the_tests_that_failed() {
        let output = "test a::b ... ok\ntest a::c - should panic ... FAILED\ntest d ... FAIL\n\n";
        assert_eq!(libtest(output).failed, ["a::c - should panic", "d"]);
        let output = "ok 1 - a\n    not ok 2 - b - c\n# fail 1\n";
        assert_eq!(node(output).failed, ["b - c"]);
        let report = json!({ "testResults": [{ "assertionResults": [
            { "status": "passed", "fullName": "a" },
            { "status": "failed", "fullName": "b c", "failureMessages": ["no\n at x"] },
        ] }] });
        assert_eq!(vitest(&report).failed, ["b c: no"]);
        let spec = |line: u32, status: &str, results: Value| json!({ "file": "a.spec.ts", "line": line, "title": "t", "tests": [{ "status": status, "results": results }] });
        let report = json!({ "suites": [{ "suites": [{ "specs": [
            spec(1, "expected", json!([{ "status": "passed" }])),
            spec(2, "unexpected", json!([{ "status": "timedOut" }])),
            spec(3, "flaky", json!([{ "status": "failed", "error": { "message": "no\n" } }, { "status": "passed" }])),
        ] }] }] });
        let ran = playwright(&report);
        assert_eq!(
            (ran.failed, ran.unsteady),
            (vec!["a.spec.ts:2 t".to_owned()], vec!["a.spec.ts:3 t: no".to_owned()])
        );
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
}
