//! The suites that run in browsers: the wasm crates' tests and the page's.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::modules;
use crate::process::{Output, cmd};
use crate::report::{Score, runners};
use crate::setup::{Browser, Machine};

/// The runs of the suite `wasm`: a folder, arguments for cargo, and true for a run in both browsers.
const WASM: [(&str, &[&str], bool); 5] = [
    ("tests/wasm", &[], true),
    ("modules", &["--features", "demo,heap", "--test", "demo"], true),
    (
        "tests/wasm",
        &[
            "--features",
            "fixed",
            "--test",
            "heap",
            "--test",
            "slab",
            "--test",
            "buddy",
            "--test",
            "bump",
            "--test",
            "tiny",
        ],
        true,
    ),
    ("js", &[], true),
    ("js", &["--features", "checked", "--test", "checked"], false),
];

/// Runs the tests of the heaps, of the demo program and of the handles in both browsers.
pub fn wasm(machine: &Machine, score: &mut Score) -> Result<()> {
    let browsers = [machine.chrome()?, machine.firefox()?];
    for (folder, arguments, both) in WASM {
        for browser in &browsers[..if both { 2 } else { 1 }] {
            let features = arguments.get(1).map(|name| format!(", {name}")).unwrap_or_default();
            score.tests(
                &format!("{folder}{features}, {}", browser.name),
                || wasm_pack_test(machine, &crate::root().join(folder), browser, arguments),
                |output| runners::libtest(&output.text),
            );
        }
    }
    Ok(())
}

fn wasm_pack_test(
    machine: &Machine,
    crate_folder: &Path,
    browser: &Browser,
    cargo: &[&str],
) -> Result<Output> {
    let capabilities = crate::root().join("target/xtask").join(format!("{}.json", browser.name));
    fs::create_dir_all(crate::root().join("target/xtask"))?;
    fs::write(&capabilities, browser.capabilities.to_string())
        .with_context(|| format!("cannot write {}", capabilities.display()))?;
    let mut command = machine
        .wasm_target()?
        .on(cmd(machine.wasm_pack()?))
        .args(["test", "--headless", "--mode", "no-install", browser.flag, browser.driver_flag])
        .arg(&browser.driver)
        .arg(crate_folder)
        .args(cargo)
        .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", &capabilities)
        // Seconds; browsers on a busy machine start slowly, and Firefox most of all.
        .env("WASM_BINDGEN_TEST_TIMEOUT", "300")
        .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60");
    // wasm-pack takes the test runner of this wasm-bindgen only if it is the first on PATH.
    if let Some(folder) = machine.wasm_bindgen()?.parent() {
        command = command.path_first(&[folder.to_owned()])?;
    }
    command.tee()
}

/// The page's own tests: units in Vitest, the page in Chromium through Playwright, and a smoke run
/// of it in Firefox.
pub fn page(machine: &Machine, score: &mut Score) -> Result<()> {
    let folder = machine.page_modules()?;
    let wasm = machine.wasm_target()?;
    modules::build(machine)?;
    let reports = crate::root().join("target/xtask");
    fs::create_dir_all(&reports)?;

    let report = reports.join("vitest.json");
    let run = || {
        // One of them builds an example.
        wasm.on(modules::node(&folder, "vitest/vitest.mjs"))
            .args(["run", "--reporter=default", "--reporter=json"])
            .arg(format!("--outputFile.json={}", report.display()))
            .tee()
    };
    score.tests("units (Vitest)", || fresh(&report, run), |_| read(&report, runners::vitest));

    let report = reports.join("playwright.json");
    let chromium = machine.chrome()?;
    let perfetto = machine.perfetto()?.unwrap_or_default();
    // The tests of the template run wasm-pack, which takes its tools from PATH before it fetches any.
    let mut tools = vec![machine.suite_modules()?.join("node_modules/.bin")];
    for program in [machine.wasm_pack()?, machine.wasm_bindgen()?] {
        tools.extend(program.parent().map(Path::to_owned));
    }
    let run = || {
        // Some of its tests build modules.
        wasm.on(modules::node(&folder, "@playwright/test/cli.js"))
            .path_first(&tools)?
            .args(["test", "--project=page", "--reporter=list,json"])
            .env("PLAYWRIGHT_JSON_OUTPUT_FILE", &report)
            .env("BONSAI_PERFETTO", &perfetto)
            .env(chromium.variable, &chromium.binary)
            .tee()
    };
    score.tests(
        "the page in Chromium",
        || fresh(&report, run),
        |_| read(&report, runners::playwright),
    );
    for (test, why) in read(&report, runners::skipped_by_playwright) {
        score.skip(&test, &why);
    }

    let report = reports.join("vitest-firefox.json");
    let firefox = machine.firefox()?;
    let run = || {
        modules::node(&folder, "vitest/vitest.mjs")
            .args(["run", "--config", "vitest.firefox.config.ts"])
            .args(["--reporter=default", "--reporter=json"])
            .arg(format!("--outputFile.json={}", report.display()))
            .env(firefox.variable, &firefox.binary)
            .tee()
    };
    score.tests(
        "the page in Firefox, a smoke run",
        || fresh(&report, run),
        |_| read(&report, runners::vitest),
    );
    Ok(())
}

/// Runs what writes a report, so that an earlier run's report is not mistaken for its.
fn fresh(report: &Path, run: impl FnOnce() -> Result<Output>) -> Result<Output> {
    if report.exists() {
        fs::remove_file(report).with_context(|| format!("cannot remove {}", report.display()))?;
    }
    run()
}

/// No report is no test, which is a failure.
fn read<T: Default>(report: &Path, what: fn(&serde_json::Value) -> T) -> T {
    let json = fs::read_to_string(report).unwrap_or_default();
    serde_json::from_str(&json).map(|json| what(&json)).unwrap_or_default()
}
